//! Instances from outside: recorded scenarios, stories, limits, random walks.
// Only the crate itself is kept from files and from the environment.
#![allow(clippy::disallowed_methods)]

mod actions;
mod crowds;
mod expect;
mod expressions;
mod limits;
mod model;
mod robots;
mod scenario;
mod scenarios;
mod script;
mod stories;
mod suite;
mod timers;
mod user_tasks;
mod walk;
mod world;
