//! Events of the graph.
//! Never: holds the state of an instance.

use super::{ElementIndex, FormProperty};
use crate::uel::Template;

/// `startEvent`.
#[derive(Clone, Debug)]
pub struct StartEvent {
    /// What starts it.
    pub trigger: StartTrigger,
    /// `activiti:initiator`: the variable that takes the user who starts, its name taken literally.
    pub initiator: Option<String>,
    /// `activiti:formKey`, as raw text.
    pub form_key: Option<String>,
    /// `activiti:formProperty` in document order.
    pub form_properties: Vec<FormProperty>,
}

/// What starts a start event.
#[derive(Clone, Debug)]
pub enum StartTrigger {
    /// A command or the surrounding scope.
    None,
    /// A timer.
    Timer(Box<TimerDefinition>),
    /// An error, in an event sub-process.
    Error(ErrorReference),
}

/// `endEvent`.
#[derive(Clone, Debug)]
pub enum EndEvent {
    /// Ends its path.
    None,
    /// Throws an error.
    Error(ErrorReference),
    /// Ends its scope.
    Terminate {
        /// `activiti:terminateAll`: the root instance.
        all: bool,
        /// `activiti:terminateMultiInstance`: the enclosing multi-instance.
        multi_instance: bool,
    },
}

/// `intermediateCatchEvent`.
#[derive(Clone, Debug)]
pub enum CatchEvent {
    /// A timer.
    Timer(Box<TimerDefinition>),
}

/// `boundaryEvent`.
#[derive(Clone, Debug)]
pub struct BoundaryEvent {
    /// The activity it is attached to.
    pub attached_to: ElementIndex,
    /// `cancelActivity`; errors always interrupt.
    pub interrupting: bool,
    /// What it waits for.
    pub trigger: BoundaryTrigger,
}

/// What a boundary event waits for.
#[derive(Clone, Debug)]
pub enum BoundaryTrigger {
    /// A timer.
    Timer(Box<TimerDefinition>),
    /// An error; without a code it catches every one.
    Error(ErrorReference),
}

/// An error as an event names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorReference {
    /// The error code that `errorRef` stands for, none when the event has no reference.
    pub code: Option<String>,
    /// The name of the error, for messages.
    pub name: Option<String>,
}

/// `timerEventDefinition`: exactly one of the three (checked at deployment).
#[derive(Clone, Debug)]
pub struct TimerDefinition {
    /// When.
    pub schedule: TimerSchedule,
    /// `activiti:endDate` of a cycle.
    pub end_date: Option<Template>,
    /// `activiti:businessCalendarName`.
    pub business_calendar: Option<Template>,
}

/// When a timer fires; text after evaluation is read by `schedule`.
#[derive(Clone, Debug)]
pub enum TimerSchedule {
    /// `timeDate`.
    Date(Template),
    /// `timeDuration`.
    Duration(Template),
    /// `timeCycle`.
    Cycle(Template),
}
