//! What a picture is made from: plain data, filled in by whoever knows the definition. Owns the closed sets of things
//! that can be drawn. Must never know the engine's types, and holds no drawing code.
//!
//! Coordinates are pixels; y grows downwards. Whatever has no geometry yet gets it from `layout`.

use std::collections::BTreeSet;

/// A point in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Point {
    /// Pixels from the left.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
}

/// A rectangle in pixels.
#[derive(Debug, Clone, Copy, PartialEq, Default)]
pub struct Bounds {
    /// Left edge.
    pub x: f64,
    /// Top edge.
    pub y: f64,
    /// Extent to the right; less than zero counts as zero.
    pub width: f64,
    /// Extent downwards; less than zero counts as zero.
    pub height: f64,
}

/// A process, or a collaboration of several, as one picture.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Diagram {
    /// Flow nodes, data, annotations and groups.
    pub nodes: Vec<Node>,
    /// Sequence flows, message flows and associations.
    pub flows: Vec<Edge>,
    /// Pools and lanes; a pool is one that is in no other.
    pub lanes: Vec<Lane>,
}

/// Something with a place of its own.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// The element's id.
    pub id: String,
    /// The text shown; of a text annotation, its text. Empty: none.
    pub name: String,
    /// What is drawn.
    pub kind: NodeKind,
    /// Its place; `None`: laid out.
    pub bounds: Option<Bounds>,
    /// The place of the name of an event, a gateway or data; `None`: below the node.
    pub label: Option<Bounds>,
    /// The marker for activities that run more than once.
    pub repetition: Repetition,
    /// False for the start events and boundary events that leave their scope running: drawn dashed.
    pub interrupting: bool,
    /// True for compensation handlers: drawn with their marker.
    pub for_compensation: bool,
    /// The sub-process that it is in; `None`: the process itself.
    pub parent: Option<String>,
    /// The activity on whose border it sits (boundary events).
    pub attached_to: Option<String>,
}

impl Node {
    /// A node without a name and without a place, interrupting, run once.
    pub fn new(id: impl Into<String>, kind: NodeKind) -> Self {
        Self {
            id: id.into(),
            name: String::new(),
            kind,
            bounds: None,
            label: None,
            repetition: Repetition::None,
            interrupting: true,
            for_compensation: false,
            parent: None,
            attached_to: None,
        }
    }
}

/// What a node is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NodeKind {
    /// A circle.
    Event {
        /// Where it stands in the flow.
        position: Position,
        /// What it waits for or throws.
        definition: Definition,
    },
    /// An atomic activity.
    Task(TaskKind),
    /// A rhombus.
    Gateway(GatewayKind),
    /// An activity with a flow of its own.
    SubProcess {
        /// Which kind of sub-process.
        variant: SubProcessKind,
        /// False: drawn as one box with a marker, its content hidden.
        expanded: bool,
    },
    /// A call of another definition.
    CallActivity,
    /// A sheet of paper.
    DataObject,
    /// A store that outlives the process.
    DataStore,
    /// A remark.
    TextAnnotation,
    /// A dashed frame without meaning for the flow.
    Group,
}

/// Where an event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Position {
    /// Starts a process or an event sub-process.
    Start,
    /// Waits within the flow.
    Catch,
    /// Throws within the flow.
    Throw,
    /// Sits on an activity's border.
    Boundary,
    /// Ends a path.
    End,
}

/// What an event waits for or throws.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are BPMN's.
pub enum Definition {
    None,
    Message,
    Timer,
    Signal,
    Error,
    Escalation,
    Link,
    Compensation,
    Conditional,
    Terminate,
    Cancel,
    Multiple,
    ParallelMultiple,
}

/// What a task does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are BPMN's, but for the robot's.
pub enum TaskKind {
    Plain,
    User,
    Service,
    Script,
    Manual,
    Send,
    Receive,
    BusinessRule,
    Robot,
}

/// How a gateway splits and joins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are BPMN's.
pub enum GatewayKind {
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Complex,
}

/// Which sub-process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[allow(missing_docs)] // The names are BPMN's.
pub enum SubProcessKind {
    Embedded,
    Event,
    Transaction,
    AdHoc,
}

/// How an activity repeats.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Repetition {
    /// It runs once.
    None,
    /// Multi-instance, all at once.
    Parallel,
    /// Multi-instance, one after the other.
    Sequential,
    /// A standard loop.
    Loop,
}

/// A line between two nodes.
#[derive(Debug, Clone, PartialEq)]
pub struct Edge {
    /// The element's id.
    pub id: String,
    /// The text shown; empty: none.
    pub name: String,
    /// What is drawn.
    pub kind: EdgeKind,
    /// The node or pool that it leaves.
    pub source: String,
    /// The node or pool that it reaches.
    pub target: String,
    /// Its way from source to target; fewer than two: laid out.
    pub waypoints: Vec<Point>,
    /// The place of its name; without one the name is not drawn.
    pub label: Option<Bounds>,
}

impl Edge {
    /// A plain sequence flow without a name and without a way.
    pub fn new(
        id: impl Into<String>,
        source: impl Into<String>,
        target: impl Into<String>,
    ) -> Self {
        Self {
            id: id.into(),
            name: String::new(),
            kind: EdgeKind::Sequence(Condition::None),
            source: source.into(),
            target: target.into(),
            waypoints: Vec::new(),
            label: None,
        }
    }
}

/// What a line means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EdgeKind {
    /// A sequence flow.
    Sequence(Condition),
    /// A message flow between pools.
    Message,
    /// An association without direction.
    Association,
    /// An association with an arrow, or data going in or out.
    DirectedAssociation,
}

/// When a sequence flow is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    None,
    /// When its expression holds.
    Expression,
    /// When no other is.
    Default,
}

/// A pool, or a lane in one.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Lane {
    /// The element's id.
    pub id: String,
    /// The text in its head.
    pub name: String,
    /// Its place; `None`: laid out when its nodes are, else not drawn.
    pub bounds: Option<Bounds>,
    /// The pool or lane that it is in; `None`: it is a pool.
    pub parent: Option<String>,
    /// True when its head is on top rather than at the left.
    pub vertical: bool,
    /// The ids of the nodes in it; of a pool, of all nodes of its process.
    pub members: Vec<String>,
}

/// What is emphasised, by element id.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Highlight {
    /// How much of it is shown.
    pub mode: Mode,
    /// Nodes where the instance stands.
    pub active: BTreeSet<String>,
    /// Nodes that have ended.
    pub finished: BTreeSet<String>,
    /// Flows that were taken.
    pub taken_flows: BTreeSet<String>,
    /// Nodes with an open incident.
    pub incidents: BTreeSet<String>,
}

/// How much of a highlight is shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Nothing: the plain diagram.
    #[default]
    None,
    /// The active nodes.
    Active,
    /// Active and finished nodes, taken flows and incidents.
    Path,
}
