//! The expectations of conformance scenarios.
//! Never: expects more than the scenario states.

use super::scenario::{Outcome, Run, same, text};
use super::world::TimerView;
use bpmn::history::{self, ActivityRow};
use bpmn::model::Kind;
use bpmn::rows::{Delegation, Identity, IdentityLink};
use bpmn::schedule;
use serde_json::Value as Json;

/// Checks one expectation.
pub fn expect(run: &Run<'_>, step: &Json) -> Outcome {
    match text(step, "expect").unwrap_or_default() {
        "tasks" => tasks(run, step),
        "instances" => {
            let found = run.instances(step.get("where").unwrap_or(&Json::Null))?;
            check("instances", &step["count"], &Json::from(found.len()))
        }
        "ended" => state(run, step, |open, _| !open, "ended"),
        "running" => state(run, step, |open, _| open, "running"),
        "suspended" => state(run, step, |open, suspended| open && suspended, "suspended"),
        "active" => active(run, step),
        "variables" => variables(run, step),
        "history" => history(run, step),
        "timers" => timers_expected(run, step),
        "definitions" => definitions(run, step),
        "candidates" => candidates(run, step),
        "subscriptions" => subscriptions(step),
        other => Err(format!("unknown expectation {other}")),
    }
}

fn check(what: &str, wanted: &Json, got: &Json) -> Outcome {
    match wanted == got {
        true => Ok(()),
        false => Err(format!("{what}: expected {wanted}, got {got}")),
    }
}

fn bag(items: impl IntoIterator<Item = Json>) -> Json {
    let mut texts: Vec<Json> = items.into_iter().collect();
    texts.sort_by_key(ToString::to_string);
    Json::Array(texts)
}

fn wanted_bag(step: &Json, field: &str) -> Option<Json> {
    let items = step.get(field)?.as_array()?.clone();
    Some(bag(items))
}

fn tasks(run: &Run<'_>, step: &Json) -> Outcome {
    let found = run.tasks(step.get("where").unwrap_or(&Json::Null))?;
    if let Some(count) = step.get("count") {
        let names: Vec<_> = found.iter().map(|(_, task)| task.name.as_deref()).collect();
        check(&format!("tasks {names:?}"), count, &Json::from(found.len()))?;
    }
    for field in [
        "names",
        "keys",
        "assignees",
        "descriptions",
        "priorities",
        "delegationStates",
    ] {
        let Some(wanted) = wanted_bag(step, field) else {
            continue;
        };
        let got = bag(found.iter().map(|(_, task)| match field {
            "names" => Json::from(task.name.clone()),
            "keys" => {
                let definition = bpmn::Host::definition(&run.world.outside, task.definition);
                Json::from(definition.map(|d| d.process.element(task.element).id.clone()))
            }
            "assignees" => Json::from(task.assignee.clone()),
            "descriptions" => Json::from(task.description.clone()),
            "priorities" => Json::from(task.priority),
            _ => Json::from(task.delegation.map(|state| match state {
                Delegation::Pending => "pending",
                Delegation::Resolved => "resolved",
            })),
        }));
        check(field, &wanted, &got)?;
    }
    Ok(())
}

fn state(run: &Run<'_>, step: &Json, holds: fn(bool, bool) -> bool, what: &str) -> Outcome {
    let (root, number) = run.instance(step)?;
    let rows = run.world.entity(root).map(|e| e.instance.rows_ref());
    let row = rows.and_then(|rows| rows.instances.iter().find(|row| row.number == number));
    let row = row.ok_or("no such instance")?;
    match holds(row.is_open(), row.suspended) {
        true => Ok(()),
        false => {
            let text = run
                .world
                .entity(root)
                .map(|e| e.instance.text())
                .unwrap_or_default();
            Err(format!("is not {what}:\n{text}"))
        }
    }
}

/// Activities with the ids of their elements and whether they contain others.
fn activities(run: &Run<'_>, step: &Json) -> Result<Vec<(String, bool, ActivityRow)>, String> {
    let (root, number) = run.instance(step)?;
    let entity = run.world.entity(root).ok_or("no such instance")?;
    let rows = entity.instance.rows_ref();
    let row = rows
        .instances
        .iter()
        .find(|row| row.number == number)
        .ok_or("no such instance")?;
    let definition =
        bpmn::Host::definition(&run.world.outside, row.definition).ok_or("no definition")?;
    let named = entity.activities(number).into_iter().map(|activity| {
        let element = definition.process.element(activity.element);
        let container = matches!(element.kind, Kind::SubProcess(_));
        (element.id.clone(), container, activity)
    });
    Ok(named.collect())
}

fn active(run: &Run<'_>, step: &Json) -> Outcome {
    let open = activities(run, step)?.into_iter();
    let open = open.filter(|(_, container, activity)| !container && activity.ended_ms.is_none());
    let got = bag(open.map(|(id, _, _)| Json::from(id)));
    let wanted = wanted_bag(step, "activities").unwrap_or_default();
    check("active activities", &wanted, &got)
}

fn variables(run: &Run<'_>, step: &Json) -> Outcome {
    let got = if let Some(selector) = step.get("task") {
        let (root, task) = run.one_task(selector)?;
        let instance = &run.world.entity(root).ok_or("no such instance")?.instance;
        match step.get("local") == Some(&Json::Bool(true)) {
            true => instance.task_local_variables(task),
            false => instance.task_variables(task),
        }
    } else {
        let (root, number) = run.instance(step)?;
        let entity = run.world.entity(root).ok_or("no such instance")?;
        let rows = entity.instance.rows_ref();
        let open = rows
            .instances
            .iter()
            .any(|row| row.number == number && row.is_open());
        match open {
            true => entity.instance.instance_variables(number),
            false => history::last_values(&entity.entries, number),
        }
    };
    let find = |name: &str| {
        got.iter()
            .find(|(known, _)| known == name)
            .map(|(_, value)| value)
    };
    let equals = step
        .get("equals")
        .and_then(Json::as_object)
        .cloned()
        .unwrap_or_default();
    for (name, wanted) in &equals {
        let wanted = codec::json::from_json(wanted.clone()).expect("typed value");
        match find(name) {
            Some(value) if same(value, &wanted) => {}
            other => {
                return Err(format!(
                    "variable {name}: expected {wanted:?}, got {other:?}"
                ));
            }
        }
    }
    for name in step
        .get("absent")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        if find(name.as_str().unwrap_or_default()).is_some() {
            return Err(format!("variable {name} must not exist"));
        }
    }
    if step.get("exactly") == Some(&Json::Bool(true)) {
        let wanted = bag(equals.keys().map(|name| Json::from(name.clone())));
        check(
            "variable names",
            &wanted,
            &bag(got.iter().map(|(name, _)| Json::from(name.clone()))),
        )?;
    }
    Ok(())
}

fn history(run: &Run<'_>, step: &Json) -> Outcome {
    let all = activities(run, step)?;
    for (field, ended) in [("completed", true), ("open", false)] {
        for (id, times) in step
            .get(field)
            .and_then(Json::as_object)
            .into_iter()
            .flatten()
        {
            let of_id = all
                .iter()
                .filter(|(known, _, a)| known == id && a.ended_ms.is_some() == ended);
            check(
                &format!("{field} runs of {id}"),
                times,
                &Json::from(of_id.count()),
            )?;
        }
    }
    for id in step
        .get("absent")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        if all
            .iter()
            .any(|(known, _, _)| Some(known.as_str()) == id.as_str())
        {
            return Err(format!("{id} must not be in the history"));
        }
    }
    for (id, wanted) in step
        .get("deleteReasons")
        .and_then(Json::as_object)
        .into_iter()
        .flatten()
    {
        let mut of_id = all.iter().filter(|(known, _, _)| known == id);
        let told = of_id.any(
            |(_, _, activity)| match (&activity.delete_reason, wanted.as_str()) {
                (Some(reason), Some(wanted)) => reason.contains(wanted),
                (None, None) => true,
                (Some(_), None) | (None, Some(_)) => false,
            },
        );
        if !told {
            let got: Vec<_> = all
                .iter()
                .filter(|(known, _, _)| known == id)
                .map(|(_, _, a)| &a.delete_reason)
                .collect();
            return Err(format!(
                "delete reason of {id}: expected {wanted}, got {got:?}"
            ));
        }
    }
    let mut started = all.iter().map(|(id, _, _)| id.as_str());
    for id in step
        .get("order")
        .and_then(Json::as_array)
        .into_iter()
        .flatten()
    {
        if !started.any(|known| Some(known) == id.as_str()) {
            let got: Vec<_> = all.iter().map(|(id, _, _)| id).collect();
            return Err(format!("order: {id} is missing or late in {got:?}"));
        }
    }
    instance_end(run, step)
}

fn instance_end(run: &Run<'_>, step: &Json) -> Outcome {
    let (root, number) = run.instance(step)?;
    let rows = run
        .world
        .entity(root)
        .map(|e| e.instance.rows_ref())
        .ok_or("no such instance")?;
    let row = rows
        .instances
        .iter()
        .find(|row| row.number == number)
        .ok_or("no such instance")?;
    let ended = row.ended.as_ref();
    if let Some(wanted) = step.get("endActivity") {
        check(
            "end activity",
            wanted,
            &Json::from(ended.and_then(|e| e.end_activity.clone())),
        )?;
    }
    if let Some(wanted) = step.get("deleteReason") {
        check(
            "delete reason",
            wanted,
            &Json::from(ended.and_then(|e| e.delete_reason.clone())),
        )?;
    }
    Ok(())
}

/// Timers of an instance, a key or an activity, by due time.
pub fn timers(run: &Run<'_>, step: &Json) -> Result<Vec<TimerView>, String> {
    let of = text(step, "instance")
        .map(|name| run.inside(name))
        .transpose()?;
    let mut views = run.world.timers();
    views.retain(|view| {
        of.is_none_or(|of| view.instance == Some(of))
            && text(step, "key").is_none_or(|key| view.key == key)
            && text(step, "activity").is_none_or(|activity| view.activity == activity)
    });
    Ok(views)
}

fn timers_expected(run: &Run<'_>, step: &Json) -> Outcome {
    let found = timers(run, step)?;
    if let Some(count) = step.get("count") {
        let got: Vec<_> = found.iter().map(|view| &view.activity).collect();
        check(&format!("timers {got:?}"), count, &Json::from(found.len()))?;
    }
    if let Some(wanted) = wanted_bag(step, "activities") {
        let got = bag(found.iter().map(|view| Json::from(view.activity.clone())));
        check("timers' activities", &wanted, &got)?;
    }
    if let Some(due_in) = text(step, "dueIn") {
        let outside = &run.world.outside;
        let wanted =
            schedule::duration(due_in, outside.now_ms, &outside.zone).map_err(|e| e.to_string())?;
        if !found.iter().any(|view| (view.due_ms - wanted).abs() < 1500) {
            let got: Vec<_> = found
                .iter()
                .map(|view| codec::instant::to_rfc3339(view.due_ms))
                .collect();
            return Err(format!(
                "none due in {due_in}: {got:?}, now {}",
                codec::instant::to_rfc3339(outside.now_ms)
            ));
        }
    }
    Ok(())
}

fn definitions(run: &Run<'_>, step: &Json) -> Outcome {
    let key = text(step, "key").unwrap_or_default();
    let of_key = run.world.outside.definitions.iter().map(|d| &d.definition);
    let found: Vec<_> = of_key.filter(|d| d.process.key == key).collect();
    if let Some(count) = step.get("count") {
        check("versions", count, &Json::from(found.len()))?;
    }
    let latest = found.iter().max_by_key(|d| d.version);
    for (field, got) in [
        ("version", Json::from(latest.map(|d| d.version))),
        (
            "name",
            Json::from(latest.and_then(|d| d.process.name.clone())),
        ),
        (
            "description",
            Json::from(latest.and_then(|d| d.process.description.clone())),
        ),
    ] {
        if let Some(wanted) = step.get(field) {
            check(field, wanted, &got)?;
        }
    }
    Ok(())
}

fn candidates(run: &Run<'_>, step: &Json) -> Outcome {
    let (root, number) = run.one_task(&step["task"])?;
    let rows = run
        .world
        .entity(root)
        .map(|e| e.instance.rows_ref())
        .ok_or("no such instance")?;
    let task = rows
        .tasks
        .iter()
        .find(|task| task.number == number)
        .ok_or("no such task")?;
    let links = task
        .links
        .iter()
        .filter(|link| link.link_type == IdentityLink::CANDIDATE);
    let (mut users, mut groups) = (Vec::new(), Vec::new());
    for link in links {
        match &link.who {
            Identity::User(id) => users.push(Json::from(id.clone())),
            Identity::Group(id) => groups.push(Json::from(id.clone())),
        }
    }
    for (field, got) in [("users", users), ("groups", groups)] {
        if let Some(wanted) = wanted_bag(step, field) {
            check(field, &wanted, &bag(got))?;
        }
    }
    Ok(())
}

fn subscriptions(step: &Json) -> Outcome {
    for field in ["signals", "messages"] {
        if let Some(wanted) = wanted_bag(step, field) {
            check(field, &wanted, &Json::Array(Vec::new()))?;
        }
    }
    Ok(())
}
