//! Timers of instances and start timers of definitions, one list in the order of their due times.
//! Never: fires by itself; the timer service does.

use super::{
    common::{self, Answered},
    json::{Object, key},
    lineage,
    order::{self, Write},
    page::{self, List, Which},
    problem::Refused,
    render::Definition,
    subject::Subject,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::{
    definitions::StartTimer,
    views::{self, Cursor, TimerFilter, Window},
};
use bpmn::{Command, rows::TimerRow};
use codec::{DefinitionId, Id, RootId, Tenant};
use serde::Deserialize;
use std::{fmt, str::FromStr};

/// What ids of start timers begin with.
const START: &str = "start-";

/// Where a page of timers ended: the due time of its last row, and how many rows of that time were shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Place {
    due_ms: i64,
    shown: usize,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "t{}.{}", self.due_ms, self.shown)
    }
}

impl FromStr for Place {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let parts = text.strip_prefix('t').and_then(|rest| rest.split_once('.'));
        let (due_ms, shown) = parts.ok_or(())?;
        Ok(Place {
            due_ms: due_ms.parse().map_err(|_| ())?,
            shown: shown.parse().map_err(|_| ())?,
        })
    }
}

impl Place {
    /// The cursor of the views that stands before every timer of this due time.
    fn views_cursor(self) -> Option<Cursor> {
        let sortable = (self.due_ms ^ i64::MIN).cast_unsigned();
        format!("v{sortable:x}.0.0.0").parse().ok()
    }
}

/// `GET /timers`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let tenant = common::tenant(&state, &request);
    let lineage = lineage::read(&state, tenant, &request).await?;
    let filter = TimerFilter {
        tenant,
        instances: lineage.instances,
        roots: lineage.roots,
        definitions: common::definition_ids(&state, tenant, &request),
        keys: common::all(&request, "definitionKey"),
        due_before: common::instant_parameter(&request, "dueBefore")?,
    };
    page_of(&state, &request, &filter)
}

/// `GET /instances/{id}/timers`
pub async fn of_instance(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Instance.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    super::incidents::known(&state, tenant, id).await?;
    let filter = TimerFilter {
        tenant,
        instances: vec![id],
        ..TimerFilter::default()
    };
    page_of(&state, &request, &filter)
}

fn page_of(state: &State, request: &Request, filter: &TimerFilter) -> Answered {
    let (limit, after) = (page::limit(request)?, page::after::<Place>(request)?);
    let shown = after.map_or(0, |place| place.shown);
    let window = Window {
        after: after.and_then(Place::views_cursor),
        limit: limit.saturating_add(shown),
        count: page::count(request)?,
        ..Window::default()
    };
    let starts = starts(state, filter);
    let total_starts = starts.len() as u64;
    let views = state.engine.views.read();
    let found = views.timers(filter, &window);
    let mut rows: Vec<(i64, Row<'_>)> = starts
        .iter()
        .filter(|timer| after.is_none_or(|place| timer.timer.due_ms >= place.due_ms))
        .map(|timer| (timer.timer.due_ms, Row::Start(timer)))
        .collect();
    rows.extend(
        found
            .items
            .into_iter()
            .map(|timer| (timer.due_ms(), Row::Instance(timer))),
    );
    // Stable: start timers of one due time come before those of instances.
    rows.sort_by_key(|(due_ms, _)| *due_ms);
    let same = rows
        .iter()
        .take_while(|(due_ms, _)| after.is_some_and(|p| *due_ms == p.due_ms));
    rows.drain(..shown.min(same.count()));
    let more = found.next.is_some() || rows.len() > limit;
    rows.truncate(limit);
    let mut list = List::new(Which::of(request), rows.len());
    for (_, row) in &rows {
        match row {
            Row::Start(timer) => push_start(state, timer, list.row()),
            Row::Instance(timer) => push(*timer, list.row()),
        }
    }
    let next = rows.last().filter(|_| more).map(|(due_ms, _)| {
        let here = rows.iter().filter(|(other, _)| other == due_ms).count();
        let before = after
            .filter(|place| place.due_ms == *due_ms)
            .map_or(0, |p| p.shown);
        let place = Place {
            due_ms: *due_ms,
            shown: here + before,
        };
        place.to_string()
    });
    common::ok(list.end(next, found.total.map(|total| total + total_starts)))
}

enum Row<'v> {
    Start(&'v StartTimer),
    Instance(views::Timer<'v>),
}

/// Start timers that pass; those of instances only when they are asked for.
fn starts(state: &State, filter: &TimerFilter) -> Vec<StartTimer> {
    if !filter.instances.is_empty() || !filter.roots.is_empty() {
        return Vec::new();
    }
    let mut timers = state.engine.catalog.start_timers();
    timers.retain(|timer| {
        let id = DefinitionId(timer.definition);
        let published = state.engine.catalog.get(id);
        published.is_some_and(|published| {
            published.definition.tenant == filter.tenant
                && !published.leaving
                && (filter.keys.is_empty()
                    || filter.keys.contains(&published.definition.process.key))
                && (filter.definitions.is_empty() || filter.definitions.contains(&id))
                && filter
                    .due_before
                    .is_none_or(|limit| timer.timer.due_ms < limit)
        })
    });
    timers
}

fn push(timer: views::Timer<'_>, out: &mut String) {
    let mut object = Object::begin(out);
    object.id(key!("id"), timer.id());
    object.text(key!("type"), "timer");
    object.id(key!("instanceId"), timer.instance().id());
    let definition = Definition {
        key: timer.definition_key(),
        version: timer.definition_version(),
        number: timer.definition().0,
    };
    definition.push_id(key!("definitionId"), &mut object);
    object.text(key!("activityId"), timer.activity_id());
    object.instant(key!("dueAt"), timer.due_ms());
    object.number(key!("retriesLeft"), i64::from(timer.retries_left()));
    object.optional_text(key!("repeat"), timer.repeat().map(|repeat| &*repeat.text));
    object.optional_text(key!("lastError"), timer.last_error());
    object.end();
}

fn push_start(state: &State, timer: &StartTimer, out: &mut String) {
    let published = state.engine.catalog.get(DefinitionId(timer.definition));
    let mut object = Object::begin(out);
    object.text(key!("id"), &format!("{START}{}", timer.number));
    object.text(key!("type"), "timer");
    object.null(key!("instanceId"));
    object.optional_text(key!("definitionId"), published.as_ref().map(|p| &*p.id));
    let element = published.as_ref().and_then(|published| {
        let elements = &published.definition.process.elements;
        elements.get(timer.timer.element.0 as usize)
    });
    object.optional_text(key!("activityId"), element.map(|element| &*element.id));
    object.instant(key!("dueAt"), timer.timer.due_ms);
    object.null(key!("retriesLeft"));
    let repeat = timer.timer.repeat.as_ref();
    object.optional_text(key!("repeat"), repeat.map(|repeat| &*repeat.text));
    object.null(key!("lastError"));
    object.end();
}

/// The number of a start timer's id, when it is one that this company has.
fn start_number(state: &State, tenant: Tenant, text: &str) -> Option<Result<u64, Refused>> {
    let rest = text.strip_prefix(START)?;
    let all = TimerFilter {
        tenant,
        ..TimerFilter::default()
    };
    let number: Option<u64> = rest.parse().ok();
    let known = number.filter(|number| {
        let starts = starts(state, &all);
        starts.iter().any(|timer| timer.number == *number)
    });
    Some(known.ok_or_else(|| Subject::Timer.unknown(text)))
}

/// `POST /timers/{id}/fire`: answers with the timer as it is then; null when it is gone.
pub async fn fire(state: Context<State>, request: Request, params: Params) -> Answered {
    let text = params.get("id");
    let tenant = common::tenant(&state, &request);
    let mut body = String::with_capacity(512);
    if let Some(number) = start_number(&state, tenant, text) {
        let number = number?;
        state.engine.fire_start_timer(number).await?;
        let timers = state.engine.catalog.start_timers();
        let left = timers.iter().find(|timer| timer.number == number);
        push_fired(&mut body, |out| {
            left.map(|timer| push_start(&state, timer, out))
        });
        return common::ok(body);
    }
    let id = Subject::Timer.parse(text)?;
    if super::subject::is_foreign(&state, tenant, id.root) {
        return Err(Subject::Timer.unknown(text));
    }
    if let Err(failure) = state.engine.fire_timer(id).await {
        return Err(super::subject::explain(&state, tenant, Subject::Timer, id, failure).await);
    }
    let views = state.engine.views.read();
    push_fired(&mut body, |out| {
        views.timer(tenant, id).map(|timer| push(timer, out))
    });
    common::ok(body)
}

fn push_fired(out: &mut String, timer: impl FnOnce(&mut String) -> Option<()>) {
    out.push_str("{\"fired\":true,\"timer\":");
    if timer(out).is_none() {
        out.push_str("null");
    }
    out.push('}');
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct MoveBody {
    due_at: String,
}

/// `PATCH /timers/{id}`
pub async fn change(state: Context<State>, request: Request, params: Params) -> Answered {
    let text = params.get("id");
    let write = Write {
        remember: None,
        ..Write::of(&state, &request)
    };
    if let Some(number) = start_number(&state, write.tenant, text) {
        number?;
        let detail = "a start timer is as its model says and cannot be moved";
        return Err(Refused::conflict("start-timer", detail));
    }
    let id = Subject::Timer.parse(text)?;
    let body: MoveBody = common::body(&request)?;
    let command = Command::MoveTimer {
        timer: id.number,
        due_ms: common::instant_of("dueAt", &body.due_at)?,
    };
    let shared = Context::clone(&state);
    order::order(&state, write, Subject::Timer, id, command, move |applied| {
        let timers = &applied.instance.rows_ref().timers;
        let row = timers.iter().find(|timer| timer.number == id.number);
        order::rendered(row.map_or_else(String::new, |row| moved(&shared, id.root, row)))
    })
    .await
}

fn moved(state: &State, root: RootId, row: &TimerRow) -> String {
    let published = state.engine.catalog.get(row.definition);
    let element = published.as_ref().and_then(|published| {
        let elements = &published.definition.process.elements;
        elements.get(row.element.0 as usize)
    });
    let mut body = String::with_capacity(512);
    let mut object = Object::begin(&mut body);
    object.id(key!("id"), own_id(root, row));
    object.text(key!("type"), "timer");
    object.id(key!("instanceId"), root.child(row.instance));
    object.optional_text(key!("definitionId"), published.as_ref().map(|p| &*p.id));
    object.optional_text(key!("activityId"), element.map(|element| &*element.id));
    object.instant(key!("dueAt"), row.due_ms);
    object.number(key!("retriesLeft"), i64::from(row.retries_left));
    object.optional_text(
        key!("repeat"),
        row.repeat.as_ref().map(|repeat| &*repeat.text),
    );
    object.optional_text(key!("lastError"), row.last_error.as_deref());
    object.end();
    body
}

fn own_id(root: RootId, row: &TimerRow) -> Id {
    root.child(row.number)
}
