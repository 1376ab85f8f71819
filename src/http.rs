//! The HTTP front end: owns sockets, limits, routing and the refusals that need no API's knowledge.
//! It must never decide anything about the engine, read a clock into an answer, or keep state between requests.
//!
//! ```text
//! socket ─▶ head read (bounded) ─▶ Host ─▶ route ─▶ site ─▶ guard ─▶ admission ─▶ body read (bounded) ─▶ handler
//!              │                     └───────┴────────┴───────┴─────────┴──────────────┘
//!              └─ cut off                          Fault, rendered in the API's own ErrorStyle
//! ```
//!
//! An API is a route table ([`Api`]); several are mounted in one [`Router`]; [`serve`] runs a router on a listener.
//! [`Router::handle`] needs no socket.

mod admission;
mod body;
mod fault;
mod gate;
mod limits;
mod multipart;
mod pairs;
mod path;
mod pulse;
mod request;
mod resource;
mod response;
mod route;
mod router;
mod serve;
mod socket;
mod styles;
#[cfg(test)]
mod tests;

pub use body::BodyStream;
pub use fault::{Answer, At, ErrorStyle, Fault};
pub use gate::{Gate, GateConfig, GateError};
pub use hyper::{
    HeaderMap, Method, StatusCode, Uri,
    header::{self, HeaderName, HeaderValue},
};
pub use limits::Limits;
pub use multipart::Part;
pub use pairs::Pairs;
pub use path::Params;
pub use request::{Arrival, Head, Payload, Request};
pub use response::{Body, BodySender, Response};
pub use route::{Api, Context, Guard, Handler, Route, RouteGuard, Running, Surrounding};
pub use router::{Router, RouterError};
pub use serve::{Shutdown, serve};
pub use styles::{Problem, Spring};
