//! Collects complaints, each with its place.
//!
//! Owns: which element a complaint is about, the bound on their number, their order (by place).
//! Never: stops reading; all complaints are told at once.

use super::xml::Node;
use crate::diagnostic::{Diagnostic, Severity, code};

/// Past this many of a severity nobody reads on; it also bounds the memory that a hostile model takes.
const MAX_PER_SEVERITY: usize = 500;

/// What was found so far.
#[derive(Default)]
pub(super) struct Complaints {
    list: Vec<Diagnostic>,
    errors: usize,
    warnings: usize,
    subject: Option<String>,
}

impl Complaints {
    /// From here on complaints are about this element; returns which it was before.
    pub fn turn_to(&mut self, subject: Option<String>) -> Option<String> {
        std::mem::replace(&mut self.subject, subject)
    }

    /// Refuses the model.
    pub fn error(&mut self, at: &Node<'_>, code: &'static str, message: impl Into<String>) {
        self.push(at, Severity::Error, code, message.into());
    }

    /// Says so, and goes on.
    pub fn warning(&mut self, at: &Node<'_>, code: &'static str, message: impl Into<String>) {
        self.push(at, Severity::Warning, code, message.into());
    }

    /// Refuses what BPMN knows and this engine does not run yet.
    pub fn not_yet(&mut self, at: &Node<'_>, what: &str) {
        let message = format!("{what} is not supported yet");
        self.push(at, Severity::Error, code::NOT_SUPPORTED_YET, message);
    }

    /// Whether the model is refused.
    pub fn has_errors(&self) -> bool {
        self.errors > 0
    }

    /// All of them, by place.
    pub fn into_sorted(self) -> Vec<Diagnostic> {
        let mut list = self.list;
        list.sort_by_key(|diagnostic| (diagnostic.line, diagnostic.column));
        list
    }

    fn push(&mut self, at: &Node<'_>, severity: Severity, code: &'static str, message: String) {
        let count = match severity {
            Severity::Error => &mut self.errors,
            Severity::Warning => &mut self.warnings,
        };
        *count += 1;
        let (code, message) = match (*count).cmp(&MAX_PER_SEVERITY) {
            std::cmp::Ordering::Less => (code, message),
            std::cmp::Ordering::Equal => (
                code::TOO_MANY_COMPLAINTS,
                "there are more complaints than are told".to_owned(),
            ),
            std::cmp::Ordering::Greater => return,
        };
        let element_id = self
            .subject
            .clone()
            .or_else(|| at.attribute("id").map(shortened));
        self.list.push(Diagnostic {
            severity,
            line: at.line,
            column: at.column,
            element_id,
            code,
            message,
        });
    }
}

/// A text of the model in a message, at most 80 characters of it.
pub(super) fn shortened(text: &str) -> String {
    match text.char_indices().nth(80) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_owned(),
    }
}
