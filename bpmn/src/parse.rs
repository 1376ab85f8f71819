//! BPMN 2.0 XML to executable processes, and to what is needed to draw them.
//!
//! Owns: the order of the steps. Every complaint of a step is told at once; a step runs only when those before it have none
//! that would make its own meaningless.
//! Never: runs anything, follows a reference out of the file, or changes the meaning of a model silently.
//!
//! ```text
//!  bytes ── xml ──▶ Node ── definitions ──▶ errors, resources ── process ──▶ elements ── resolve ──▶ flows, Process
//!                     └──── picture ─────────────────────────────────────────────────────────────▶ Diagram
//! ```
//!
//! Namespaces: `activiti:`, `flowable:` and `camunda:` are one; a prefix means what its `xmlns` says.

use crate::{
    diagnostic::{Diagnostic, Severity, code},
    diagram::Diagram,
    model::Process,
};
use complaints::Complaints;
use definitions::Definitions;
use std::sync::Arc;
use xml::{Namespace, Node, XmlError};

mod activities;
mod complaints;
mod data_objects;
mod definitions;
mod events;
mod extensions;
mod forms;
mod gateways;
mod interchange;
mod listeners;
mod multi_instance;
mod picture;
mod process;
mod queue_tasks;
mod resolve;
mod robot_tasks;
mod schema;
mod scripts;
mod service_tasks;
#[cfg(test)]
mod tests;
mod text;
mod timers;
mod user_tasks;
mod vocabulary;
mod xml;

/// What a model contains.
#[derive(Debug)]
pub struct Parsed {
    /// Its executable processes, in document order; at least one.
    pub processes: Vec<Arc<Process>>,
    /// A diagram for each of them, in the same order. Processes of one collaboration share theirs.
    pub diagrams: Vec<Arc<Diagram>>,
    /// What does not keep it from being deployed, by place.
    pub warnings: Vec<Diagnostic>,
}

/// Reads a model.
///
/// # Errors
/// All complaints by place, warnings included, when at least one of them is an error.
pub fn parse(xml: &[u8]) -> Result<Parsed, Vec<Diagnostic>> {
    let text = xml::decode(xml).map_err(not_xml)?;
    let root = xml::build(&text).map_err(not_xml)?;
    let mut complaints = Complaints::default();
    let parsed = read(&root, &mut complaints);
    let refused = complaints.has_errors();
    let list = complaints.into_sorted();
    match parsed {
        Some((processes, diagrams)) if !refused => Ok(Parsed {
            processes,
            diagrams,
            warnings: list,
        }),
        _ => Err(list),
    }
}

type Contents = (Vec<Arc<Process>>, Vec<Arc<Diagram>>);

fn read(root: &Node<'_>, complaints: &mut Complaints) -> Option<Contents> {
    if !root.is("definitions") {
        let message = match root.namespace {
            Namespace::Bpmn => "the root element is not 'definitions'",
            _ => "the root element is not 'definitions' of BPMN 2.0's namespace",
        };
        complaints.error(root, code::NOT_BPMN, message);
        return None;
    }
    schema::check(root, complaints);
    let definitions = Definitions::read(root, complaints);
    let mut nodes = Vec::new();
    let mut processes = Vec::new();
    for node in root.all("process") {
        if !node.flag("isExecutable", true) {
            let message = "the process is not executable and is skipped";
            complaints.warning(node, code::NOT_EXECUTABLE, message);
            continue;
        }
        extensions::check(node, complaints);
        processes.push(Arc::new(process::read(node, &definitions, complaints)));
        nodes.push(node);
    }
    if processes.is_empty() {
        let message = "the file has no executable process";
        complaints.error(root, code::NO_EXECUTABLE_PROCESS, message);
    }
    let diagrams = picture::read(root, &nodes, complaints);
    Some((processes, diagrams))
}

fn not_xml(error: XmlError) -> Vec<Diagnostic> {
    vec![Diagnostic {
        severity: Severity::Error,
        line: error.line,
        column: error.column,
        element_id: None,
        code: error.code,
        message: error.message,
    }]
}
