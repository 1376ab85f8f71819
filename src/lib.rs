//! The server: HTTP, the documented APIs and the engine's own, the command line, configuration, pictures.
//! It translates; it decides nothing. What is decided lies in `bpmn` and `org`, how it is carried out in `actors`.

pub mod access;
pub mod api;
pub mod audit;
pub mod bench;
pub mod blobs;
pub mod cli;
pub mod config;
pub mod console;
pub mod control;
pub mod data;
pub mod demo;
pub mod first_start;
pub mod http;
pub mod hub;
pub mod links;
pub mod live;
pub mod logging;
pub mod machine;
pub mod pictures;
pub mod process_center;
pub mod robot;
pub mod seed;
pub mod server;
pub mod sso;
pub mod tokens;
pub mod users;
pub mod vault;
pub mod watch;
pub mod websocket;
