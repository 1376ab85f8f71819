//! `serviceTask` of type `rpa`: its fields `workflow`, `in:NAME` and `out:NAME`.
//! Never: looks for the workflow; it is found when the task begins.

use super::{complaints::shortened, process::ProcessReader, scripts::field_text, xml::Node};
use crate::{
    diagnostic::code,
    model::{Kind, RobotTask},
    uel::Template,
};

/// What a field is for.
enum Purpose<'a> {
    Workflow,
    Input(&'a str),
    Output(&'a str),
}

/// The task; none when something is missing, which is complained of.
pub(super) fn read(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Kind> {
    let mut workflow: Option<Template> = None;
    let mut task = RobotTask {
        workflow: Template::literal(""),
        inputs: Vec::new(),
        outputs: Vec::new(),
    };
    for field in node.extensions("field") {
        let name = field.given("name").unwrap_or_default();
        let Some(purpose) = purpose(name) else {
            let message = format!("the field '{}' has no effect", shortened(name));
            reader.complaints.warning(field, code::IGNORED, message);
            continue;
        };
        let Some(text) = field_text(field) else {
            let message = format!("the field '{}' has no value", shortened(name));
            reader
                .complaints
                .error(field, code::MISSING_ATTRIBUTE, message);
            continue;
        };
        let twice = match purpose {
            Purpose::Workflow => {
                let template = reader.template(field, "the workflow", text.trim());
                workflow.replace(template).is_some()
            }
            Purpose::Input(argument) => {
                let template = reader.template(field, "the argument", text);
                task.inputs.push((argument.to_owned(), template));
                named(task.inputs.iter().map(|(name, _)| name), argument) > 1
            }
            Purpose::Output(argument) => {
                let variable = text.trim().to_owned();
                task.outputs.push((argument.to_owned(), variable));
                named(task.outputs.iter().map(|(name, _)| name), argument) > 1
            }
        };
        if twice {
            let message = format!("the field '{}' stands there twice", shortened(name));
            reader
                .complaints
                .error(field, code::CONFLICTING_SETTINGS, message);
        }
    }
    let Some(workflow) = workflow else {
        let message = "a task of type 'rpa' needs the field 'workflow': a workflow's id or name";
        reader
            .complaints
            .error(node, code::MISSING_IMPLEMENTATION, message);
        return None;
    };
    task.workflow = workflow;
    Some(Kind::RobotTask(Box::new(task)))
}

fn purpose(name: &str) -> Option<Purpose<'_>> {
    match name.split_once(':') {
        None if name == "workflow" => Some(Purpose::Workflow),
        Some(("in", argument)) if !argument.trim().is_empty() => {
            Some(Purpose::Input(argument.trim()))
        }
        Some(("out", argument)) if !argument.trim().is_empty() => {
            Some(Purpose::Output(argument.trim()))
        }
        Some(_) | None => None,
    }
}

fn named<'a>(mut names: impl Iterator<Item = &'a String>, wanted: &str) -> usize {
    names.by_ref().filter(|name| *name == wanted).count()
}
