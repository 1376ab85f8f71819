//! `GET /instances`: running ones from memory, ended ones from memory and the archive.
//!
//! Owns: the filters and how each side reads them. Never: wakes an instance, but for a filter on variables, which reads
//! the candidates' variables: at most 10,000 instances are looked at for one page, then it ends early with a cursor.

use super::{
    common::{self, Answered},
    merged::{self, Page, Place, Row, Scan, Side},
    page::{self, List, Which},
    problem::Refused,
    render::{self, Instance},
    variable_filter::VariableFilter,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::{
    Failure,
    archive::{self, EndState},
    views::{self, Count, Cursor, InstanceState, Views, Window},
};
use std::sync::Arc;

/// What is asked.
struct Asked {
    memory: views::InstanceFilter,
    archive: archive::InstanceFilter,
    states: States,
    variables: Vec<VariableFilter>,
    which: Which,
    limit: usize,
    count: Count,
}

/// The states that are asked for.
#[derive(Clone, Copy, PartialEq, Eq)]
struct States {
    active: bool,
    suspended: bool,
    completed: bool,
    cancelled: bool,
}

impl States {
    const NONE: States = States {
        active: false,
        suspended: false,
        completed: false,
        cancelled: false,
    };
    const RUNNING: States = States {
        active: true,
        suspended: true,
        ..States::NONE
    };
    const ANY: States = States {
        active: true,
        suspended: true,
        completed: true,
        cancelled: true,
    };

    fn read(request: &Request) -> Result<Self, Refused> {
        let mut states = States::NONE;
        for name in request.query.all("state") {
            match name {
                "active" => states.active = true,
                "suspended" => states.suspended = true,
                "completed" => states.completed = true,
                "cancelled" => states.cancelled = true,
                "running" => (states.active, states.suspended) = (true, true),
                "ended" => (states.completed, states.cancelled) = (true, true),
                "any" => states = States::ANY,
                other => return Err(Refused::parameter("state", other)),
            }
        }
        Ok(if states == States::NONE {
            States::RUNNING
        } else {
            states
        })
    }

    fn ended(self) -> bool {
        self.completed || self.cancelled
    }

    fn has(self, state: views::State) -> bool {
        match state {
            views::State::Active => self.active,
            views::State::Suspended => self.suspended,
            views::State::Completed => self.completed,
            views::State::Cancelled => self.cancelled,
        }
    }

    fn in_memory(self) -> InstanceState {
        match (self.active, self.suspended, self.ended()) {
            (true, false, false) => InstanceState::Active,
            (false, true, false) => InstanceState::Suspended,
            (true, true, false) | (false, false, false) => InstanceState::Running,
            (false, false, true) => InstanceState::Ended,
            (true, _, true) | (_, true, true) => InstanceState::Any,
        }
    }

    /// The same as states of the views that have nothing in common.
    fn apart(self) -> Vec<InstanceState> {
        let running = match (self.active, self.suspended) {
            (true, true) => Some(InstanceState::Running),
            (true, false) => Some(InstanceState::Active),
            (false, true) => Some(InstanceState::Suspended),
            (false, false) => None,
        };
        let ended = match (self.completed, self.cancelled) {
            (true, true) => Some(InstanceState::Ended),
            (true, false) => Some(InstanceState::Completed),
            (false, true) => Some(InstanceState::Cancelled),
            (false, false) => None,
        };
        running.into_iter().chain(ended).collect()
    }

    fn in_archive(self) -> Option<EndState> {
        match (self.completed, self.cancelled) {
            (true, false) => Some(EndState::Completed),
            (false, true) => Some(EndState::Cancelled),
            (true, true) | (false, false) => None,
        }
    }
}

impl Asked {
    fn read(state: &State, request: &Request) -> Result<Self, Refused> {
        let tenant = common::tenant(state, request);
        let states = States::read(request)?;
        let definitions = common::definition_ids(state, tenant, request);
        let keys = common::all(request, "definitionKey");
        let business_keys = common::all(request, "businessKey");
        let roots = common::roots(request, "rootInstanceId");
        let super_instance = common::ids(request, "superInstanceId").first().copied();
        let started_before = common::instant_parameter(request, "startedBefore")?;
        let started_after = common::instant_parameter(request, "startedAfter")?;
        let variables = request.query.all("variable").map(VariableFilter::parse);
        Ok(Asked {
            memory: views::InstanceFilter {
                tenant,
                definitions: definitions.clone(),
                keys: keys.clone(),
                roots: roots.clone(),
                business_keys: business_keys.clone(),
                state: states.in_memory(),
                super_instance,
                started_before,
                started_after,
            },
            archive: archive::InstanceFilter {
                tenant,
                roots,
                keys,
                definitions,
                business_keys,
                super_instance,
                state: states.in_archive(),
                started_before,
                started_after,
            },
            states,
            variables: variables.collect::<Result<_, _>>()?,
            which: Which::of(request),
            limit: page::limit(request)?,
            count: page::count(request)?,
        })
    }
}

/// `GET /instances`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let asked = Asked::read(&state, &request)?;
    if !asked.states.ended() && asked.variables.is_empty() {
        let after = page::after(&request)?;
        return common::ok(running(&state, &asked, after));
    }
    let after = page::after(&request)?;
    let reading = tokio::task::spawn_blocking(move || everywhere(&state, &asked, after));
    let body = reading
        .await
        .map_err(|_| Refused::from(Failure::Panicked))??;
    common::ok(body)
}

fn running(state: &State, asked: &Asked, after: Option<Cursor>) -> String {
    let window = Window {
        after,
        limit: asked.limit,
        count: asked.count,
        ..Window::default()
    };
    let views = state.engine.views.read();
    let found = views.instances(&asked.memory, &window);
    let mut list = List::new(asked.which, found.items.len());
    for instance in found.items {
        Instance::of_view(instance).push(list.row());
    }
    list.end(found.next.map(|next| next.to_string()), found.total)
}

/// Memory and archive; blocks on the disk.
fn everywhere(state: &Arc<State>, asked: &Asked, after: Option<Place>) -> Result<String, Refused> {
    let passes = |row: &Row| {
        asked.variables.is_empty()
            || super::variable_filter::any_passes(
                state,
                asked.memory.tenant,
                row.id,
                &asked.variables,
            )
    };
    let sides = |place: Option<Place>, limit: usize| {
        let mut sides = vec![in_memory(state, asked, place, limit)];
        if asked.states.ended() {
            sides.push(in_archive(state, asked, place, limit)?);
        }
        Ok(sides)
    };
    let scan = Scan {
        after,
        limit: asked.limit,
        sides: &sides,
        passes: &passes,
    };
    let page = scan.page()?;
    let total = total(state, asked, &scan, &page)?;
    Ok(page.render(asked.which, total))
}

fn in_memory(state: &State, asked: &Asked, place: Option<Place>, limit: usize) -> Side {
    let row = |instance: views::Instance<'_>| {
        let mut json = String::with_capacity(512);
        Instance::of_view(instance).push(&mut json);
        Row {
            order: instance.order(),
            id: instance.id(),
            json,
            passes: asked.states.has(instance.state()),
        }
    };
    merged::of_views(place, limit, |window| {
        let views = state.engine.views.read();
        let found = views.instances(&asked.memory, window);
        Side {
            more: found.next.is_some(),
            rows: found.items.into_iter().map(row).collect(),
        }
    })
}

fn in_archive(
    state: &State,
    asked: &Asked,
    place: Option<Place>,
    limit: usize,
) -> Result<Side, Refused> {
    let archive = &state.engine.archiver.archive;
    let found = archive.instances(&asked.archive, place, limit);
    let found = found.map_err(|error| Failure::Archive(error.to_string()))?;
    let row = |instance: archive::InstanceRow| {
        let mut json = String::with_capacity(512);
        Instance::of_archive(&instance).push(&mut json);
        Row {
            order: instance.order,
            id: instance.id,
            json,
            passes: asked.states.has(render::end_state(instance.state)),
        }
    };
    Ok(Side {
        more: found.next.is_some(),
        rows: found.items.into_iter().map(row).collect(),
    })
}

/// Known when the page is the whole list, or when both sides count theirs, while nothing moves between them. What has to be
/// looked at row by row is counted only when that is asked for.
fn total(
    state: &State,
    asked: &Asked,
    scan: &Scan<'_>,
    page: &Page,
) -> Result<Option<u64>, Refused> {
    if scan.after.is_none() && page.next.is_none() {
        return Ok(Some(page.rows.len() as u64));
    }
    if !asked.variables.is_empty() {
        return match asked.count {
            Count::Exact => scan.count().map(Some),
            Count::Bounded | Count::No => Ok(None),
        };
    }
    let archiver = &state.engine.archiver;
    let _still = archiver.still();
    let memory = in_memory_total(&state.engine.views.read(), asked);
    super::merged_total::add(memory, asked.count, |most| {
        archiver.archive.count_instances(&asked.archive, most)
    })
}

/// How many of the views are in one of the states, if they may be counted.
fn in_memory_total(views: &Views, asked: &Asked) -> Option<u64> {
    let window = Window {
        limit: 1,
        count: asked.count,
        ..Window::default()
    };
    let count = |state: InstanceState| {
        let filter = views::InstanceFilter {
            state,
            ..asked.memory.clone()
        };
        views.instances(&filter, &window).total
    };
    asked.states.apart().into_iter().map(count).sum()
}
