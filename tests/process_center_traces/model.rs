//! What the explorer must know of a model: its nodes, its flows and the variables that its conditions ask for.
//!
//! Owns: this small reading. Never: judges whether a model is good; the engine does.

use serde_json::{Value, json};
use std::collections::{BTreeMap, BTreeSet};

/// A sequence flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its id.
    pub id: String,
    /// Where it begins.
    pub source: String,
    /// Where it leads.
    pub target: String,
    /// A variable and a value with which its condition holds.
    pub needs: Option<(String, Value)>,
}

/// A model.
#[derive(Debug, Default)]
pub struct Model {
    /// Nodes by id, with their element names.
    pub nodes: BTreeMap<String, String>,
    /// Flows in the order of the file.
    pub flows: Vec<Flow>,
    /// Variables that must be there from the start, with values.
    pub variables: BTreeMap<String, Value>,
}

impl Model {
    /// Reads a file that a modeler wrote: no comments inside elements, attributes in double quotes.
    pub fn read(xml: &str) -> Model {
        let mut model = Model::default();
        let mut elements: BTreeSet<String> = BTreeSet::new();
        let mut rest = xml;
        while let Some(open) = rest.find('<') {
            rest = &rest[open + 1..];
            if let Some(text) = rest.strip_prefix("![CDATA[") {
                let (condition, behind) = text.split_once("]]>").unwrap_or((text, ""));
                if let Some(flow) = model.flows.last_mut().filter(|_| condition.contains("${")) {
                    flow.needs = Some(satisfy(condition));
                }
                rest = behind;
                continue;
            }
            let inside = rest.split('>').next().unwrap_or_default();
            let name = inside.split_whitespace().next().unwrap_or_default();
            model.element(name, &attributes(inside), &mut elements);
        }
        for inner in elements {
            model.variables.remove(&inner);
        }
        model
    }

    fn element(
        &mut self,
        name: &str,
        attributes: &BTreeMap<String, String>,
        elements: &mut BTreeSet<String>,
    ) {
        let get = |name: &str| attributes.get(name).cloned().unwrap_or_default();
        match name {
            "sequenceFlow" => self.flows.push(Flow {
                id: get("id"),
                source: get("sourceRef"),
                target: get("targetRef"),
                needs: None,
            }),
            "startEvent" | "endEvent" | "boundaryEvent" | "subProcess" | "userTask"
            | "exclusiveGateway" => {
                self.nodes.insert(get("id"), name.to_owned());
            }
            "multiInstanceLoopCharacteristics" => {
                self.variables
                    .insert(get("activiti:collection"), json!(["ann", "bob", "eve"]));
                elements.insert(get("activiti:elementVariable"));
            }
            _ => {}
        }
        if let Some(variable) = get("activiti:assignee").strip_prefix("${") {
            let variable = variable.trim_end_matches('}').to_owned();
            self.variables.entry(variable).or_insert(json!("somebody"));
        }
    }

    /// The flows that leave this node.
    pub fn leaving(&self, node: &str) -> Vec<&Flow> {
        self.flows
            .iter()
            .filter(|flow| flow.source == node)
            .collect()
    }

    /// The flows with a condition.
    pub fn conditional(&self) -> impl Iterator<Item = &Flow> {
        self.flows.iter().filter(|flow| flow.needs.is_some())
    }

    /// Every way from this node to the next nodes that are no gateways: the flows and the variables that choose them.
    pub fn ways(&self, node: &str) -> Vec<Way> {
        let mut ways = Vec::new();
        for flow in self.leaving(node) {
            let mut first = Way::default();
            first.take(flow);
            if self.nodes.get(&flow.target).map(String::as_str) == Some("exclusiveGateway") {
                for rest in self.ways(&flow.target) {
                    let mut way = first.clone();
                    way.flows.extend(rest.flows);
                    way.variables.extend(rest.variables);
                    ways.push(way);
                }
            } else {
                ways.push(first);
            }
        }
        ways
    }
}

/// A way through gateways.
#[derive(Clone, Debug, Default)]
pub struct Way {
    /// The flows that it takes.
    pub flows: Vec<String>,
    /// The variables with which it is taken.
    pub variables: BTreeMap<String, Value>,
}

impl Way {
    fn take(&mut self, flow: &Flow) {
        self.flows.push(flow.id.clone());
        if let Some((name, value)) = &flow.needs {
            self.variables.insert(name.clone(), value.clone());
        }
    }
}

/// A variable and a value with which `${variable OPERATOR literal}` holds.
fn satisfy(condition: &str) -> (String, Value) {
    let inner = condition
        .trim()
        .trim_start_matches("${")
        .trim_end_matches('}');
    let number = |text: &str| text.trim().parse::<i64>().unwrap_or(0);
    if let Some((name, literal)) = inner.split_once("==") {
        let literal = literal.trim();
        let value = match literal.strip_prefix('\'') {
            Some(quoted) => json!(quoted.trim_end_matches('\'')),
            None => json!(number(literal)),
        };
        return (name.trim().to_owned(), value);
    }
    if let Some((name, literal)) = inner.split_once('>') {
        return (name.trim().to_owned(), json!(number(literal) + 1));
    }
    if let Some((name, literal)) = inner.split_once('<') {
        return (name.trim().to_owned(), json!(number(literal) - 1));
    }
    panic!("a condition that the explorer does not know: {condition}")
}

/// `name="value"` pairs of a tag.
fn attributes(tag: &str) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    let mut quoted = tag.split('"');
    while let (Some(before), Some(value)) = (quoted.next(), quoted.next()) {
        let name = before.trim_end_matches('=').split_whitespace().last();
        found.insert(name.unwrap_or_default().to_owned(), value.to_owned());
    }
    found
}
