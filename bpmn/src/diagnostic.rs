//! What deployment has to say about a model: where, what, and under which stable code.
//!
//! Owns: the diagnostic, its severities and the closed list of codes.
//! Never: words that only a developer of the engine understands; whoever drew the model reads these.

use std::fmt;

/// Whether a complaint keeps the model from being deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Severity {
    /// It deploys all the same.
    Warning,
    /// It is refused.
    Error,
}

/// One complaint about a model.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// Error or warning.
    pub severity: Severity,
    /// Line in the model, counted from 1.
    pub line: u32,
    /// Column in characters, counted from 1: where the element's tag begins.
    pub column: u32,
    /// The element it is about, where it has an id.
    pub element_id: Option<String>,
    /// One of `code`: stable, for programs.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

impl fmt::Display for Diagnostic {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let severity = match self.severity {
            Severity::Warning => "warning",
            Severity::Error => "error",
        };
        write!(out, "{}:{}: {severity}", self.line, self.column)?;
        if let Some(id) = &self.element_id {
            write!(out, " in '{id}'")?;
        }
        write!(out, ": {} [{}]", self.message, self.code)
    }
}

/// The codes. They are never renamed; new ones are added.
pub mod code {
    macro_rules! codes {
        ($($(#[$about:meta])* $name:ident = $text:literal;)*) => {
            $($(#[$about])* pub const $name: &str = $text;)*
            /// Every code there is.
            pub const ALL: &[&str] = &[$($text),*];
        };
    }

    codes! {
        /// The text is not well-formed XML.
        XML_SYNTAX = "xml-syntax";
        /// The bytes are not text of the declared encoding.
        XML_ENCODING = "xml-encoding";
        /// There is a DOCTYPE.
        XML_DOCTYPE = "xml-doctype";
        /// An entity that XML does not define itself.
        XML_ENTITY = "xml-entity";
        /// A prefix that no `xmlns` declares.
        XML_PREFIX = "xml-prefix";
        /// Past a bound on size, depth or number.
        XML_LIMIT = "xml-limit";
        /// The root is not `definitions` of BPMN 2.0.
        NOT_BPMN = "not-bpmn";
        /// No process of the file is executable.
        NO_EXECUTABLE_PROCESS = "no-executable-process";
        /// Two elements have one id.
        DUPLICATE_ID = "duplicate-id";
        /// An id that is no XML name.
        INVALID_ID = "invalid-id";
        /// Text stands where only elements can.
        STRAY_TEXT = "stray-text";
        /// An element that the schema of BPMN does not have.
        UNKNOWN_ELEMENT = "unknown-element";
        /// An element that needs an id has none; only a warning where nothing refers to it.
        MISSING_ID = "missing-id";
        /// An id, a name or a documentation is too long to be stored.
        TOO_LONG = "too-long";
        /// An attribute that must be there is not.
        MISSING_ATTRIBUTE = "missing-attribute";
        /// A reference that must be there is not.
        MISSING_REFERENCE = "missing-reference";
        /// A reference names what is not there.
        DANGLING_REFERENCE = "dangling-reference";
        /// A sequence flow crosses the border of a sub-process.
        CROSSING_FLOW = "crossing-flow";
        /// More start events than the scope can have.
        SEVERAL_START_EVENTS = "several-start-events";
        /// A start event's definition does not fit its scope.
        START_EVENT_DEFINITION = "start-event-definition";
        /// An event has no definition that says what it waits for.
        MISSING_EVENT_DEFINITION = "missing-event-definition";
        /// An event definition stands where it has no meaning.
        MISPLACED_EVENT_DEFINITION = "misplaced-event-definition";
        /// BPMN or Activiti know it, this engine does not run it yet.
        NOT_SUPPORTED_YET = "not-supported-yet";
        /// A task does not say what it does.
        MISSING_IMPLEMENTATION = "missing-implementation";
        /// A service task of a type that nobody knows.
        UNKNOWN_SERVICE_TYPE = "unknown-service-type";
        /// Two settings exclude each other.
        CONFLICTING_SETTINGS = "conflicting-settings";
        /// A script task or script listener has no script.
        MISSING_SCRIPT = "missing-script";
        /// A script language that does not run here.
        SCRIPT_LANGUAGE = "script-language";
        /// A timer without, or with more than one, date, duration or cycle.
        TIMER_DEFINITION = "timer-definition";
        /// A multi-instance activity without cardinality and collection.
        MISSING_LOOP = "missing-loop";
        /// An exclusive gateway without a way out.
        GATEWAY_WITHOUT_FLOW = "gateway-without-flow";
        /// A condition on a gateway's only or default flow.
        GATEWAY_CONDITION = "gateway-condition";
        /// A listener that says nothing of what it does.
        LISTENER_WITHOUT_ACTION = "listener-without-action";
        /// An expression that cannot be parsed.
        INVALID_EXPRESSION = "invalid-expression";
        /// A value that is not of its type.
        INVALID_VALUE = "invalid-value";
        /// There is more to complain about than is told.
        TOO_MANY_COMPLAINTS = "too-many-complaints";
        /// Warning: the process is skipped.
        NOT_EXECUTABLE = "not-executable";
        /// Warning: a Java listener is skipped.
        JAVA_LISTENER = "java-listener";
        /// Warning: kept, and without any effect.
        IGNORED = "ignored";
        /// Warning: a flow out of an exclusive gateway is taken as soon as its turn comes.
        UNCONDITIONAL_FLOW = "unconditional-flow";
        /// Warning: nothing starts the scope.
        NO_START_EVENT = "no-start-event";
        /// Warning: the diagram names what is not there.
        DIAGRAM_REFERENCE = "diagram-reference";
        /// Warning: a coordinate is missing or no finite number.
        DIAGRAM_COORDINATE = "diagram-coordinate";
    }
}
