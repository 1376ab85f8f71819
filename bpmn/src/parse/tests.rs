//! What is taken, what is refused, and what is said of it.
//!
//! Owns: the frame that snippets stand in; lines are counted from the snippet's first.
//! Never: compares messages; codes and places are the promise.

use super::{Parsed, parse};
use crate::{
    diagnostic::{Diagnostic, Severity, code},
    model::{ElementIndex, Process},
};
use std::sync::Arc;

mod elements;
mod hostile;
mod picture;
mod refusals;
mod vocabulary;

const HEAD: &str = concat!(
    r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" "#,
    r#"xmlns:activiti="http://activiti.org/bpmn" xmlns:flowable="http://flowable.org/bpmn" "#,
    r#"xmlns:camunda="http://camunda.org/schema/1.0/bpmn" "#,
    r#"xmlns:bpmndi="http://www.omg.org/spec/BPMN/20100524/DI" "#,
    r#"xmlns:dc="http://www.omg.org/spec/DD/20100524/DC" "#,
    r#"xmlns:di="http://www.omg.org/spec/DD/20100524/DI" "#,
    r#"xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" targetNamespace="tests">"#
);

/// A file that begins with the content, in line 1.
fn file(content: &str) -> Result<Parsed, Vec<Diagnostic>> {
    parse(format!("{HEAD}{content}\n</definitions>").as_bytes())
}

/// A process that begins with the content, in line 1.
fn process_file(content: &str) -> Result<Parsed, Vec<Diagnostic>> {
    file(&format!(r#"<process id="p">{content}</process>"#))
}

/// The one process of a file that is taken.
#[track_caller]
fn process(content: &str) -> Arc<Process> {
    match process_file(content) {
        Ok(parsed) => parsed.processes[0].clone(),
        Err(diagnostics) => panic!("refused: {}", list(&diagnostics)),
    }
}

/// `line code` of each complaint of a severity, without those in every snippet that has no start event.
fn told(result: &Result<Parsed, Vec<Diagnostic>>, severity: Severity) -> Vec<String> {
    let diagnostics = match result {
        Ok(parsed) => &parsed.warnings,
        Err(diagnostics) => diagnostics,
    };
    diagnostics
        .iter()
        .filter(|diagnostic| diagnostic.severity == severity)
        .filter(|diagnostic| diagnostic.code != code::NO_START_EVENT)
        .map(|diagnostic| format!("{} {}", diagnostic.line, diagnostic.code))
        .collect()
}

fn list(diagnostics: &[Diagnostic]) -> String {
    let lines: Vec<String> = diagnostics.iter().map(ToString::to_string).collect();
    lines.join("\n")
}

#[track_caller]
fn index(process: &Process, id: &str) -> ElementIndex {
    match process.find(id) {
        Some(index) => index,
        None => panic!("no element {id}"),
    }
}
