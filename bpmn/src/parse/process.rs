//! One process: walks its flow elements, sub-processes included, and hands each to the reader of its kind.
//!
//! Owns: the order of elements, what all flow nodes have in common, and which names are flow nodes at all.
//! Never: connects anything; `resolve` does, when all elements are known.

use super::{
    activities,
    complaints::{Complaints, shortened},
    data_objects,
    definitions::{Definitions, MAX_NAME, is_longer},
    events, extensions, gateways, listeners, multi_instance, resolve, scripts, service_tasks,
    text::{Assigned, assignments, comma_list},
    user_tasks,
    xml::{Namespace, Node},
};
use crate::{
    diagnostic::code,
    model::{DataObject, Element, ElementIndex, Kind, Process, Scope},
    uel::{SyntaxError, Template},
};
use std::collections::BTreeMap;

/// The most characters of a process's documentation.
const MAX_DOCUMENTATION: usize = 2000;

/// Where a flow element lies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Place {
    /// In the process.
    Process,
    /// In an embedded sub-process.
    SubProcess,
    /// In an event sub-process.
    EventSubProcess,
}

/// A process in the making.
pub(super) struct ProcessReader<'a, 'c> {
    pub definitions: &'c Definitions<'a>,
    pub complaints: &'c mut Complaints,
    pub elements: Vec<Element>,
    /// The node of each element.
    pub nodes: Vec<&'a Node<'a>>,
    /// Sequence flows in document order.
    pub flows: Vec<&'a Node<'a>>,
    pub by_id: BTreeMap<String, ElementIndex>,
    pub has_scripts: bool,
}

/// Reads a process; what is wrong with it is among the complaints.
pub(super) fn read<'a>(
    node: &'a Node<'a>,
    definitions: &Definitions<'a>,
    complaints: &mut Complaints,
) -> Process {
    let key = node.attribute("id").unwrap_or_default();
    check_process(node, complaints);
    let before = complaints.turn_to(Some(key.to_owned()));
    let mut reader = ProcessReader {
        definitions,
        complaints,
        elements: Vec::new(),
        nodes: Vec::new(),
        flows: Vec::new(),
        by_id: BTreeMap::new(),
        has_scripts: false,
    };
    let listeners = listeners::execution(&mut reader, node, false);
    listeners::check_event_listeners(&mut reader, node);
    let root = reader.container(node, None, Place::Process);
    let (elements, flows) = resolve::connect(&mut reader);
    let (users, groups) = candidate_starters(node);
    let process = Process {
        key: key.to_owned(),
        name: node.given("name").map(str::to_owned),
        description: documentation(node).map(str::to_owned),
        category: definitions.category.map(str::to_owned),
        elements,
        flows,
        root,
        candidate_starter_users: users,
        candidate_starter_groups: groups,
        listeners,
        has_scripts: reader.has_scripts,
        by_id: std::mem::take(&mut reader.by_id),
    };
    complaints.turn_to(before);
    process
}

fn check_process(node: &Node<'_>, complaints: &mut Complaints) {
    if node.given("id").is_none() {
        complaints.error(node, code::MISSING_ID, "a process needs an id");
    }
    let texts = [
        ("name", node.given("name"), MAX_NAME),
        ("documentation", documentation(node), MAX_DOCUMENTATION),
    ];
    for (what, text, limit) in texts {
        if text.is_some_and(|text| is_longer(text, limit)) {
            let message = format!("the process's {what} is longer than {limit} characters");
            complaints.error(node, code::TOO_LONG, message);
        }
    }
}

fn candidate_starters(node: &Node<'_>) -> (Vec<String>, Vec<String>) {
    let list = |name| {
        let text = node.extension(name).unwrap_or_default();
        let parts = comma_list(text).into_iter().filter(|part| !part.is_empty());
        parts.map(str::to_owned).collect()
    };
    let mut users: Vec<String> = list("candidateStarterUsers");
    let mut groups: Vec<String> = list("candidateStarterGroups");
    for starter in node.extensions("potentialStarter") {
        let expression = starter
            .first("resourceAssignmentExpression")
            .and_then(|assignment| assignment.first_text("formalExpression"));
        for assigned in assignments(expression.unwrap_or_default()) {
            match assigned {
                Assigned::User(user) => users.push(user.to_owned()),
                Assigned::Group(group) => groups.push(group.to_owned()),
            }
        }
    }
    (users, groups)
}

/// The last `documentation` that says something, trimmed.
pub(super) fn documentation<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    node.all("documentation")
        .map(|documentation| documentation.text.trim())
        .filter(|text| !text.is_empty())
        .last()
}

impl<'a> ProcessReader<'a, '_> {
    /// Reads what a process or sub-process contains.
    pub fn container(
        &mut self,
        node: &'a Node<'a>,
        parent: Option<ElementIndex>,
        place: Place,
    ) -> Scope {
        let mut scope = Scope::default();
        for child in &node.children {
            if child.namespace != Namespace::Bpmn {
                continue;
            }
            match child.local() {
                "sequenceFlow" => self.flows.push(child),
                "dataObject" => self.data_object(child, &mut scope.data_objects),
                name if is_flow_node(name) => self.flow_node(child, parent, place, &mut scope),
                // What else may stand here is drawn only, or told by `extensions`.
                _ => {}
            }
        }
        self.check_start_events(node, &scope, place);
        scope
    }

    fn data_object(&mut self, node: &Node<'_>, list: &mut Vec<DataObject>) {
        let before = self.turn_to(node);
        list.extend(data_objects::read(node, self.complaints));
        self.complaints.turn_to(before);
    }

    fn flow_node(
        &mut self,
        node: &'a Node<'a>,
        parent: Option<ElementIndex>,
        place: Place,
        scope: &mut Scope,
    ) {
        let before = self.turn_to(node);
        let id = node.attribute("id").unwrap_or_default().to_owned();
        let index = ElementIndex(u32::try_from(self.elements.len()).unwrap_or(u32::MAX));
        if id.is_empty() {
            let message = format!(
                "a {} without an id cannot be reached by a flow",
                node.local()
            );
            self.complaints.warning(node, code::MISSING_ID, message);
        } else {
            self.by_id.entry(id.clone()).or_insert(index);
        }
        let element = self.common(node, id, parent);
        self.elements.push(element);
        self.nodes.push(node);
        let kind = self.kind(node, index, place);
        if let Kind::StartEvent(_) = &kind {
            scope.start_events.push(index);
        } else if let Kind::SubProcess(sub_process) = &kind
            && sub_process.triggered_by_event
        {
            scope.event_sub_processes.push(index);
        }
        self.elements[index.0 as usize].kind = kind;
        self.complaints.turn_to(before);
    }

    /// What every flow node has; its kind follows.
    fn common(&mut self, node: &'a Node<'a>, id: String, parent: Option<ElementIndex>) -> Element {
        if node.extension_flag("async", false) {
            self.complaints
                .not_yet(node, "an asynchronous continuation (activiti:async)");
        }
        if node.flag("isForCompensation", false) {
            self.complaints
                .not_yet(node, "a compensation handler (isForCompensation)");
        }
        if node.first("standardLoopCharacteristics").is_some() {
            self.complaints.not_yet(node, "a standard loop");
        }
        extensions::check_map_exceptions(node, self.complaints);
        let has_skip_expression = matches!(node.local(), "userTask" | "serviceTask");
        let skip_expression = node
            .extension("skipExpression")
            .filter(|_| has_skip_expression)
            .map(|text| self.template(node, "skipExpression", text));
        Element {
            id,
            name: node.given("name").map(str::to_owned),
            kind: Kind::Task,
            parent,
            incoming: Vec::new(),
            outgoing: Vec::new(),
            default_flow: None,
            boundary_events: Vec::new(),
            multi_instance: multi_instance::read(self, node),
            listeners: listeners::execution(self, node, false),
            skip_expression,
            documentation: documentation(node).map(|text| match node.local() {
                "userTask" => self.template_or_text(node, "documentation", text),
                _ => Template::literal(text),
            }),
            line: node.line,
        }
    }

    /// What kind it is. Refused ones stand as plain tasks, so that flows to them are not refused as well.
    fn kind(&mut self, node: &'a Node<'a>, index: ElementIndex, place: Place) -> Kind {
        match node.local() {
            "startEvent" => Kind::StartEvent(events::start(self, node, place)),
            "endEvent" => Kind::EndEvent(events::end(self, node)),
            "intermediateCatchEvent" => events::catch(self, node).unwrap_or(Kind::Task),
            "intermediateThrowEvent" => events::throw(self, node),
            "boundaryEvent" => events::boundary(self, node).unwrap_or(Kind::Task),
            "userTask" => Kind::UserTask(Box::new(user_tasks::read(self, node))),
            "manualTask" => Kind::ManualTask,
            "task" => Kind::Task,
            "receiveTask" => Kind::ReceiveTask,
            "serviceTask" => service_tasks::read(self, node).unwrap_or(Kind::Task),
            "sendTask" | "businessRuleTask" => service_tasks::refuse(self, node),
            "scriptTask" => scripts::task(self, node).unwrap_or(Kind::Task),
            "exclusiveGateway" | "complexGateway" => gateways::exclusive(self, node),
            "parallelGateway" => Kind::ParallelGateway,
            "inclusiveGateway" => Kind::InclusiveGateway,
            "subProcess" | "transaction" | "adHocSubProcess" => {
                activities::sub_process(self, node, index)
            }
            "callActivity" => activities::call_activity(self, node),
            name => {
                self.complaints.not_yet(node, name);
                Kind::Task
            }
        }
    }

    fn check_start_events(&mut self, node: &Node<'_>, scope: &Scope, place: Place) {
        let is_none = |index: &&ElementIndex| !events::has_definition(self.nodes[index.0 as usize]);
        let counted: Vec<ElementIndex> = match place {
            Place::Process => scope.start_events.iter().filter(is_none).copied().collect(),
            Place::SubProcess => scope.start_events.clone(),
            Place::EventSubProcess => Vec::new(),
        };
        for index in counted.into_iter().skip(1) {
            let message = match place {
                Place::Process => "a process has at most one start event without a definition",
                Place::SubProcess | Place::EventSubProcess => {
                    "a sub-process has at most one start event"
                }
            };
            let start = self.nodes[index.0 as usize];
            let before = self.turn_to(start);
            self.complaints
                .error(start, code::SEVERAL_START_EVENTS, message);
            self.complaints.turn_to(before);
        }
        if scope.start_events.is_empty() {
            let message = format!("nothing starts this {}", node.local());
            self.complaints.warning(node, code::NO_START_EVENT, message);
        }
    }

    /// An expression; one that cannot be parsed is refused.
    pub fn template(&mut self, at: &Node<'_>, what: &str, text: &str) -> Template {
        self.readable(at, what, text, Template::parse(text))
    }

    /// A script of expressions.
    pub fn script(&mut self, at: &Node<'_>, text: &str) -> Template {
        self.readable(at, "the script", text, Template::parse_script(text))
    }

    fn readable(
        &mut self,
        at: &Node<'_>,
        what: &str,
        text: &str,
        parsed: Result<Template, SyntaxError>,
    ) -> Template {
        parsed.unwrap_or_else(|error| {
            let message = format!("{what} '{}' cannot be read: {error}", shortened(text));
            self.complaints.error(at, code::INVALID_EXPRESSION, message);
            Template::literal(text)
        })
    }

    /// An expression that is taken as text when it cannot be parsed.
    pub fn template_or_text(&mut self, at: &Node<'_>, what: &str, text: &str) -> Template {
        Template::parse(text).unwrap_or_else(|error| {
            let message = format!("{what} is taken as plain text: {error}");
            self.complaints
                .warning(at, code::INVALID_EXPRESSION, message);
            Template::literal(text)
        })
    }

    /// Complaints are about this element from here on.
    pub fn turn_to(&mut self, node: &Node<'_>) -> Option<String> {
        let id = node.attribute("id").map(shortened);
        self.complaints.turn_to(id)
    }
}

/// The flow nodes of BPMN, those that are not run included.
pub(super) fn is_flow_node(name: &str) -> bool {
    matches!(
        name,
        "startEvent"
            | "endEvent"
            | "intermediateCatchEvent"
            | "intermediateThrowEvent"
            | "implicitThrowEvent"
            | "boundaryEvent"
            | "event"
            | "userTask"
            | "manualTask"
            | "task"
            | "receiveTask"
            | "serviceTask"
            | "sendTask"
            | "businessRuleTask"
            | "scriptTask"
            | "exclusiveGateway"
            | "parallelGateway"
            | "inclusiveGateway"
            | "complexGateway"
            | "eventBasedGateway"
            | "subProcess"
            | "transaction"
            | "adHocSubProcess"
            | "callActivity"
            | "choreographyTask"
            | "subChoreography"
            | "callChoreography"
    )
}
