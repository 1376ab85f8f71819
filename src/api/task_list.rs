//! `GET /tasks`: open ones from memory; completed ones from what waits for the archive and the archive.
//!
//! Owns: the filters and how each side reads them. Of completed tasks neither links nor suspension are kept: `candidateUser`,
//! `candidateGroup` and `suspended=true` match open tasks only, and `involvedUser` looks at their assignee and owner.

use super::{
    alike::Rows,
    common::{self, Answered},
    definitions,
    lineage::{self, Lineage},
    merged::{self, Page, Place, Row, Scan, Side},
    merged_total,
    page::{self, Which},
    problem::Refused,
    render::Task,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use actors::{
    Failure, archive,
    views::{self, CandidateUser, Count, Cursor, Sort, SortKey, Window},
};
use codec::Tenant;
use std::cmp::Reverse;

/// What is asked.
struct Asked {
    open: Option<views::TaskFilter>,
    finished: Option<archive::TaskFilter>,
    which: Which,
    limit: usize,
    count: Count,
}

/// `GET /tasks`
pub async fn list(state: Context<State>, request: Request, _params: Params) -> Answered {
    let lineage = lineage::read(&state, common::tenant(&state, &request), &request).await?;
    let asked = Asked::read(&state, &request, lineage)?;
    let sort = sort(&request)?;
    if let (Some(filter), None) = (&asked.open, &asked.finished) {
        let window = Window {
            sort: sort.unwrap_or(Sort::NEWEST_FIRST),
            after: page::after::<Cursor>(&request)?,
            limit: asked.limit,
            count: asked.count,
        };
        return common::ok(open(&state, asked.which, filter, &window));
    }
    if sort.is_some() {
        return Err(Refused::malformed(
            "only open tasks can be sorted; others are newest first",
        ));
    }
    let after = page::after(&request)?;
    let reading = tokio::task::spawn_blocking(move || everywhere(&state, &asked, after));
    let body = reading
        .await
        .map_err(|_| Refused::from(Failure::Panicked))??;
    common::ok(body)
}

/// `createdAt`, `dueAt` or `priority`; with a minus before it the greatest first.
fn sort(request: &Request) -> Result<Option<Sort>, Refused> {
    let Some(text) = request.query.get("sort") else {
        return Ok(None);
    };
    let (name, descending) = match text.strip_prefix('-') {
        Some(name) => (name, true),
        None => (text, false),
    };
    let key = match name {
        "createdAt" => SortKey::CreatedAt,
        "dueAt" => SortKey::DueAt,
        "priority" => SortKey::Priority,
        _ => return Err(Refused::parameter("sort", text)),
    };
    Ok(Some(Sort { key, descending }))
}

impl Asked {
    fn read(state: &State, request: &Request, lineage: Lineage) -> Result<Self, Refused> {
        let tenant = common::tenant(state, request);
        let (mut open, mut completed) = (false, false);
        for name in request.query.all("state") {
            match name {
                "open" => open = true,
                "completed" => completed = true,
                "any" => (open, completed) = (true, true),
                other => return Err(Refused::parameter("state", other)),
            }
        }
        open |= !completed;
        let ended_after = common::instant_parameter(request, "endedAfter")?;
        let filter = open_filter(state, request, tenant, lineage)?;
        let only_open = !filter.candidate_users.is_empty()
            || !filter.candidate_groups.is_empty()
            || filter.suspended == Some(true);
        let finished = archive::TaskFilter {
            tenant,
            instances: filter.instances.clone(),
            roots: filter.roots.clone(),
            keys: filter.keys.clone(),
            activity_ids: filter.activity_ids.clone(),
            names: filter.names.clone(),
            assignees: filter.assignees.clone(),
            owners: filter.owners.clone(),
            involved: filter.involved_users.clone(),
            business_keys: filter.business_keys.clone(),
            unassigned: filter.unassigned,
            due_before: filter.due_before,
            ended_after,
            completed_only: false,
        };
        let finished = finished_of(completed, only_open, finished);
        Ok(Asked {
            // What is open has not ended.
            open: (open && ended_after.is_none()).then_some(filter),
            finished,
            which: Which::of(request),
            limit: page::limit(request)?,
            count: page::count(request)?,
        })
    }
}

fn finished_of(
    asked: bool,
    only_open: bool,
    filter: archive::TaskFilter,
) -> Option<archive::TaskFilter> {
    (asked && !only_open).then_some(filter)
}

fn open_filter(
    state: &State,
    request: &Request,
    tenant: Tenant,
    lineage: Lineage,
) -> Result<views::TaskFilter, Refused> {
    let candidate = |user: &str| CandidateUser {
        user: user.to_owned(),
        groups: state.engine.organisation.look(|organisation| {
            let groups = organisation.groups_of_user(tenant, user);
            groups.map(|group| group.id.clone()).collect()
        }),
    };
    Ok(views::TaskFilter {
        tenant,
        instances: lineage.instances,
        roots: lineage.roots,
        definitions: Vec::new(),
        keys: common::all(request, "processDefinitionKey"),
        activity_ids: common::all(request, "activityId"),
        names: common::all(request, "name"),
        assignees: common::all(request, "assignee"),
        owners: common::all(request, "owner"),
        candidate_users: request.query.all("candidateUser").map(candidate).collect(),
        candidate_groups: common::all(request, "candidateGroup"),
        involved_users: common::all(request, "involvedUser"),
        unassigned: common::flag(request, "unassigned")?.unwrap_or(false),
        business_keys: common::all(request, "businessKey"),
        due_before: common::instant_parameter(request, "dueBefore")?,
        suspended: common::flag(request, "suspended")?,
    })
}

fn open(state: &State, which: Which, filter: &views::TaskFilter, window: &Window) -> Vec<u8> {
    let views = state.engine.views.read();
    let found = views.tasks(filter, window);
    let mut rows = Rows::behind(page::begin(found.items.len()));
    for task in found.items {
        rows.push(task);
    }
    rows.end(|out| {
        page::push_end(
            which,
            found.next.map(|next| next.to_string()),
            found.total,
            out,
        )
    })
}

/// Memory and archive; blocks on the disk.
fn everywhere(state: &State, asked: &Asked, after: Option<Place>) -> Result<String, Refused> {
    let sides = |place: Option<Place>, limit: usize| {
        let mut sides = Vec::with_capacity(3);
        if let Some(filter) = &asked.open {
            sides.push(open_side(state, filter, place, limit));
        }
        if let Some(filter) = &asked.finished {
            // What waits is read first: what is archived meanwhile is in both.
            sides.push(waiting_side(state, filter, place, limit));
            sides.push(archived_side(state, filter, place, limit)?);
        }
        Ok(sides)
    };
    let scan = Scan {
        after,
        limit: asked.limit,
        sides: &sides,
        passes: &|_| true,
    };
    let page = scan.page()?;
    let total = total(state, asked, after, &page)?;
    Ok(page.render(asked.which, total))
}

fn open_side(
    state: &State,
    filter: &views::TaskFilter,
    place: Option<Place>,
    limit: usize,
) -> Side {
    let row = |task: views::Task<'_>| {
        let mut json = String::with_capacity(768);
        Task::of_view(task).push(&mut json);
        Row {
            order: task.order(),
            id: task.id(),
            json,
            passes: true,
        }
    };
    merged::of_views(place, limit, |window| {
        let views = state.engine.views.read();
        let found = views.tasks(filter, window);
        Side {
            more: found.next.is_some(),
            rows: found.items.into_iter().map(row).collect(),
        }
    })
}

fn waiting_side(
    state: &State,
    filter: &archive::TaskFilter,
    place: Option<Place>,
    limit: usize,
) -> Side {
    let place_of = |task: &archive::FinishedTask| Place {
        order: task.order,
        id: task.id,
    };
    let wanted = |task: &archive::FinishedTask| {
        merged::is_behind(place, place_of(task)) && matches(filter, task)
    };
    let mut waiting = state.engine.archiver.waiting_tasks(wanted);
    waiting.sort_by_key(|task| Reverse(place_of(task)));
    let more = waiting.len() > limit;
    waiting.truncate(limit);
    Side {
        more,
        rows: waiting
            .iter()
            .map(|task| finished_row(state, task))
            .collect(),
    }
}

fn archived_side(
    state: &State,
    filter: &archive::TaskFilter,
    place: Option<Place>,
    limit: usize,
) -> Result<Side, Refused> {
    let archive = &state.engine.archiver.archive;
    let found = archive.finished_tasks(filter, place, limit);
    let found = found.map_err(|error| Failure::Archive(error.to_string()))?;
    Ok(Side {
        more: found.next.is_some(),
        rows: found
            .items
            .iter()
            .map(|task| finished_row(state, task))
            .collect(),
    })
}

fn finished_row(state: &State, task: &archive::FinishedTask) -> Row {
    let mut json = String::with_capacity(768);
    let version = definitions::version(state, task.definition);
    Task::of_finished(task, version).push(&mut json);
    Row {
        order: task.order,
        id: task.id,
        json,
        passes: true,
    }
}

/// The archive's filter on a row that it does not hold yet.
fn matches(filter: &archive::TaskFilter, task: &archive::FinishedTask) -> bool {
    let text = |wanted: &[String], value: Option<&str>| {
        wanted.is_empty() || value.is_some_and(|value| wanted.iter().any(|one| one == value))
    };
    let instance = task.id.root.child(task.instance);
    task.tenant == filter.tenant
        && (filter.instances.is_empty() || filter.instances.contains(&instance))
        && (filter.roots.is_empty() || filter.roots.contains(&task.id.root))
        && text(&filter.keys, Some(&task.key))
        && text(&filter.activity_ids, Some(&task.activity_id))
        && text(&filter.names, task.name.as_deref())
        && text(&filter.assignees, task.assignee.as_deref())
        && text(&filter.owners, task.owner.as_deref())
        && (filter.involved.is_empty()
            || text(&filter.involved, task.assignee.as_deref())
            || text(&filter.involved, task.owner.as_deref()))
        && text(&filter.business_keys, task.business_key.as_deref())
        && (!filter.unassigned || task.assignee.is_none())
        && filter
            .due_before
            .is_none_or(|limit| task.due_ms.is_some_and(|due| due < limit))
        && filter.ended_after.is_none_or(|limit| task.ended_ms > limit)
}

fn total(
    state: &State,
    asked: &Asked,
    after: Option<Place>,
    page: &Page,
) -> Result<Option<u64>, Refused> {
    if after.is_none() && page.next.is_none() {
        return Ok(Some(page.rows.len() as u64));
    }
    let Some(filter) = &asked.finished else {
        return Ok(None);
    };
    let window = Window {
        limit: 1,
        count: asked.count,
        ..Window::default()
    };
    let archiver = &state.engine.archiver;
    let _still = archiver.still();
    let (open, waiting) = {
        // A task that is completed leaves one for the other under one lock.
        let views = state.engine.views.read();
        let open = match &asked.open {
            Some(open) => views.tasks(open, &window).total,
            None => Some(0),
        };
        let waiting = archiver.waiting_tasks(|task| matches(filter, task));
        (open, waiting.len() as u64)
    };
    let memory = open.map(|open| open + waiting);
    merged_total::add(memory, asked.count, |most| {
        archiver.archive.count_tasks(filter, most)
    })
}
