//! From the first token to a finished job, by the console's API and the built-in robot; and the same with a server that
//! is killed after every step.
//!
//! Owns: the two stories. The steps are in `steps`. Never: waits for anything but an event or readiness.

mod document;
mod steps;
#[path = "../support/mod.rs"]
mod support;

use steps::{STEPS, Walk};

#[test]
fn a_token_a_package_a_workflow_and_a_robot_make_a_finished_job() {
    let mut walk = Walk::begin();
    for (number, step) in STEPS {
        println!("step {number}");
        step(&mut walk);
    }
}

#[test]
fn a_server_that_is_killed_after_every_step_goes_on_as_if_nothing_had_been() {
    let mut walk = Walk::begin();
    for (number, step) in STEPS {
        println!("step {number}");
        step(&mut walk);
        walk.kill_and_start_again();
    }
}
