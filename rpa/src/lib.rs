//! What robots mean.
pub mod argument;
mod guid;
pub mod limits;
pub mod package;
pub mod schedule;
pub mod terms;
pub use guid::{Guid, ParseGuidError};
