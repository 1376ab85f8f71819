//! `userTask`: creates a task from its templates, assigns it, and waits until it is completed.
//!
//! ```text
//!  create ─▶ assignee (listener assignment) ─▶ owner, candidates ─▶ listener create ─▶ waits
//! ```

use super::leave;
use crate::instance::run::{Run, Step};
use crate::instance::{Event, Refusal, TaskChange, tasks};
use crate::model::{Element, ElementIndex, TaskEvent, UserTask};
use crate::rows::{Identity, IdentityLink, TaskRow};
use crate::schedule::BusinessCalendar;
use crate::uel::Template;
use codec::Value;

/// The priority of a task whose model names none.
const DEFAULT_PRIORITY: i32 = 50;

pub(super) fn execute(
    run: &mut Run<'_>,
    element: &Element,
    at: ElementIndex,
    task: &UserTask,
    execution: u32,
) -> Step {
    let row = create(run, element, at, task, execution)?;
    if run.skips(element.skip_expression.as_ref(), execution)? == Some(true) {
        return leave(run, execution);
    }
    let number = row.number;
    run.work.emit(Event::TaskCreated(Box::new(row)));
    let assignee = optional_text(run, task.assignee.as_ref(), execution)?;
    // An empty one is one, too: the task is nobody's to claim.
    if assignee.is_some() {
        tasks::change_assignee(run, number, assignee)?;
    }
    let owner = optional_text(run, task.owner.as_ref(), execution)?;
    if owner.as_deref().is_some_and(|user| !user.is_empty()) {
        run.work.change_task(number, TaskChange::Owner(owner));
    }
    add_links(run, task, number, execution)?;
    tasks::notify(run, number, TaskEvent::Create)
}

fn create(
    run: &mut Run<'_>,
    element: &Element,
    at: ElementIndex,
    task: &UserTask,
    execution: u32,
) -> Result<TaskRow, Refusal> {
    let instance = run
        .work
        .execution(execution)
        .map(|e| e.instance)
        .ok_or_else(|| run.work.lost(execution))?;
    let name = match &task.name {
        Some(template) => text_or_source(run, template, execution)?,
        None => element.name.clone(),
    };
    let description = match &element.documentation {
        Some(template) => text_or_source(run, template, execution)?,
        None => None,
    };
    let due_ms = due_date(run, task, execution)?;
    let priority = priority(run, task.priority.as_ref(), execution)?;
    let category = string(run, task.category.as_ref(), execution)?;
    let form_key = string(run, task.form_key.as_ref(), execution)?;
    Ok(TaskRow {
        number: run.work.next_number(),
        instance,
        execution,
        definition: run.definition(instance)?.id,
        element: at,
        name,
        description,
        assignee: None,
        owner: None,
        delegation: None,
        priority,
        due_ms,
        category,
        form_key,
        suspended: run.work.is_suspended(instance),
        created_ms: run.work.now_ms,
        claimed_ms: None,
        links: Vec::new(),
        parent_task: None,
    })
}

/// Names and descriptions fall back to their source when their expression fails; a value that is no text is refused.
fn text_or_source(
    run: &mut Run<'_>,
    template: &Template,
    execution: u32,
) -> Result<Option<String>, Refusal> {
    match run.evaluate(template, execution) {
        Ok(value) => string_or_null(value, template),
        Err(_) => Ok(Some(template.text().to_owned())),
    }
}

fn string(
    run: &mut Run<'_>,
    template: Option<&Template>,
    execution: u32,
) -> Result<Option<String>, Refusal> {
    match template {
        Some(template) => string_or_null(run.evaluate(template, execution)?, template),
        None => Ok(None),
    }
}

/// Activiti turns nothing into a string where it wants one.
fn string_or_null(value: Value, template: &Template) -> Result<Option<String>, Refusal> {
    match value {
        Value::Null => Ok(None),
        Value::String(text) => Ok(Some(text)),
        other => Err(Refusal::InvalidValue(format!(
            "Expression does not resolve to a string: {} ({})",
            template.text(),
            other.to_java_string()
        ))),
    }
}

fn optional_text(
    run: &mut Run<'_>,
    template: Option<&Template>,
    execution: u32,
) -> Result<Option<String>, Refusal> {
    match template {
        Some(template) => run.evaluate_text(template, execution),
        None => Ok(None),
    }
}

fn due_date(run: &mut Run<'_>, task: &UserTask, execution: u32) -> Result<Option<i64>, Refusal> {
    let Some(template) = &task.due_date else {
        return Ok(None);
    };
    match run.evaluate(template, execution)? {
        Value::Null => Ok(None),
        Value::Date(ms) => Ok(Some(ms)),
        Value::String(text) => {
            let invalid =
                |error: crate::schedule::ScheduleError| Refusal::InvalidValue(error.to_string());
            let calendar = match &task.business_calendar {
                None => BusinessCalendar::DueDate,
                Some(name) => {
                    let name = run.evaluate_text(name, execution)?.unwrap_or_default();
                    BusinessCalendar::named(&name).map_err(invalid)?
                }
            };
            let now_ms = run.work.now_ms;
            let due_ms = calendar.resolve(&text, now_ms, run.host.time_zone());
            due_ms.map(Some).map_err(invalid)
        }
        other => Err(Refusal::InvalidValue(format!(
            "Due date expression does not resolve to a Date or Date string: {} ({})",
            template.text(),
            other.to_java_string()
        ))),
    }
}

fn priority(
    run: &mut Run<'_>,
    template: Option<&Template>,
    execution: u32,
) -> Result<i32, Refusal> {
    let Some(template) = template else {
        return Ok(DEFAULT_PRIORITY);
    };
    let number = match run.evaluate(template, execution)? {
        Value::Null => Some(DEFAULT_PRIORITY),
        Value::Int(number) => i32::try_from(number).ok(),
        Value::Double(number) => Some(number as i32),
        Value::String(text) => text.parse().ok(),
        Value::Bool(_)
        | Value::BigInt(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => None,
    };
    number.ok_or_else(|| {
        Refusal::InvalidValue(format!(
            "Priority does not resolve to a number: {}",
            template.text()
        ))
    })
}

fn add_links(run: &mut Run<'_>, task: &UserTask, number: u32, execution: u32) -> Step {
    let candidate = IdentityLink::CANDIDATE;
    for template in &task.candidate_groups {
        add_each(run, template, number, execution, candidate, Identity::Group)?;
    }
    for template in &task.candidate_users {
        add_each(run, template, number, execution, candidate, Identity::User)?;
    }
    for custom in &task.custom_links {
        let link_type = &custom.link_type;
        for template in &custom.users {
            add_each(run, template, number, execution, link_type, Identity::User)?;
        }
        for template in &custom.groups {
            add_each(run, template, number, execution, link_type, Identity::Group)?;
        }
    }
    Ok(())
}

/// A template gives a comma list or a collection of strings; each of it becomes a link, once, an empty one too.
fn add_each(
    run: &mut Run<'_>,
    template: &Template,
    number: u32,
    execution: u32,
    link_type: &str,
    identity: fn(String) -> Identity,
) -> Step {
    let ids: Option<Vec<String>> = match run.evaluate(template, execution)? {
        Value::String(text) => Some(comma_separated(&text)),
        Value::List(items) => {
            let texts = items.iter().map(|item| item.as_str().map(str::to_owned));
            texts.collect()
        }
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::Map(_) => None,
    };
    let ids = ids.ok_or_else(|| {
        Refusal::InvalidValue(format!(
            "Expression did not resolve to a string or collection of strings: {}",
            template.text()
        ))
    })?;
    for id in ids {
        let link = IdentityLink {
            link_type: link_type.to_owned(),
            who: identity(id),
        };
        tasks::add_link(run, number, link);
    }
    Ok(())
}

/// As Java splits: blanks around commas go, what is empty behind the last filled part goes, an empty text is one part.
fn comma_separated(text: &str) -> Vec<String> {
    let blank = |c: char| matches!(c, ' ' | '\t' | '\n' | '\r' | '\x0b' | '\x0c');
    let last = text.matches(',').count();
    let mut ids: Vec<String> = text
        .split(',')
        .enumerate()
        .map(|(at, part)| {
            let part = if at > 0 {
                part.trim_start_matches(blank)
            } else {
                part
            };
            let part = if at < last {
                part.trim_end_matches(blank)
            } else {
                part
            };
            part.to_owned()
        })
        .collect();
    while last > 0 && ids.last().is_some_and(String::is_empty) {
        ids.pop();
    }
    ids
}

pub(super) fn trigger(run: &mut Run<'_>, execution: u32) -> Step {
    let open = run
        .work
        .rows()
        .tasks
        .iter()
        .any(|t| t.execution == execution);
    if open {
        return Err(Refusal::NotWaiting(
            "UserTask should not be signalled before complete".to_owned(),
        ));
    }
    leave(run, execution)
}
