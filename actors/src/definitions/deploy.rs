//! Reading what is to be deployed: every file parsed, all complaints at once, before anything is decided.
//! Never: changes a state; runs on a thread where reading a large model holds nobody up.

use super::{
    event::Resource,
    refusal::{Complaint, Refusal},
};
use bpmn::{diagnostic::Severity, diagram::Diagram, model::Process};
use std::{collections::BTreeSet, sync::Arc};

/// A file to deploy.
#[derive(Clone, Debug)]
pub struct File {
    /// Its name; names that end in `bpmn` or `bpmn20.xml` hold processes.
    pub name: String,
    /// Its bytes.
    pub bytes: Arc<[u8]>,
}

/// Files that can be deployed.
pub struct Prepared {
    /// All files.
    pub resources: Vec<Resource>,
    /// Their executable processes.
    pub processes: Vec<PreparedProcess>,
    /// Warnings of all files.
    pub warnings: Vec<Complaint>,
}

/// A process that can be deployed.
pub struct PreparedProcess {
    /// Index of its file.
    pub resource: u32,
    /// The graph.
    pub process: Arc<Process>,
    /// Its drawing.
    pub diagram: Arc<Diagram>,
}

/// Whether a file of this name holds processes.
pub fn holds_processes(name: &str) -> bool {
    let lower = name.to_ascii_lowercase();
    lower.ends_with("bpmn") || lower.ends_with("bpmn20.xml")
}

/// Reads the files.
pub fn prepare(files: &[File]) -> Result<Prepared, Refusal> {
    if files.is_empty() {
        return Err(Refusal::Empty);
    }
    let mut prepared = Prepared {
        resources: Vec::with_capacity(files.len()),
        processes: Vec::new(),
        warnings: Vec::new(),
    };
    let mut errors = Vec::new();
    for (index, file) in files.iter().enumerate() {
        prepared.resources.push(Resource {
            name: file.name.clone(),
            bytes: Arc::clone(&file.bytes),
        });
        if holds_processes(&file.name) {
            read(file, index, &mut prepared, &mut errors);
        }
    }
    if !errors.is_empty() {
        return Err(Refusal::InvalidModel(errors));
    }
    let mut keys = BTreeSet::new();
    for process in &prepared.processes {
        if !keys.insert(process.process.key.clone()) {
            return Err(Refusal::DuplicateKey(process.process.key.clone()));
        }
    }
    Ok(prepared)
}

fn read(file: &File, index: usize, prepared: &mut Prepared, errors: &mut Vec<Complaint>) {
    let complain = |diagnostic| Complaint {
        resource: file.name.clone(),
        diagnostic,
    };
    match bpmn::parse::parse(&file.bytes) {
        Ok(parsed) => {
            prepared
                .warnings
                .extend(parsed.warnings.into_iter().map(complain));
            let resource = u32::try_from(index).unwrap_or(u32::MAX);
            let drawn = parsed.processes.into_iter().zip(parsed.diagrams);
            prepared
                .processes
                .extend(drawn.map(|(process, diagram)| PreparedProcess {
                    resource,
                    process,
                    diagram,
                }));
        }
        Err(diagnostics) => {
            let (bad, fine): (Vec<_>, Vec<_>) = diagnostics
                .into_iter()
                .partition(|d| d.severity == Severity::Error);
            errors.extend(bad.into_iter().map(complain));
            prepared.warnings.extend(fine.into_iter().map(complain));
        }
    }
}
