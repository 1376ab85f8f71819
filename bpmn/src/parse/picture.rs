//! The diagrams of a file: what can be drawn of each executable process, or of the collaboration that it is in.
//!
//! Owns: what becomes a node, a line, a pool or a lane, runnable or not.
//! Never: refuses a model.

use super::{
    complaints::Complaints,
    events::is_definition,
    interchange::Interchange,
    process::is_flow_node,
    xml::{Namespace, Node, local},
};
use crate::diagram::{
    Condition, Definition, Diagram, Edge, EdgeKind, GatewayKind, Lane, Node as Drawn, NodeKind,
    Position, Repetition, SubProcessKind, TaskKind,
};
use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

/// A diagram for each process, in the given order.
pub(super) fn read<'a>(
    root: &'a Node<'a>,
    processes: &[&'a Node<'a>],
    complaints: &mut Complaints,
) -> Vec<Arc<Diagram>> {
    let interchange = Interchange::read(root, complaints);
    let ids = ids(root);
    interchange.check(|id| ids.contains(id), complaints);
    let mut picture = Picture {
        interchange: &interchange,
        groups: group_names(root),
        diagram: Diagram::default(),
    };
    let by_id: BTreeMap<&str, &Node<'_>> = root
        .all("process")
        .filter_map(|process| Some((process.attribute("id")?, process)))
        .collect();
    let mut in_collaboration = BTreeSet::new();
    for collaboration in root.all("collaboration") {
        for participant in collaboration.all("participant") {
            let process = participant.given("processRef").map(local);
            // A process that two pools name is drawn once.
            let process = process.filter(|id| in_collaboration.insert(*id));
            picture.pool(participant, process.and_then(|id| by_id.get(id).copied()));
        }
        picture.artifacts(collaboration, None);
        for flow in collaboration.all("messageFlow") {
            picture.line(flow, EdgeKind::Message);
        }
    }
    let shared = Arc::new(std::mem::take(&mut picture.diagram));
    processes
        .iter()
        .map(|process| {
            let id = process.attribute("id").unwrap_or_default();
            if in_collaboration.contains(id) {
                return shared.clone();
            }
            picture.lane_sets(process, None);
            picture.container(process, None);
            Arc::new(std::mem::take(&mut picture.diagram))
        })
        .collect()
}

fn ids<'a>(root: &'a Node<'a>) -> BTreeSet<&'a str> {
    let mut ids = BTreeSet::new();
    let mut todo = vec![root];
    while let Some(node) = todo.pop() {
        todo.extend(&node.children);
        if node.namespace == Namespace::Bpmn
            && let Some(id) = node.attribute("id")
        {
            ids.insert(id.trim());
        }
    }
    ids
}

/// The names of groups: the values of categories, by id.
fn group_names<'a>(root: &'a Node<'a>) -> BTreeMap<&'a str, &'a str> {
    root.all("category")
        .flat_map(|category| category.all("categoryValue"))
        .filter_map(|value| Some((value.attribute("id")?, value.given("value")?)))
        .collect()
}

struct Picture<'a, 'i> {
    interchange: &'i Interchange<'a>,
    groups: BTreeMap<&'a str, &'a str>,
    diagram: Diagram,
}

impl<'a> Picture<'a, '_> {
    fn pool(&mut self, participant: &'a Node<'a>, process: Option<&'a Node<'a>>) {
        let members = process.map(|process| {
            let nodes = process
                .children
                .iter()
                .filter(|node| node.namespace == Namespace::Bpmn && is_flow_node(node.local()));
            nodes.filter_map(|node| node.attribute("id").map(str::to_owned))
        });
        let members = members.into_iter().flatten().collect();
        self.lane(participant, None, members);
        if let Some(process) = process {
            self.lane_sets(process, participant.attribute("id"));
            self.container(process, None);
        }
    }

    fn lane_sets(&mut self, node: &Node<'_>, pool: Option<&str>) {
        let sets = node.all("laneSet").chain(node.all("childLaneSet"));
        for lane in sets.flat_map(|set| set.all("lane")) {
            let members = lane.all("flowNodeRef").map(|r| r.text.trim().to_owned());
            self.lane(lane, pool, members.collect());
            self.lane_sets(lane, lane.attribute("id"));
        }
    }

    fn lane(&mut self, node: &Node<'_>, parent: Option<&str>, members: Vec<String>) {
        let id = text(node, "id");
        let shape = self.interchange.shape(&id);
        self.diagram.lanes.push(Lane {
            name: text(node, "name"),
            bounds: shape.bounds,
            parent: parent.map(str::to_owned),
            vertical: shape.is_horizontal == Some(false),
            members,
            id,
        });
    }

    fn container(&mut self, node: &'a Node<'a>, parent: Option<&str>) {
        let defaults: BTreeSet<&str> = node
            .children
            .iter()
            .filter_map(|child| child.given("default"))
            .collect();
        for child in &node.children {
            if child.namespace != Namespace::Bpmn {
                continue;
            }
            match child.local() {
                "sequenceFlow" => self.sequence_flow(child, &defaults),
                name if is_flow_node(name) => self.flow_node(child, parent),
                _ => {}
            }
        }
        self.artifacts(node, parent);
    }

    fn flow_node(&mut self, node: &'a Node<'a>, parent: Option<&str>) {
        let shape = self
            .interchange
            .shape(node.attribute("id").unwrap_or_default());
        let Some(kind) = kind(node, shape.is_expanded) else {
            return;
        };
        self.node(node, kind, text(node, "name"), parent);
        if let NodeKind::SubProcess { .. } = kind {
            self.container(node, node.attribute("id"));
        }
        let input = node.all("dataInputAssociation");
        for association in input.chain(node.all("dataOutputAssociation")) {
            self.data_association(node, association);
        }
    }

    fn node(&mut self, node: &Node<'_>, kind: NodeKind, name: String, parent: Option<&str>) {
        let id = text(node, "id");
        let shape = self.interchange.shape(&id);
        self.diagram.nodes.push(Drawn {
            name,
            kind,
            bounds: shape.bounds,
            label: shape.label,
            repetition: repetition(node),
            interrupting: node.flag("cancelActivity", true) && node.flag("isInterrupting", true),
            for_compensation: node.flag("isForCompensation", false),
            parent: parent.map(str::to_owned),
            attached_to: node.given("attachedToRef").map(|id| local(id).to_owned()),
            id,
        });
    }

    fn artifacts(&mut self, node: &Node<'_>, parent: Option<&str>) {
        for child in &node.children {
            if child.namespace != Namespace::Bpmn {
                continue;
            }
            match child.local() {
                "textAnnotation" => {
                    let remark = child.first_text("text").unwrap_or_default().to_owned();
                    self.node(child, NodeKind::TextAnnotation, remark, parent);
                }
                "group" => {
                    let value = child.given("categoryValueRef").map(local);
                    let name = value.and_then(|id| self.groups.get(id)).copied();
                    self.node(
                        child,
                        NodeKind::Group,
                        name.unwrap_or_default().to_owned(),
                        parent,
                    );
                }
                "dataObjectReference" => {
                    self.node(child, NodeKind::DataObject, text(child, "name"), parent);
                }
                "dataObject" if self.is_placed(child) => {
                    self.node(child, NodeKind::DataObject, text(child, "name"), parent);
                }
                "dataStoreReference" => {
                    self.node(child, NodeKind::DataStore, text(child, "name"), parent);
                }
                "association" => {
                    let kind = match child.attribute("associationDirection") {
                        Some("One" | "Both") => EdgeKind::DirectedAssociation,
                        _ => EdgeKind::Association,
                    };
                    self.line(child, kind);
                }
                _ => {}
            }
        }
    }

    /// Data objects are variables first; those that Activiti's modelers draw have a place.
    fn is_placed(&self, node: &Node<'_>) -> bool {
        let id = node.attribute("id").unwrap_or_default();
        self.interchange.shape(id).bounds.is_some()
    }

    fn sequence_flow(&mut self, node: &Node<'_>, defaults: &BTreeSet<&str>) {
        let is_default = node.attribute("id").is_some_and(|id| defaults.contains(id));
        let condition = match node.first_text("conditionExpression") {
            _ if is_default => Condition::Default,
            Some(_) => Condition::Expression,
            None => Condition::None,
        };
        self.line(node, EdgeKind::Sequence(condition));
    }

    fn line(&mut self, node: &Node<'_>, kind: EdgeKind) {
        let end = |name| local(node.attribute(name).unwrap_or_default().trim()).to_owned();
        self.edge(node, kind, end("sourceRef"), end("targetRef"));
    }

    /// Data into an activity comes from `sourceRef`, data out of it goes to `targetRef`; drawn where it has a line.
    fn data_association(&mut self, activity: &Node<'_>, node: &Node<'_>) {
        let activity = text(activity, "id");
        let end = |name| node.first_text(name).map(|id| local(id).to_owned());
        let (source, target) = match node.local() {
            "dataInputAssociation" => (end("sourceRef"), Some(activity)),
            _ => (Some(activity), end("targetRef")),
        };
        let line = self
            .interchange
            .line(node.attribute("id").unwrap_or_default());
        if let (Some(source), Some(target), false) = (source, target, line.waypoints.is_empty()) {
            self.edge(node, EdgeKind::DirectedAssociation, source, target);
        }
    }

    fn edge(&mut self, node: &Node<'_>, kind: EdgeKind, source: String, target: String) {
        let id = text(node, "id");
        let line = self.interchange.line(&id);
        self.diagram.flows.push(Edge {
            name: text(node, "name"),
            kind,
            source,
            target,
            waypoints: line.waypoints,
            label: line.label,
            id,
        });
    }
}

fn text(node: &Node<'_>, name: &str) -> String {
    node.attribute(name).unwrap_or_default().to_owned()
}

fn kind(node: &Node<'_>, is_expanded: Option<bool>) -> Option<NodeKind> {
    let event = |position| NodeKind::Event {
        position,
        definition: definition(node),
    };
    let sub_process = |variant| NodeKind::SubProcess {
        variant,
        expanded: is_expanded.unwrap_or(true),
    };
    Some(match node.local() {
        "startEvent" => event(Position::Start),
        "endEvent" => event(Position::End),
        "intermediateCatchEvent" => event(Position::Catch),
        "intermediateThrowEvent" | "implicitThrowEvent" | "event" => event(Position::Throw),
        "boundaryEvent" => event(Position::Boundary),
        "userTask" => NodeKind::Task(TaskKind::User),
        "manualTask" => NodeKind::Task(TaskKind::Manual),
        "task" => NodeKind::Task(TaskKind::Plain),
        "receiveTask" => NodeKind::Task(TaskKind::Receive),
        "sendTask" => NodeKind::Task(TaskKind::Send),
        "businessRuleTask" => NodeKind::Task(TaskKind::BusinessRule),
        "scriptTask" => NodeKind::Task(TaskKind::Script),
        "serviceTask" if node.extension("type") == Some("rpa") => NodeKind::Task(TaskKind::Robot),
        "serviceTask" => NodeKind::Task(TaskKind::Service),
        "exclusiveGateway" => NodeKind::Gateway(GatewayKind::Exclusive),
        "parallelGateway" => NodeKind::Gateway(GatewayKind::Parallel),
        "inclusiveGateway" => NodeKind::Gateway(GatewayKind::Inclusive),
        "eventBasedGateway" => NodeKind::Gateway(GatewayKind::EventBased),
        "complexGateway" => NodeKind::Gateway(GatewayKind::Complex),
        "subProcess" if node.flag("triggeredByEvent", false) => sub_process(SubProcessKind::Event),
        "subProcess" => sub_process(SubProcessKind::Embedded),
        "transaction" => sub_process(SubProcessKind::Transaction),
        "adHocSubProcess" => sub_process(SubProcessKind::AdHoc),
        "callActivity" => NodeKind::CallActivity,
        _ => return None,
    })
}

fn definition(node: &Node<'_>) -> Definition {
    let mut definitions = node.children.iter().filter(|child| is_definition(child));
    let Some(first) = definitions.next() else {
        return Definition::None;
    };
    if definitions.next().is_some() {
        return match node.flag("parallelMultiple", false) {
            true => Definition::ParallelMultiple,
            false => Definition::Multiple,
        };
    }
    match first.local() {
        "messageEventDefinition" => Definition::Message,
        "timerEventDefinition" => Definition::Timer,
        "signalEventDefinition" => Definition::Signal,
        "errorEventDefinition" => Definition::Error,
        "escalationEventDefinition" => Definition::Escalation,
        "linkEventDefinition" => Definition::Link,
        "compensateEventDefinition" => Definition::Compensation,
        "conditionalEventDefinition" => Definition::Conditional,
        "terminateEventDefinition" => Definition::Terminate,
        "cancelEventDefinition" => Definition::Cancel,
        _ => Definition::None,
    }
}

fn repetition(node: &Node<'_>) -> Repetition {
    match node.first("multiInstanceLoopCharacteristics") {
        Some(multiple) if multiple.flag("isSequential", false) => Repetition::Sequential,
        Some(_) => Repetition::Parallel,
        None if node.first("standardLoopCharacteristics").is_some() => Repetition::Loop,
        None => Repetition::None,
    }
}
