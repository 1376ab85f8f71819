//! Execution, task and event listeners: those with an expression or a script run, Java's are skipped with a warning.
//! Never: skips what would have an effect without saying so.

use super::{complaints::shortened, process::ProcessReader, scripts, xml::Node};
use crate::{
    diagnostic::code,
    model::{ExecutionEvent, ExecutionListener, ListenerAction, TaskEvent, TaskListener},
};
use std::sync::Arc;

/// The listeners of a process, a flow node or a flow. A flow's has the event `take` when it names none.
pub(super) fn execution(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    is_flow: bool,
) -> Vec<ExecutionListener> {
    let mut list = Vec::new();
    for listener in node.extensions("executionListener") {
        let action = action(reader, listener, ".ScriptExecutionListener");
        let event = match (listener.given("event"), is_flow) {
            (Some("start"), _) => Some(ExecutionEvent::Start),
            (Some("end"), _) => Some(ExecutionEvent::End),
            (Some("take"), _) | (None, true) => Some(ExecutionEvent::Take),
            (other, _) => {
                never_called(reader, listener, other);
                None
            }
        };
        if let (Some(event), Some(action)) = (event, action) {
            list.push(ExecutionListener { event, action });
        }
    }
    list
}

/// The task listeners of a user task.
pub(super) fn task(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Vec<TaskListener> {
    let mut list = Vec::new();
    for listener in node.extensions("taskListener") {
        let action = action(reader, listener, ".ScriptTaskListener");
        let event = match listener.given("event") {
            Some("create") => Some(TaskEvent::Create),
            Some("assignment") => Some(TaskEvent::Assignment),
            Some("complete") => Some(TaskEvent::Complete),
            Some("delete") => Some(TaskEvent::Delete),
            Some("all") => Some(TaskEvent::All),
            None => {
                let message = "a task listener needs an event";
                reader
                    .complaints
                    .error(listener, code::MISSING_ATTRIBUTE, message);
                None
            }
            other => {
                never_called(reader, listener, other);
                None
            }
        };
        if let (Some(event), Some(action)) = (event, action) {
            list.push(TaskListener { event, action });
        }
    }
    list
}

fn never_called(reader: &mut ProcessReader<'_, '_>, listener: &Node<'_>, event: Option<&str>) {
    let event = shortened(event.unwrap_or_default());
    let message = format!("a listener for the event '{event}' is never called");
    reader.complaints.warning(listener, code::IGNORED, message);
}

fn action(
    reader: &mut ProcessReader<'_, '_>,
    listener: &Node<'_>,
    script_class: &str,
) -> Option<ListenerAction> {
    let action = if let Some(class) = listener.given("class") {
        if !class.ends_with(script_class) {
            return java(reader, listener, "class", class);
        }
        let script = scripts::listener(reader, listener)?;
        ListenerAction::Script(Arc::new(script))
    } else if let Some(text) = listener.given("expression") {
        ListenerAction::Expression(reader.template(listener, "the listener's expression", text))
    } else if let Some(text) = listener.given("delegateExpression") {
        return java(reader, listener, "delegateExpression", text);
    } else {
        let message = "a listener needs a class, an expression or a delegateExpression";
        reader
            .complaints
            .error(listener, code::LISTENER_WITHOUT_ACTION, message);
        return None;
    };
    if listener.given("onTransaction").is_some() {
        reader.complaints.not_yet(
            listener,
            "a listener that waits for the transaction (onTransaction)",
        );
    } else {
        warn_of_resolvers(reader, listener);
    }
    Some(action)
}

/// Custom properties are for listeners that wait for the transaction; others never ask for them.
fn warn_of_resolvers(reader: &mut ProcessReader<'_, '_>, listener: &Node<'_>) {
    for kind in ["Class", "Expression", "DelegateExpression"] {
        let name = format!("customPropertiesResolver{kind}");
        if listener.given(&name).is_some() {
            let message = format!("'{name}' has no effect without onTransaction");
            reader.complaints.warning(listener, code::IGNORED, message);
        }
    }
}

fn java(
    reader: &mut ProcessReader<'_, '_>,
    listener: &Node<'_>,
    what: &str,
    text: &str,
) -> Option<ListenerAction> {
    let message = format!(
        "the Java listener ({what} '{}') cannot run here and is skipped",
        shortened(text)
    );
    reader
        .complaints
        .warning(listener, code::JAVA_LISTENER, message);
    None
}

/// `activiti:eventListener` of a process: Java's are skipped, those that throw are refused.
pub(super) fn check_event_listeners(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) {
    for listener in node.extensions("eventListener") {
        let java_class = listener
            .given("class")
            .or(listener.given("delegateExpression"));
        if let Some(text) = java_class {
            java(reader, listener, "event listener", text);
        } else if listener.given("throwEvent").is_some() {
            reader
                .complaints
                .not_yet(listener, "an event listener that throws (throwEvent)");
        } else {
            let message = "an event listener needs a class, a delegateExpression or a throwEvent";
            reader
                .complaints
                .error(listener, code::LISTENER_WITHOUT_ACTION, message);
        }
    }
}
