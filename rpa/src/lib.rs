//! What robots mean.
pub mod argument;
pub mod execution;
mod guid;
pub mod limits;
pub mod package;
pub mod schedule;
pub mod terms;
pub mod waiting;
pub use guid::{Guid, ParseGuidError};
