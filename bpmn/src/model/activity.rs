//! Activities of the graph: tasks, sub-processes, call activities, multi-instance, forms.
//! Never: holds the state of an instance.

use super::{ListenerAction, Scope, Script};
use crate::uel::Template;
use std::sync::Arc;

/// `userTask`. Templates may hold expressions; the element's name and documentation are the task's name and description.
#[derive(Clone, Debug, Default)]
pub struct UserTask {
    /// `activiti:assignee` or `humanPerformer`.
    pub assignee: Option<Template>,
    /// The name when it holds an expression or not; falls back to its text when evaluation fails.
    pub name: Option<Template>,
    /// `activiti:owner`.
    pub owner: Option<Template>,
    /// `activiti:candidateUsers`, each a comma list or an expression giving one, and `potentialOwner` `user(x)`.
    pub candidate_users: Vec<Template>,
    /// `activiti:candidateGroups`, and `potentialOwner` `group(x)` or bare.
    pub candidate_groups: Vec<Template>,
    /// `activiti:customResource`: identity links of other types (type, users, groups).
    pub custom_links: Vec<CustomLink>,
    /// `activiti:dueDate`.
    pub due_date: Option<Template>,
    /// `activiti:businessCalendarName`.
    pub business_calendar: Option<Template>,
    /// `activiti:priority`.
    pub priority: Option<Template>,
    /// `activiti:category`.
    pub category: Option<Template>,
    /// `activiti:formKey`.
    pub form_key: Option<Template>,
    /// `activiti:formProperty` in document order.
    pub form_properties: Vec<FormProperty>,
    /// Task listeners in document order.
    pub listeners: Vec<TaskListener>,
}

/// Identity links of a type of its own.
#[derive(Clone, Debug)]
pub struct CustomLink {
    /// The link's type.
    pub link_type: String,
    /// Users.
    pub users: Vec<Template>,
    /// Groups.
    pub groups: Vec<Template>,
}

/// `activiti:taskListener` that runs.
#[derive(Clone, Debug)]
pub struct TaskListener {
    /// When it runs.
    pub event: TaskEvent,
    /// What it evaluates, with `task` known.
    pub action: ListenerAction,
}

/// When a task listener runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TaskEvent {
    /// After the task was created and assigned.
    Create,
    /// When the assignee changed.
    Assignment,
    /// Before the task is completed.
    Complete,
    /// When the task goes, completed or not.
    Delete,
    /// At each of them.
    All,
}

impl TaskEvent {
    /// What listeners are registered by, and their `eventName`.
    pub fn name(self) -> &'static str {
        match self {
            TaskEvent::Create => "create",
            TaskEvent::Assignment => "assignment",
            TaskEvent::Complete => "complete",
            TaskEvent::Delete => "delete",
            TaskEvent::All => "all",
        }
    }
}

/// `activiti:formProperty` (behaviour file, section 3).
#[derive(Clone, Debug)]
pub struct FormProperty {
    /// Its id: the key in what is submitted.
    pub id: String,
    /// Its name.
    pub name: Option<String>,
    /// Its type; an unknown one fails when the form is read or submitted.
    pub form_type: Option<FormType>,
    /// `variable`: stored under this name.
    pub variable: Option<String>,
    /// `expression`: read from and assigned to.
    pub expression: Option<Template>,
    /// `default`.
    pub default: Option<Template>,
    /// Shown.
    pub readable: bool,
    /// May be submitted.
    pub writable: bool,
    /// Must be submitted.
    pub required: bool,
}

/// The type of a form property.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum FormType {
    /// Text.
    String,
    /// Whole number.
    Long,
    /// Decimal number.
    Double,
    /// `true` or `false`.
    Boolean,
    /// A date by this pattern (Java's letters), `dd/MM/yyyy` by default.
    Date(String),
    /// One of these ids, with labels, in document order.
    Enum(Vec<(String, Option<String>)>),
    /// A type that nobody knows, by its name.
    Unknown(String),
}

/// `serviceTask` with `activiti:expression`.
#[derive(Clone, Debug)]
pub struct ServiceTask {
    /// What it evaluates.
    pub expression: Template,
    /// `activiti:resultVariableName` or `activiti:resultVariable`.
    pub result_variable: Option<String>,
}

/// `serviceTask` of type `rpa`: a robot does it.
#[derive(Clone, Debug)]
pub struct RobotTask {
    /// Field `workflow`: the id or the name of what the robot runs.
    pub workflow: Template,
    /// Fields `in:NAME`: arguments and what they are given, in document order.
    pub inputs: Vec<(String, Template)>,
    /// Fields `out:NAME`: arguments and the variables that take them, in document order.
    pub outputs: Vec<(String, String)>,
}

/// `serviceTask` of type `queue`: puts a message into a task queue.
#[derive(Clone, Debug)]
pub struct QueueTask {
    /// Field `queue`: the queue's id or name.
    pub queue: Template,
    /// Field `body`: what the message says.
    pub body: Template,
}

/// `scriptTask`.
#[derive(Clone, Debug)]
pub struct ScriptTask {
    /// The script.
    pub script: Arc<Script>,
}

/// `subProcess`: embedded, or an event sub-process.
#[derive(Clone, Debug)]
pub struct SubProcess {
    /// What it contains.
    pub scope: Scope,
    /// `triggeredByEvent`.
    pub triggered_by_event: bool,
}

/// `callActivity`.
#[derive(Clone, Debug)]
pub struct CallActivity {
    /// `calledElement`: a key, the latest version of which is started.
    pub called_element: Template,
    /// `activiti:in` in document order.
    pub inputs: Vec<Mapping>,
    /// `activiti:out` in document order.
    pub outputs: Vec<Mapping>,
    /// `activiti:inheritVariables`.
    pub inherit_variables: bool,
    /// `activiti:businessKey`.
    pub business_key: Option<Template>,
    /// `activiti:inheritBusinessKey`.
    pub inherit_business_key: bool,
}

/// `activiti:in` or `activiti:out`.
#[derive(Clone, Debug)]
pub struct Mapping {
    /// Where the value comes from.
    pub source: MappingSource,
    /// The variable it goes to.
    pub target: MappingTarget,
}

/// The source of a mapping.
#[derive(Clone, Debug)]
pub enum MappingSource {
    /// `source`: a variable, null when it does not exist.
    Variable(String),
    /// `sourceExpression`.
    Expression(Template),
}

/// The target of a mapping.
#[derive(Clone, Debug)]
pub enum MappingTarget {
    /// `target`.
    Variable(String),
    /// `targetExpression`: an expression that gives the name.
    Expression(Template),
}

/// `multiInstanceLoopCharacteristics`. Cardinality or collection is present (checked at deployment).
#[derive(Clone, Debug)]
pub struct MultiInstance {
    /// `isSequential`.
    pub sequential: bool,
    /// `loopCardinality`.
    pub cardinality: Option<Template>,
    /// `activiti:collection` or `loopDataInputRef`: a name of a variable or an expression.
    pub collection: Option<Collection>,
    /// `activiti:elementVariable` or `inputDataItem`.
    pub element_variable: Option<String>,
    /// `activiti:elementIndexVariable`, `loopCounter` by default.
    pub index_variable: String,
    /// `completionCondition`.
    pub completion_condition: Option<Template>,
}

/// What a multi-instance activity runs over.
#[derive(Clone, Debug)]
pub enum Collection {
    /// The name of a variable.
    Variable(String),
    /// An expression that gives a list, or the name of a variable.
    Expression(Template),
}
