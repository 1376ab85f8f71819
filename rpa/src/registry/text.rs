//! The registry as stable text, for tests and for eyes. Never: is read back, shows a sealed value.

use super::{Schedule, State, Target, Workflow};
use crate::{Guid, terms::Meta};
use std::fmt::Write as _;

/// A line for each thing, by kind and id; ids as their last four digits.
pub fn render(state: &State) -> String {
    let mut out = String::new();
    for package in state.packages.values() {
        push(
            &mut out,
            "package",
            package.id,
            &package.meta,
            &package.label.name,
        );
        for version in &package.versions {
            let _ = write!(out, " {}={}", version.version, short(version.id));
        }
        out.push('\n');
    }
    for upload in state.uploads.values() {
        push(&mut out, "upload", upload.id, &upload.meta, "");
        let _ = write!(
            out,
            " received {} committed {}",
            upload.received.is_some(),
            upload.committed.is_some()
        );
        out.push('\n');
    }
    for group in state.groups.values() {
        push(&mut out, "group", group.id, &group.meta, &group.label.name);
        let _ = write!(out, " robots {}", list(&group.robots));
        if group.dedicated_robot.is_some() {
            out.push_str(" hidden");
        }
        out.push('\n');
    }
    for robot in state.robots.values() {
        push(&mut out, "robot", robot.id, &robot.meta, &robot.label.name);
        let _ = writeln!(
            out,
            " {} in {}",
            robot.management.name(),
            list(&state.groups_of_robot(robot.id).collect::<Vec<_>>())
        );
    }
    for workflow in state.workflows.values() {
        push_workflow(&mut out, workflow);
    }
    for layout in state.layouts.values() {
        push(
            &mut out,
            "layout",
            layout.id,
            &layout.meta,
            &layout.label.name,
        );
        let nodes: Vec<Guid> = layout.nodes.iter().map(|node| node.workflow).collect();
        let _ = writeln!(
            out,
            " nodes {} triggered {}",
            list(&nodes),
            layout.triggered_count
        );
    }
    for asset in state.assets.values() {
        push(&mut out, "asset", asset.id, &asset.meta, &asset.label.name);
        let _ = writeln!(out, " {} {:?}", asset.kind.name(), asset.value);
    }
    for schedule in state.schedules.values() {
        push_schedule(&mut out, schedule);
    }
    out
}

fn push_workflow(out: &mut String, workflow: &Workflow) {
    push(
        out,
        "workflow",
        workflow.id,
        &workflow.meta,
        &workflow.label.name,
    );
    let _ = write!(
        out,
        " runs {}/{}",
        short(workflow.package),
        short(workflow.version)
    );
    if let Some(queue) = workflow.queue {
        let _ = write!(out, " group {}", short(queue));
    }
    if !workflow.robots.is_empty() {
        let _ = write!(out, " robots {}", list(&workflow.robots));
    }
    let _ = writeln!(
        out,
        " priority {} retries {} triggered {}",
        workflow.priority, workflow.max_retry_count, workflow.triggered_count
    );
}

fn push_schedule(out: &mut String, schedule: &Schedule) {
    push(
        out,
        "schedule",
        schedule.id,
        &schedule.meta,
        &schedule.label.name,
    );
    let target = match schedule.target {
        Target::Workflow(id) | Target::Layout(id) => id,
    };
    let next = schedule
        .next_ms
        .map_or_else(|| "never".to_owned(), codec::instant::to_rfc3339);
    let _ = writeln!(
        out,
        " of {} next {next} fired {}",
        short(target),
        schedule.firings.len()
    );
}

fn push(out: &mut String, kind: &str, id: Guid, meta: &Meta, name: &str) {
    // Writing to a string cannot fail.
    let _ = write!(
        out,
        "{}: {kind} {} '{name}' r{}",
        meta.tenant.0,
        short(id),
        meta.revision
    );
}

fn short(id: Guid) -> String {
    format!("{:04x}", id.0 & 0xffff)
}

fn list<'a>(ids: impl IntoIterator<Item = &'a Guid>) -> String {
    let ids: Vec<String> = ids.into_iter().map(|id| short(*id)).collect();
    format!("[{}]", ids.join(" "))
}
