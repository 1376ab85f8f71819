//! Real robots run real packages while one of them and the server are killed: every job ends as it should, no run begins
//! twice, no job succeeds twice.
//!
//! Owns: the two stories. `floor` has the machines, `account` what is counted at the end. Never: waits by the clock.
//!
//! `LOOMWORK_JOBS=300 cargo test --test jobs_end_to_end` runs so many jobs of the common kinds.

mod account;
mod floor;
mod packages;
#[path = "../support/mod.rs"]
mod support;

use account::{End, expect};
use floor::{Floor, ROBOTS};
use serde_json::{Value, json};
use support::{console::text, robot::Program, until};

/// Common jobs without `LOOMWORK_JOBS`.
const JOBS: usize = 60;

fn common_jobs() -> usize {
    match std::env::var("LOOMWORK_JOBS") {
        Ok(text) => text
            .parse()
            .unwrap_or_else(|_| panic!("LOOMWORK_JOBS is not a number: {text}")),
        Err(_) => JOBS,
    }
}

#[test]
fn every_job_ends_as_it_should_though_a_robot_and_the_server_are_killed() {
    let mut floor = Floor::open();
    let jobs = common_jobs();
    let mut expected = urgent_jobs_overtake(&mut floor, jobs / 3);
    expected.push((pause_and_resume(&mut floor), End::Succeeded));
    expected.push((cancel_a_run(&mut floor), End::Cancelled));
    expected.extend(cancel_queued_jobs(&mut floor));
    expected.extend(floor.execute_common(jobs / 3));
    expected.push((kill_a_robot(&mut floor), End::Succeeded));
    expected.extend(floor.execute_common(jobs - 2 * (jobs / 3)));
    expected.push((kill_the_server(&mut floor), End::Succeeded));
    expected.push((fire_over_a_kill(&mut floor), End::Succeeded));
    expect(&mut floor, &expected);
}

#[test]
fn the_example_in_python_works_beside_the_built_in_robot_over_both_transports() {
    let mut floor = Floor::furnished();
    let ways = [
        (Program::BuiltIn, &[][..]),
        (Program::BuiltIn, &["--poll"]),
        (Program::Example, &[]),
        (Program::Example, &["--poll"]),
    ];
    for (at, (program, options)) in ways.into_iter().enumerate() {
        floor.start_robot(at, program, options);
    }
    // Each robot has one job of each execute.
    let (script, bound) = (packages::common(&floor, true), ROBOTS.map(|(id, _)| id));
    let workflow = floor.workflow("everywhere", &script, &json!({}), &bound);
    let mut expected = Vec::new();
    for _ in 0..3 {
        let jobs = floor.console.execute(&workflow, &json!({}));
        assert_eq!(jobs.len(), ROBOTS.len());
        expected.extend(jobs.into_iter().map(|job| (job, End::Succeeded)));
    }
    let robots = expect(&mut floor, &expected);
    assert_eq!(robots.len(), ROBOTS.len(), "{robots:?}");
}

/// Jobs wait before there is a robot; those of the highest priority are run first though they came last.
fn urgent_jobs_overtake(floor: &mut Floor, count: usize) -> Vec<(String, End)> {
    let mut expected = floor.execute_common(count);
    let settings = json!({"priority": 3000, "maxRetryCount": 3});
    let workflow = floor.workflow("urgent", &packages::common(floor, true), &settings, &[]);
    let urgent: Vec<String> = (0..10)
        .flat_map(|_| floor.console.execute(&workflow, &json!({})))
        .collect();
    for at in 0..3 {
        floor.start_robot(at, Program::BuiltIn, &[]);
    }
    for job in &urgent {
        floor.console.ended(job);
    }
    let begun = floor.begun();
    let first = begun.iter().position(|(_, name)| name != "urgent");
    // The robots that run the last two of them have not written yet.
    let first = first.unwrap_or(begun.len());
    assert!(first + 2 >= urgent.len(), "{begun:?}");
    expected.extend(urgent.into_iter().map(|job| (job, End::Succeeded)));
    expected
}

fn show(floor: &mut Floor, job: &str) -> Value {
    floor.console.get(&format!("/openapi/jobs/{job}"))
}

/// A running job stands still and goes on.
fn pause_and_resume(floor: &mut Floor) -> String {
    let settings = json!({"priority": 5000, "maxRetryCount": 0});
    let (files, begun, go_on) = packages::held(floor, "held");
    let job = floor.execute_new("held", &files, &settings, &[]);
    begun.wait();
    floor
        .console
        .post(&format!("/openapi/jobs/{job}/pause"), &json!({}));
    until("a paused job", || {
        (show(floor, &job)["state"] == "Paused").then_some(())
    });
    floor
        .console
        .post(&format!("/openapi/jobs/{job}/resume"), &json!({}));
    until("a resumed job", || {
        (show(floor, &job)["state"] == "Running").then_some(())
    });
    go_on.open();
    assert_eq!(floor.console.ended(&job)["state"], "Succeeded");
    job
}

/// A running job is cancelled: its robot ends the run.
fn cancel_a_run(floor: &mut Floor) -> String {
    let settings = json!({"priority": 5000, "maxRetryCount": 3});
    let (files, begun) = packages::endless(floor, "endless");
    let job = floor.execute_new("endless", &files, &settings, &[]);
    begun.wait();
    floor
        .console
        .post(&format!("/openapi/jobs/{job}/cancel"), &json!({}));
    assert_eq!(floor.console.ended(&job)["state"], "Cancelled");
    job
}

/// Jobs of a robot that never comes are cancelled together.
fn cancel_queued_jobs(floor: &mut Floor) -> Vec<(String, End)> {
    let script = packages::common(floor, true);
    let workflow = floor.workflow("never", &script, &json!({}), &[ROBOTS[3].0]);
    let jobs: Vec<String> = (0..5)
        .flat_map(|_| floor.console.execute(&workflow, &json!({})))
        .collect();
    let told = floor
        .console
        .post("/openapi/jobs/batch/cancel", &json!({"jobIds": jobs}));
    assert_eq!(
        (&told["total"], &told["successCount"]),
        (&json!(5), &json!(5))
    );
    jobs.into_iter().map(|job| (job, End::Cancelled)).collect()
}

/// A robot is killed with a run of a job that has retries: another attempt makes it.
fn kill_a_robot(floor: &mut Floor) -> String {
    let settings = json!({"priority": 5000, "maxRetryCount": 3});
    let (files, begun) = packages::hangs_once(floor, "victim");
    let job = floor.execute_new("victim", &files, &settings, &[ROBOTS[1].0]);
    begun.wait();
    // What is still in the pipe between the two dies with the robot.
    let run = text(&account::runs_of(floor, &job)[0]["id"]);
    account::assert_logged(floor, &job, &run);
    floor.robots[1].kill();
    floor.robots[1].start_again();
    let shown = floor.console.ended(&job);
    assert_eq!(shown["state"], "Succeeded");
    assert_eq!(shown["retriedCount"], 1);
    job
}

/// The server is killed while a robot is at work: the run goes on, and its end is told to the next server.
fn kill_the_server(floor: &mut Floor) -> String {
    let settings = json!({"priority": 5000, "maxRetryCount": 0});
    let (files, begun, go_on) = packages::held(floor, "steady");
    let job = floor.execute_new("steady", &files, &settings, &[ROBOTS[2].0]);
    begun.wait();
    floor.kill_the_server();
    go_on.open();
    let shown = floor.console.ended(&job);
    assert_eq!(shown["state"], "Succeeded");
    assert_eq!(shown["retriedCount"], 0);
    job
}

/// A schedule that is due soon, and a server that is killed before: one job comes of it.
fn fire_over_a_kill(floor: &mut Floor) -> String {
    let script = packages::common(floor, true);
    let workflow = floor.workflow("scheduled", &script, &json!({"priority": 5000}), &[]);
    let due = jiff::Timestamp::now() + jiff::SignedDuration::from_secs(1);
    let schedule = json!({
        "name": "soon", "at": due.to_string(), "target": {"type": "Workflow", "id": workflow},
    });
    let schedule = floor.console.post("/openapi/schedules", &schedule);
    floor.kill_the_server();
    let path = format!("/openapi/schedules/{}/log", text(&schedule["id"]));
    let firings = until("a firing", || {
        let told = floor.console.get(&path);
        (told["count"] != 0).then_some(told)
    });
    assert_eq!(firings["list"][0]["outcome"], "Executed", "{firings}");
    let jobs = floor
        .console
        .get(&format!("/openapi/jobs?WorkflowId={workflow}"));
    assert_eq!(jobs["count"], 1, "{jobs}");
    text(&jobs["list"][0]["id"])
}
