//! The embeddable BPMN 2.0 engine: model, expressions, and the state machine of an instance.
//! Never: reads a clock, a file or a random number; time, ids and scripts come through `Host`.

pub mod diagnostic;
pub mod diagram;
pub mod form;
pub mod model;
pub mod parse;
pub mod schedule;
pub mod uel;
