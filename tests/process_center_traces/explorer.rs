//! Runs a model along every branch: at each task it sets the variables that choose one way on, and comes back for the others.
//!
//! Owns: which ways were tried. Never: the same way twice at one task in one run, so loops end.

use super::model::{Model, Way};
use crate::support::Client;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Runs of one model stay far below.
const RUNS: usize = 500;
/// Steps of one run stay far below.
const STEPS: usize = 100;

/// What was seen.
#[derive(Default)]
pub struct Explored {
    /// Instances that ran to their end.
    pub runs: usize,
    /// Nodes with an ended activity.
    pub nodes: BTreeSet<String>,
    /// Flows that were chosen.
    pub flows: BTreeSet<String>,
}

/// Explores the process of this key.
///
/// # Panics
/// When an instance does not end, or an answer is not what it should be.
pub fn explore(client: &mut Client, key: &str, model: &Model) -> Explored {
    let mut explored = Explored::default();
    // A plan is the number of the way to take at each choice; what lies behind its end takes the first.
    let mut plans = vec![Vec::new()];
    while let Some(plan) = plans.pop() {
        assert!(explored.runs < RUNS, "{key}: the exploration does not end");
        let widths = run(client, key, model, &plan, &mut explored);
        explored.runs += 1;
        for (at, width) in widths.iter().enumerate().skip(plan.len()) {
            for other in 1..*width {
                let mut next = plan.clone();
                next.resize(at, 0);
                next.push(other);
                plans.push(next);
            }
        }
    }
    explored
}

/// One instance from start to end by this plan; how many ways there were at each choice.
fn run(
    client: &mut Client,
    key: &str,
    model: &Model,
    plan: &[usize],
    explored: &mut Explored,
) -> Vec<usize> {
    let body = json!({"definitionKey": key, "variables": model.variables});
    let started = client.native("POST", "/instances", Some(&body));
    let instance = started["id"].as_str().unwrap_or_default().to_owned();
    let mut widths = Vec::new();
    let mut tried: BTreeSet<(String, Vec<String>)> = BTreeSet::new();
    for _ in 0..STEPS {
        let answer = client
            .get("/taskCtr/currentTask", &[("processId", &instance)])
            .json();
        let task = answer["data"][0].clone();
        if task.is_null() {
            finished(client, key, &instance, explored);
            return widths;
        }
        let activity = task["taskEntity"]["taskDefinitionKey"]
            .as_str()
            .unwrap_or_default();
        let ways: Vec<Way> = model
            .ways(activity)
            .into_iter()
            .filter(|way| !tried.contains(&(activity.to_owned(), way.flows.clone())))
            .collect();
        assert!(
            !ways.is_empty(),
            "{key}: {activity} comes again after every way was tried"
        );
        let chosen = plan.get(widths.len()).copied().unwrap_or(0);
        let way = &ways[chosen];
        widths.push(ways.len());
        complete(client, &task, way);
        // Several instances of one task leave by the same way.
        let still = client
            .get("/taskCtr/currentTask", &[("processId", &instance)])
            .json();
        let more = still["data"].as_array().is_some_and(|open| {
            open.iter()
                .any(|one| one["taskEntity"]["taskDefinitionKey"] == activity)
        });
        if !more {
            tried.insert((activity.to_owned(), way.flows.clone()));
            explored.flows.extend(way.flows.iter().cloned());
        }
    }
    panic!("{key}: {instance} did not end in {STEPS} steps")
}

fn complete(client: &mut Client, task: &Value, way: &Way) {
    let id = task["taskId"].as_str().unwrap_or_default();
    let mut user = task["taskEntity"]["assignee"].as_str().unwrap_or_default();
    if user.is_empty() {
        user = "somebody";
        let pairs = [("taskId", id), ("systemId", ""), ("userId", user)];
        client.post("/taskCtr/setAssigner", &pairs).expect(200);
    }
    let pairs = [("taskId", id), ("systemId", ""), ("userId", user)];
    let body = json!({"variables": way.variables});
    let answer = client.post_json("/taskCtr/complete", &pairs, &body).json();
    assert_eq!(
        answer["rtnCode"], "000000",
        "{answer} for {task} with {body}"
    );
}

fn finished(client: &mut Client, key: &str, instance: &str, explored: &mut Explored) {
    let found = client.native("GET", &format!("/instances/{instance}"), None);
    assert_eq!(found["state"], "completed", "{key}: {found}");
    let rows = client
        .get("/processCtr/listHistory", &[("processId", instance)])
        .json();
    for row in rows["data"].as_array().into_iter().flatten() {
        assert!(
            row["endTime"].is_string(),
            "{key}: an open row of an ended instance: {row}"
        );
        explored
            .nodes
            .insert(row["activityId"].as_str().unwrap_or_default().to_owned());
    }
}
