//! What the tests of the server share: a server of their own, a raw HTTP client, uploads, models.
//!
//! Owns: processes and directories that a test starts, and their end. Never: knows what a test proves.

// Each test file is a crate of its own and uses a part of this.
#![allow(dead_code, unused_imports)]

pub mod console;
pub mod conversation;
pub mod http;
pub mod models;
pub mod patience;
pub mod random;
pub mod robot;
pub mod server;
pub mod shared;
pub mod upload;

pub use console::Console;
pub use conversation::{CLIENT_PATIENCE, Client};
pub use http::{Answer, Request};
pub use patience::until;
pub use random::Random;
pub use robot::Robot;
pub use server::{Server, Setup};
pub use shared::shared;
pub use upload::{Part, multipart, zip_of};
