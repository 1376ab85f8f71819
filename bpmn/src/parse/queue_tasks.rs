//! `serviceTask` of type `queue`: its fields `queue` and `body`.
//! Never: looks for the queue; it is found when the task begins.

use super::{complaints::shortened, process::ProcessReader, scripts::field_text, xml::Node};
use crate::{
    diagnostic::code,
    model::{Kind, QueueTask},
    uel::Template,
};

/// The task; none when something is missing, which is complained of.
pub(super) fn read(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Kind> {
    let mut queue = None;
    let mut body = Template::literal("");
    for field in node.extensions("field") {
        let name = field.given("name").unwrap_or_default();
        match (name, field_text(field)) {
            ("queue", Some(text)) => {
                queue = Some(reader.template(field, "the queue", text.trim()));
            }
            ("body", Some(text)) => body = reader.template(field, "the body", text),
            ("queue" | "body", None) => {
                let message = format!("the field '{name}' has no value");
                reader
                    .complaints
                    .error(field, code::MISSING_ATTRIBUTE, message);
            }
            (other, _) => {
                let message = format!("the field '{}' has no effect", shortened(other));
                reader.complaints.warning(field, code::IGNORED, message);
            }
        }
    }
    let Some(queue) = queue else {
        let message = "a task of type 'queue' needs the field 'queue': a task queue's id or name";
        reader
            .complaints
            .error(node, code::MISSING_IMPLEMENTATION, message);
        return None;
    };
    Some(Kind::QueueTask(Box::new(QueueTask { queue, body })))
}
