//! What is needed to draw a process: plain data, executable or not.
//!
//! Owns: nodes, flows, pools and lanes as the model names them, with their geometry where the model has it.
//! Never: lays anything out, or holds a coordinate that is not finite.
//!
//! Coordinates are in the diagram interchange's unit, pixels; x grows to the right, y downwards. They may be negative.

/// A point.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// Pixels from the left.
    pub x: f64,
    /// Pixels from the top.
    pub y: f64,
}

/// A rectangle.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Bounds {
    /// Left edge, pixels.
    pub x: f64,
    /// Top edge, pixels.
    pub y: f64,
    /// Pixels to the right.
    pub width: f64,
    /// Pixels downwards.
    pub height: f64,
}

/// A process, or the whole collaboration that it takes part in.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Diagram {
    /// Flow nodes, data, annotations and groups, in document order.
    pub nodes: Vec<Node>,
    /// Sequence flows, message flows and associations, in document order.
    pub flows: Vec<Edge>,
    /// Pools and lanes; a pool is one that is in no other.
    pub lanes: Vec<Lane>,
}

/// Something with a place of its own.
#[derive(Clone, Debug, PartialEq)]
pub struct Node {
    /// The element's id.
    pub id: String,
    /// Its name; of a text annotation, its text. Empty: none.
    pub name: String,
    /// What it is.
    pub kind: NodeKind,
    /// Its place.
    pub bounds: Option<Bounds>,
    /// The place of its label.
    pub label: Option<Bounds>,
    /// How an activity repeats.
    pub repetition: Repetition,
    /// False for start and boundary events that leave their scope running.
    pub interrupting: bool,
    /// Whether it is a compensation handler.
    pub for_compensation: bool,
    /// The sub-process that it is in; none: the process itself.
    pub parent: Option<String>,
    /// The activity on whose border it sits (boundary events).
    pub attached_to: Option<String>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NodeKind {
    /// An event.
    Event {
        /// Where it stands in the flow.
        position: Position,
        /// What it waits for or throws.
        definition: Definition,
    },
    /// An atomic activity.
    Task(TaskKind),
    /// A gateway.
    Gateway(GatewayKind),
    /// An activity with a flow of its own.
    SubProcess {
        /// Which kind of sub-process.
        variant: SubProcessKind,
        /// Whether its content is shown.
        expanded: bool,
    },
    /// A call of another definition.
    CallActivity,
    /// A data object.
    DataObject,
    /// A store that outlives the process.
    DataStore,
    /// A remark.
    TextAnnotation,
    /// A frame without meaning for the flow.
    Group,
}

/// Where an event stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Position {
    /// Starts a scope.
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

/// What an event waits for or throws; the names are BPMN's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
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

/// What a task does; the names are BPMN's, but for the robot's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
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

/// How a gateway splits and joins; the names are BPMN's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum GatewayKind {
    Exclusive,
    Parallel,
    Inclusive,
    EventBased,
    Complex,
}

/// Which sub-process; the names are BPMN's.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum SubProcessKind {
    Embedded,
    Event,
    Transaction,
    AdHoc,
}

/// How an activity repeats.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Debug, PartialEq)]
pub struct Edge {
    /// The element's id; empty: it has none.
    pub id: String,
    /// Its name; empty: none.
    pub name: String,
    /// What it is.
    pub kind: EdgeKind,
    /// The node or pool that it leaves.
    pub source: String,
    /// The node or pool that it reaches.
    pub target: String,
    /// Its way from source to target; empty without geometry.
    pub waypoints: Vec<Point>,
    /// The place of its label.
    pub label: Option<Bounds>,
}

/// What a line means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
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
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Condition {
    /// Always.
    None,
    /// When its expression holds.
    Expression,
    /// When no other is.
    Default,
}

/// A pool, or a lane in one.
#[derive(Clone, Debug, PartialEq)]
pub struct Lane {
    /// The element's id.
    pub id: String,
    /// Its name; empty: none.
    pub name: String,
    /// Its place.
    pub bounds: Option<Bounds>,
    /// The pool or lane that it is in; none: it is a pool, or a lane of a process without one.
    pub parent: Option<String>,
    /// Whether it runs from top to bottom.
    pub vertical: bool,
    /// The ids of the nodes in it; of a pool, of all nodes of its process.
    pub members: Vec<String>,
}
