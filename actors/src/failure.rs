//! Why a request to the engine was not done. A closed list: front ends translate each.

use bpmn::Refusal;

/// No, or not now.
#[derive(Debug, Clone, thiserror::Error)]
pub enum Failure {
    /// The state or the content refuses it.
    #[error("{0}")]
    Refused(#[from] Refusal),
    /// There is no such instance, running or ended.
    #[error("there is no instance with this id")]
    NotFound,
    /// The instance has ended.
    #[error("the instance has ended")]
    Ended,
    /// The definitions refuse it.
    #[error("{0}")]
    Definitions(#[from] crate::definitions::Refusal),
    /// Identities or tokens refuse it.
    #[error("{0}")]
    Organisation(#[from] org::Refusal),
    /// What is configured for robots refuses it.
    #[error("{0}")]
    Registry(#[from] rpa::registry::Refusal),
    /// An execution refuses it.
    #[error("{0}")]
    Execution(#[from] rpa::execution::Refusal),
    /// A task queue refuses it.
    #[error("{0}")]
    Queue(#[from] rpa::queue::Refusal),
    /// Too much is waiting; try again after so many seconds.
    #[error("the server is overloaded, try again in {retry_after_s} s")]
    Overloaded {
        /// Seconds to wait.
        retry_after_s: u32,
    },
    /// The disk is full: reads go on, writes are refused until there is space.
    #[error("the disk is full: nothing can be written now")]
    DiskFull,
    /// The entity could not be rebuilt.
    #[error("the instance is quarantined: {0}")]
    Quarantined(String),
    /// Our own bug ended the work; nothing was changed.
    #[error("an internal error ended the work, nothing was changed")]
    Panicked,
    /// The same key with another body.
    #[error("the idempotency key was used with another request")]
    IdempotencyConflict,
    /// Only with the manual clock.
    #[error("the clock is real and cannot be set")]
    ClockIsReal,
    /// More firings than one step of the clock may do.
    #[error("more than {0} firings in one step of the clock")]
    TooManyFirings(u32),
    /// The archive could not be read.
    #[error("the archive could not be read: {0}")]
    Archive(String),
    /// The server is stopping.
    #[error("the server is stopping")]
    Stopping,
}

impl From<crate::archive::Error> for Failure {
    fn from(error: crate::archive::Error) -> Self {
        Failure::Archive(error.to_string())
    }
}
