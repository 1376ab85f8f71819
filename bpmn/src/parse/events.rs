//! Events: which definition each position takes.
//!
//! ```text
//!             none   timer  error  terminate  other
//!  start      yes    (1)    (2)    no         not yet       (1) of a process  (2) of an event sub-process
//!  end        yes    as none, with a warning ─ but error, terminate: yes; cancel: not yet
//!  catch      no     yes    no     no         not yet
//!  throw      yes    no     no     no         not yet
//!  boundary   no     yes    yes    no         not yet
//! ```
//!
//! Never: attaches a boundary event; `resolve` does.

use super::{
    complaints::shortened,
    forms,
    process::{Place, ProcessReader},
    timers,
    xml::{Namespace, Node},
};
use crate::{
    diagnostic::code,
    model::{
        BoundaryEvent, BoundaryTrigger, CatchEvent, ElementIndex, EndEvent, Kind, StartEvent,
        StartTrigger,
    },
};

/// The one definition of an event.
#[derive(Clone, Copy)]
enum Definition<'n> {
    None,
    Timer(&'n Node<'n>),
    Error(&'n Node<'n>),
    Terminate(&'n Node<'n>),
    Other(&'n Node<'n>),
}

impl Definition<'_> {
    fn name(self) -> &'static str {
        let node = match self {
            Definition::None => return "none",
            Definition::Timer(node)
            | Definition::Error(node)
            | Definition::Terminate(node)
            | Definition::Other(node) => node,
        };
        match node.local() {
            "timerEventDefinition" => "timer",
            "errorEventDefinition" => "error",
            "terminateEventDefinition" => "terminate",
            "messageEventDefinition" => "message",
            "signalEventDefinition" => "signal",
            "compensateEventDefinition" => "compensation",
            "cancelEventDefinition" => "cancel",
            "conditionalEventDefinition" => "conditional",
            "escalationEventDefinition" => "escalation",
            "linkEventDefinition" => "link",
            _ => "referenced",
        }
    }
}

/// Whether an element defines what an event is about.
pub(super) fn is_definition(node: &Node<'_>) -> bool {
    node.namespace == Namespace::Bpmn
        && (node.local().ends_with("EventDefinition") || node.local() == "eventDefinitionRef")
}

/// Whether an event has one.
pub(super) fn has_definition(node: &Node<'_>) -> bool {
    node.children.iter().any(is_definition)
}

fn definition<'n>(reader: &mut ProcessReader<'_, '_>, node: &'n Node<'n>) -> Definition<'n> {
    let mut definitions = node.children.iter().filter(|child| is_definition(child));
    let Some(first) = definitions.next() else {
        return Definition::None;
    };
    if definitions.next().is_some() {
        reader
            .complaints
            .not_yet(node, "an event with more than one definition");
    }
    match first.local() {
        "timerEventDefinition" => Definition::Timer(first),
        "errorEventDefinition" => Definition::Error(first),
        "terminateEventDefinition" => Definition::Terminate(first),
        _ => Definition::Other(first),
    }
}

/// `startEvent`.
pub(super) fn start<'a>(
    reader: &mut ProcessReader<'a, '_>,
    node: &'a Node<'a>,
    place: Place,
) -> StartEvent {
    let definition = definition(reader, node);
    let trigger = match (definition, place) {
        // In an event sub-process such a start event deploys, and is never reached.
        (Definition::None, _) => Some(StartTrigger::None),
        (Definition::Timer(timer), Place::Process) => {
            timers::read(reader, timer).map(StartTrigger::Timer)
        }
        (Definition::Error(error), Place::EventSubProcess) => {
            let reference = reader.definitions.error_reference(error.given("errorRef"));
            Some(StartTrigger::Error(reference))
        }
        (Definition::Error(_) | Definition::Terminate(_), Place::Process) => {
            let message = format!(
                "a process cannot be started by a {} event",
                definition.name()
            );
            misfit(reader, node, &message)
        }
        (_, Place::SubProcess) => {
            let message = "the start event of an embedded sub-process has no definition";
            misfit(reader, node, message)
        }
        (_, Place::Process | Place::EventSubProcess) => {
            not_yet(reader, node, definition, "start event");
            None
        }
    };
    StartEvent {
        trigger: trigger.unwrap_or(StartTrigger::None),
        initiator: node.extension("initiator").map(str::to_owned),
        form_key: node.extension("formKey").map(str::to_owned),
        form_properties: forms::read(reader, node),
    }
}

fn misfit(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    message: &str,
) -> Option<StartTrigger> {
    reader
        .complaints
        .error(node, code::START_EVENT_DEFINITION, message);
    None
}

/// `endEvent`.
pub(super) fn end<'a>(reader: &mut ProcessReader<'a, '_>, node: &'a Node<'a>) -> EndEvent {
    let definition = definition(reader, node);
    match definition {
        Definition::None => EndEvent::None,
        Definition::Error(error) => {
            EndEvent::Error(reader.definitions.error_reference(error.given("errorRef")))
        }
        Definition::Terminate(terminate) => EndEvent::Terminate {
            all: terminate.extension_flag("terminateAll", false),
            multi_instance: terminate.extension_flag("terminateMultiInstance", false),
        },
        Definition::Other(cancel) if cancel.is("cancelEventDefinition") => {
            not_yet(reader, node, definition, "end event");
            EndEvent::None
        }
        Definition::Timer(_) | Definition::Other(_) => {
            let message = format!(
                "the {} definition of an end event has no effect: it ends its path",
                definition.name()
            );
            reader.complaints.warning(node, code::IGNORED, message);
            check_reference(reader, node, definition);
            EndEvent::None
        }
    }
}

/// `intermediateCatchEvent`.
pub(super) fn catch<'a>(reader: &mut ProcessReader<'a, '_>, node: &'a Node<'a>) -> Option<Kind> {
    let definition = definition(reader, node);
    match definition {
        Definition::Timer(timer) => {
            let timer = timers::read(reader, timer)?;
            return Some(Kind::IntermediateCatchEvent(CatchEvent::Timer(timer)));
        }
        Definition::None => nothing_awaited(reader, node),
        Definition::Error(_) | Definition::Terminate(_) => {
            misplaced(reader, node, definition, "an intermediate catch event");
        }
        Definition::Other(_) => not_yet(reader, node, definition, "intermediate catch event"),
    }
    None
}

/// `intermediateThrowEvent`.
pub(super) fn throw<'a>(reader: &mut ProcessReader<'a, '_>, node: &'a Node<'a>) -> Kind {
    let definition = definition(reader, node);
    match definition {
        Definition::None => {}
        Definition::Other(_) => not_yet(reader, node, definition, "intermediate throw event"),
        Definition::Timer(_) | Definition::Error(_) | Definition::Terminate(_) => {
            misplaced(reader, node, definition, "an intermediate throw event");
        }
    }
    Kind::IntermediateThrowEvent
}

/// `boundaryEvent`, not attached yet.
pub(super) fn boundary<'a>(reader: &mut ProcessReader<'a, '_>, node: &'a Node<'a>) -> Option<Kind> {
    let definition = definition(reader, node);
    let (trigger, interrupting) = match definition {
        Definition::Timer(timer) => (
            BoundaryTrigger::Timer(timers::read(reader, timer)?),
            node.flag("cancelActivity", true),
        ),
        Definition::Error(error) => {
            let reference = reader.definitions.error_reference(error.given("errorRef"));
            (BoundaryTrigger::Error(reference), true)
        }
        Definition::None => {
            nothing_awaited(reader, node);
            return None;
        }
        Definition::Terminate(_) => {
            misplaced(reader, node, definition, "a boundary event");
            return None;
        }
        Definition::Other(_) => {
            not_yet(reader, node, definition, "boundary event");
            return None;
        }
    };
    Some(Kind::BoundaryEvent(BoundaryEvent {
        attached_to: ElementIndex(u32::MAX),
        interrupting,
        trigger,
    }))
}

fn nothing_awaited(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) {
    let message = "the event has no definition of what it waits for";
    reader
        .complaints
        .error(node, code::MISSING_EVENT_DEFINITION, message);
}

fn misplaced(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    definition: Definition<'_>,
    position: &str,
) {
    let message = format!(
        "a {} definition cannot stand in {position}",
        definition.name()
    );
    reader
        .complaints
        .error(node, code::MISPLACED_EVENT_DEFINITION, message);
}

/// Events that come with messages, signals and the rest; what is wrong with them even then is told now.
fn not_yet(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    definition: Definition<'_>,
    position: &str,
) {
    let what = format!("a {} {position}", definition.name());
    reader.complaints.not_yet(node, &what);
    check_reference(reader, node, definition);
}

/// Messages and signals are named by a reference into the file, or by an expression.
fn check_reference(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    definition: Definition<'_>,
) {
    let Definition::Other(other) = definition else {
        return;
    };
    let (attribute, expression) = match other.local() {
        "messageEventDefinition" => ("messageRef", "messageExpression"),
        "signalEventDefinition" => ("signalRef", "signalExpression"),
        _ => return,
    };
    match other.given(attribute) {
        Some(reference) if !reader.definitions.names(reference) => {
            let message = format!("{attribute} '{}' is not there", shortened(reference));
            reader
                .complaints
                .error(node, code::DANGLING_REFERENCE, message);
        }
        None if other.extension(expression).is_none() => {
            let message = format!("a {} definition needs a {attribute}", definition.name());
            reader
                .complaints
                .error(node, code::MISSING_REFERENCE, message);
        }
        Some(_) | None => {}
    }
}
