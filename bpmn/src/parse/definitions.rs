//! What stands beside the processes: errors, messages, signals, resources.
//! Never: gives a message or a signal a meaning; only their definitions are checked here.

use super::{
    complaints::{Complaints, shortened},
    xml::{Namespace, Node},
};
use crate::{diagnostic::code, model::ErrorReference};
use std::collections::{BTreeMap, BTreeSet};

/// The most characters of an id or a name.
pub(super) const MAX_NAME: usize = 255;

/// The root elements that processes refer to.
pub(super) struct Definitions<'a> {
    /// `targetNamespace`.
    pub category: Option<&'a str>,
    errors: BTreeMap<&'a str, &'a Node<'a>>,
    resources: BTreeMap<&'a str, &'a str>,
    messages_and_signals: BTreeSet<&'a str>,
}

impl<'a> Definitions<'a> {
    /// Reads and checks them.
    pub fn read(root: &'a Node<'a>, complaints: &mut Complaints) -> Self {
        let category = root.given("targetNamespace");
        if category.is_some_and(|text| is_longer(text, MAX_NAME)) {
            let message = format!("targetNamespace is longer than {MAX_NAME} characters");
            complaints.error(root, code::TOO_LONG, message);
        }
        let mut definitions = Definitions {
            category,
            errors: BTreeMap::new(),
            resources: BTreeMap::new(),
            messages_and_signals: root
                .children
                .iter()
                .filter(|node| node.is("message") || node.is("signal"))
                .filter_map(|node| node.given("id"))
                .collect(),
        };
        let items: BTreeSet<&str> = root
            .all("itemDefinition")
            .filter_map(|item| item.attribute("id"))
            .collect();
        let mut signals = BTreeSet::new();
        for node in &root.children {
            match (node.namespace, node.local()) {
                (Namespace::Bpmn, "error") => definitions.error(node, complaints),
                (Namespace::Bpmn, "message") => check_message(node, &items, complaints),
                (Namespace::Bpmn, "signal") => check_signal(node, &mut signals, complaints),
                (Namespace::Bpmn, "resource") => {
                    if let (Some(id), Some(name)) = (node.attribute("id"), node.given("name")) {
                        definitions.resources.insert(id, name);
                    }
                }
                _ => {}
            }
        }
        definitions
    }

    fn error(&mut self, node: &'a Node<'a>, complaints: &mut Complaints) {
        if node.attribute("errorCode") == Some("") {
            complaints.error(node, code::INVALID_VALUE, "errorCode is empty");
        }
        match node.given("id") {
            Some(id) => {
                self.errors.insert(id, node);
            }
            None => complaints.error(node, code::MISSING_ID, "an error needs an id"),
        }
    }

    /// What an `errorRef` stands for: the code of the error with this id, or itself.
    pub fn error_reference(&self, reference: Option<&str>) -> ErrorReference {
        let Some(reference) = reference else {
            return ErrorReference {
                code: None,
                name: None,
            };
        };
        let local = super::xml::local(reference);
        match self.errors.get(reference).or(self.errors.get(local)) {
            Some(error) => ErrorReference {
                code: error.given("errorCode").map(str::to_owned),
                name: error.given("name").map(str::to_owned),
            },
            None => ErrorReference {
                code: Some(reference.to_owned()),
                name: None,
            },
        }
    }

    /// Whether a message or signal has this id.
    pub fn names(&self, reference: &str) -> bool {
        let ids = &self.messages_and_signals;
        ids.contains(reference) || ids.contains(super::xml::local(reference))
    }

    /// The name of a resource.
    pub fn resource(&self, reference: &str) -> Option<&'a str> {
        let local = super::xml::local(reference);
        self.resources
            .get(reference)
            .or(self.resources.get(local))
            .copied()
    }
}

fn check_message(node: &Node<'_>, items: &BTreeSet<&str>, complaints: &mut Complaints) {
    if node.given("id").is_none() {
        complaints.error(node, code::MISSING_ID, "a message needs an id");
    }
    let Some(item) = node.given("itemRef") else {
        return;
    };
    if !items.contains(item) && !items.contains(super::xml::local(item)) {
        let message = format!(
            "itemRef '{}' names no itemDefinition of the file",
            shortened(item)
        );
        complaints.error(node, code::DANGLING_REFERENCE, message);
    }
}

fn check_signal<'a>(
    node: &'a Node<'a>,
    names: &mut BTreeSet<&'a str>,
    complaints: &mut Complaints,
) {
    if node.given("id").is_none() {
        complaints.error(node, code::MISSING_ID, "a signal needs an id");
    }
    match node.given("name") {
        None => complaints.error(node, code::MISSING_ATTRIBUTE, "a signal needs a name"),
        Some(name) if !names.insert(name) => {
            let message = format!("two signals have the name '{}'", shortened(name));
            complaints.error(node, code::DUPLICATE_ID, message);
        }
        Some(_) => {}
    }
}

/// Whether a text has more characters than that.
pub(super) fn is_longer(text: &str, limit: usize) -> bool {
    text.len() > limit && text.chars().nth(limit).is_some()
}
