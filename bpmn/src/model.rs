//! The executable graph of a process definition: what deployment makes of the XML, and all that running needs.
//!
//! Owns: elements, flows, scopes, and everything an element says of itself. Immutable once parsed, shared behind an `Arc`.
//! Never: holds the state of an instance, drawing data (see `diagram`), or text that was not checked at deployment.
//!
//! ```text
//!  Process ── elements: [Element]  index = ElementIndex, in document order
//!          ├─ flows:    [Flow]     index = FlowIndex,    in document order
//!          └─ root:     Scope      ── start events, data objects, event sub-processes
//!  Element ── parent: the sub-process that contains it (None: the process itself)
//! ```

use crate::uel::Template;
use std::{collections::BTreeMap, sync::Arc};

mod activity;
mod event;

pub use activity::*;
pub use event::*;

/// Index of an element in `Process::elements`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct ElementIndex(pub u32);

/// Index of a sequence flow in `Process::flows`.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize, serde::Deserialize,
)]
pub struct FlowIndex(pub u32);

/// An executable process (BPMN 2.0, 10.2.1).
#[derive(Clone, Debug)]
pub struct Process {
    /// The process id of the model: the definition's key.
    pub key: String,
    /// `name`, or none.
    pub name: Option<String>,
    /// The text of `documentation`.
    pub description: Option<String>,
    /// `targetNamespace` of the definitions.
    pub category: Option<String>,
    /// Flow nodes in document order, those of sub-processes included.
    pub elements: Vec<Element>,
    /// Sequence flows in document order.
    pub flows: Vec<Flow>,
    /// The outermost scope.
    pub root: Scope,
    /// `activiti:candidateStarterUsers` and `potentialStarter`, kept with the definition and not enforced.
    pub candidate_starter_users: Vec<String>,
    /// The same for groups.
    pub candidate_starter_groups: Vec<String>,
    /// Listeners of the process itself (`start`, `end`).
    pub listeners: Vec<ExecutionListener>,
    /// Whether anything in it runs a script other than `juel`: such definitions never run on a worker of the runtime.
    pub has_scripts: bool,
    /// Element by its id in the model.
    pub by_id: BTreeMap<String, ElementIndex>,
}

/// What a process or a sub-process contains beside its flow nodes.
#[derive(Clone, Debug, Default)]
pub struct Scope {
    /// Start events that lie directly in the scope, in document order.
    pub start_events: Vec<ElementIndex>,
    /// Data objects: variables that the scope creates when it begins (behaviour file 10.2).
    pub data_objects: Vec<DataObject>,
    /// Event sub-processes that lie directly in the scope.
    pub event_sub_processes: Vec<ElementIndex>,
}

/// A data object: the initial value of a variable of its scope.
#[derive(Clone, Debug)]
pub struct DataObject {
    /// The variable's name.
    pub name: String,
    /// Its initial value, already of the declared type.
    pub value: codec::Value,
}

/// A flow node.
#[derive(Clone, Debug)]
pub struct Element {
    /// Its id in the model.
    pub id: String,
    /// Its name as written; user tasks evaluate theirs.
    pub name: Option<String>,
    /// What it is and what only its kind has.
    pub kind: Kind,
    /// The sub-process that directly contains it; none for the process.
    pub parent: Option<ElementIndex>,
    /// Flows that end here, in document order.
    pub incoming: Vec<FlowIndex>,
    /// Flows that begin here, in document order.
    pub outgoing: Vec<FlowIndex>,
    /// `default`: the flow that is taken when no condition holds.
    pub default_flow: Option<FlowIndex>,
    /// Boundary events attached to it, in document order.
    pub boundary_events: Vec<ElementIndex>,
    /// Multi-instance characteristics (BPMN 2.0, 10.3.8).
    pub multi_instance: Option<Box<MultiInstance>>,
    /// Execution listeners in document order.
    pub listeners: Vec<ExecutionListener>,
    /// `activiti:skipExpression`.
    pub skip_expression: Option<Template>,
    /// `documentation`.
    pub documentation: Option<Template>,
    /// Line in the model, counted from 1.
    pub line: u32,
}

/// A sequence flow.
#[derive(Clone, Debug)]
pub struct Flow {
    /// Its id, or none (then it is named by its position).
    pub id: Option<String>,
    /// Where it begins.
    pub source: ElementIndex,
    /// Where it ends.
    pub target: ElementIndex,
    /// `conditionExpression`. Text without `${}` parses as text and fails when evaluated, as in the original.
    pub condition: Option<Template>,
    /// `activiti:skipExpression`.
    pub skip_expression: Option<Template>,
    /// Listeners of event `take`.
    pub listeners: Vec<ExecutionListener>,
}

/// What an element is. One file in `elements/` for each.
#[derive(Clone, Debug)]
pub enum Kind {
    /// `startEvent`.
    StartEvent(StartEvent),
    /// `endEvent`.
    EndEvent(EndEvent),
    /// `intermediateCatchEvent`.
    IntermediateCatchEvent(CatchEvent),
    /// `intermediateThrowEvent` without a definition.
    IntermediateThrowEvent,
    /// `boundaryEvent`.
    BoundaryEvent(BoundaryEvent),
    /// `userTask`.
    UserTask(Box<UserTask>),
    /// `manualTask`.
    ManualTask,
    /// Plain `task`.
    Task,
    /// `receiveTask`.
    ReceiveTask,
    /// `serviceTask` (and what reads as one) with an expression.
    ServiceTask(Box<ServiceTask>),
    /// `serviceTask` of type `rpa`.
    RobotTask(Box<RobotTask>),
    /// `serviceTask` of type `queue`.
    QueueTask(Box<QueueTask>),
    /// `scriptTask`.
    ScriptTask(Box<ScriptTask>),
    /// `exclusiveGateway`.
    ExclusiveGateway,
    /// `parallelGateway`.
    ParallelGateway,
    /// `inclusiveGateway`.
    InclusiveGateway,
    /// `subProcess`, embedded.
    SubProcess(Box<SubProcess>),
    /// `callActivity`.
    CallActivity(Box<CallActivity>),
}

impl Process {
    /// The element at an index.
    ///
    /// # Panics
    /// When the index is of another process, which is a bug.
    pub fn element(&self, index: ElementIndex) -> &Element {
        &self.elements[index.0 as usize]
    }

    /// The flow at an index.
    ///
    /// # Panics
    /// When the index is of another process, which is a bug.
    pub fn flow(&self, index: FlowIndex) -> &Flow {
        &self.flows[index.0 as usize]
    }

    /// The element with this id in the model.
    pub fn find(&self, id: &str) -> Option<ElementIndex> {
        self.by_id.get(id).copied()
    }

    /// The scope of a sub-process, or the process's own.
    pub fn scope(&self, container: Option<ElementIndex>) -> Option<&Scope> {
        match container {
            None => Some(&self.root),
            Some(index) => {
                let Kind::SubProcess(sub_process) = &self.element(index).kind else {
                    return None;
                };
                Some(&sub_process.scope)
            }
        }
    }

    /// Where an instance begins that nothing but a command starts: the none start event, else the first one.
    pub fn initial_start_event(&self) -> Option<ElementIndex> {
        self.none_start_event()
            .or_else(|| self.root.start_events.first().copied())
    }

    /// The none start event of the process, if it has one.
    pub fn none_start_event(&self) -> Option<ElementIndex> {
        self.root.start_events.iter().copied().find(|index| {
            matches!(
                &self.element(*index).kind,
                Kind::StartEvent(StartEvent {
                    trigger: StartTrigger::None,
                    ..
                })
            )
        })
    }
}

impl Kind {
    /// The element's local name in the XML, as history shows it (`userTask`, `exclusiveGateway`, …).
    pub fn type_name(&self) -> &'static str {
        match self {
            Kind::StartEvent(_) => "startEvent",
            Kind::EndEvent(_) => "endEvent",
            Kind::IntermediateCatchEvent(_) => "intermediateCatchEvent",
            Kind::IntermediateThrowEvent => "intermediateThrowEvent",
            Kind::BoundaryEvent(_) => "boundaryEvent",
            Kind::UserTask(_) => "userTask",
            Kind::ManualTask => "manualTask",
            Kind::Task => "task",
            Kind::ReceiveTask => "receiveTask",
            Kind::ServiceTask(_) | Kind::RobotTask(_) | Kind::QueueTask(_) => "serviceTask",
            Kind::ScriptTask(_) => "scriptTask",
            Kind::ExclusiveGateway => "exclusiveGateway",
            Kind::ParallelGateway => "parallelGateway",
            Kind::InclusiveGateway => "inclusiveGateway",
            Kind::SubProcess(_) => "subProcess",
            Kind::CallActivity(_) => "callActivity",
        }
    }
}

/// A listener that runs: `activiti:executionListener` with an expression (Java ones are skipped at deployment, with a warning).
#[derive(Clone, Debug)]
pub struct ExecutionListener {
    /// When it runs.
    pub event: ExecutionEvent,
    /// What it evaluates; the result is dropped.
    pub action: ListenerAction,
}

/// What a listener does.
#[derive(Clone, Debug)]
pub enum ListenerAction {
    /// `expression`.
    Expression(Template),
    /// A script listener (`…ScriptExecutionListener`, `…ScriptTaskListener` with fields `script`, `language`, `resultVariable`).
    Script(Arc<Script>),
}

/// When an execution listener runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ExecutionEvent {
    /// Before the element does anything.
    Start,
    /// When the element is left.
    End,
    /// When a flow is taken.
    Take,
}

impl ExecutionEvent {
    /// What listeners are registered by, and their `eventName`.
    pub fn name(self) -> &'static str {
        match self {
            ExecutionEvent::Start => "start",
            ExecutionEvent::End => "end",
            ExecutionEvent::Take => "take",
        }
    }
}

/// A script and its language.
#[derive(Clone, Debug)]
pub struct Script {
    /// The language.
    pub language: ScriptLanguage,
    /// The source text.
    pub source: String,
    /// For `juel`: the parsed source.
    pub juel: Option<Template>,
    /// `activiti:resultVariable`.
    pub result_variable: Option<String>,
    /// `activiti:autoStoreVariables`.
    pub auto_store_variables: bool,
}

/// A script language that runs here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScriptLanguage {
    /// The expression language itself.
    Juel,
    /// ECMAScript.
    JavaScript,
}
