//! Lists of tasks and instances: whole when short, else in pieces as the client takes them.
//!
//! Owns: that a long list holds neither a lock nor its text for long. Never: chooses what is listed.
//!
//! ```text
//!  filter ─▶ page of ids (views, one short lock) ─▶ a look at each instance ─▶ TaskInfo ─▶ piece ─▶ next page …
//! ```

use super::{Answered, envelope, error, error::Trouble, shapes};
use crate::server::State;
use actors::{
    Failure,
    views::{Count, Cursor, InstanceFilter, Sort, TaskFilter, Window},
};
use bytes::Bytes;
use codec::Id;
use serde_json::Value as Json;
use std::sync::Arc;

/// Rows of one piece.
const PIECE: usize = 500;
/// Pieces that may wait for the client.
const AHEAD: usize = 2;

/// The tasks that pass a filter, with their variables.
pub async fn tasks(state: &Arc<State>, message: &str, filter: TaskFilter, sort: Sort) -> Answered {
    let (ids, next) = page(state, &filter, sort, None);
    let mut body = envelope::list_start(message);
    let mut first = true;
    push(&infos(state, ids).await?, &mut first, &mut body);
    let Some(mut next) = next else {
        body.extend_from_slice(envelope::LIST_END);
        return Ok(envelope::whole(body));
    };
    let (response, sender) = envelope::in_pieces().channel(AHEAD);
    let state = Arc::clone(state);
    tokio::spawn(async move {
        // Nobody reads on: the client has gone.
        while sender.send(Bytes::from(body)).await.is_ok() {
            let (ids, following) = page(&state, &filter, sort, Some(next));
            body = Vec::new();
            match infos(&state, ids).await {
                Ok(infos) => push(&infos, &mut first, &mut body),
                Err(trouble) => {
                    tracing::warn!(?trouble, "a list of tasks was cut short");
                    return;
                }
            }
            let Some(cursor) = following else {
                body.extend_from_slice(envelope::LIST_END);
                // As above.
                let _ = sender.send(Bytes::from(body)).await;
                return;
            };
            next = cursor;
        }
    });
    Ok(response)
}

fn page(
    state: &State,
    filter: &TaskFilter,
    sort: Sort,
    after: Option<Cursor>,
) -> (Vec<Id>, Option<Cursor>) {
    let views = state.engine.views.read();
    let page = views.tasks(filter, &window(sort, after));
    (page.items.iter().map(|task| task.id()).collect(), page.next)
}

fn window(sort: Sort, after: Option<Cursor>) -> Window {
    Window {
        sort,
        after,
        limit: PIECE,
        count: Count::No,
    }
}

/// The tasks of these ids that are still open, in this order; one look for neighbours of one root.
pub async fn infos(state: &Arc<State>, ids: Vec<Id>) -> Result<Vec<Json>, Trouble> {
    let mut infos = Vec::with_capacity(ids.len());
    for neighbours in ids.chunk_by(|a, b| a.root == b.root) {
        let root = neighbours[0].root;
        let numbers: Vec<u32> = neighbours.iter().map(|id| id.number).collect();
        let core = Arc::clone(state.engine.core());
        let looked = state.engine.look(root, move |seen| {
            let info = |number| shapes::task::info(&core.catalog, seen.instance, number);
            numbers.into_iter().filter_map(info).collect::<Vec<Json>>()
        });
        match looked.await {
            Ok(found) => infos.extend(found),
            // One entity that cannot be read does not hide all others.
            Err(Failure::Quarantined(why)) => {
                tracing::warn!(%root, %why, "its tasks are left out of a list");
            }
            Err(failure) => {
                error::business(failure)?;
            }
        }
    }
    Ok(infos)
}

fn push(rows: &[Json], first: &mut bool, body: &mut Vec<u8>) {
    for row in rows {
        if !std::mem::replace(first, false) {
            body.push(b',');
        }
        body.extend_from_slice(row.to_string().as_bytes());
    }
}

/// The instances that pass a filter.
pub fn instances(state: &Arc<State>, message: &str, filter: InstanceFilter) -> Answered {
    let mut pieces = Instances {
        state: Arc::clone(state),
        filter,
        after: None,
        first: true,
        ended: false,
    };
    let mut body = envelope::list_start(message);
    pieces.push(&mut body);
    if pieces.ended {
        return Ok(envelope::whole(body));
    }
    let rest = std::iter::once(Bytes::from(body)).chain(pieces);
    Ok(envelope::in_pieces().chunks(rest))
}

/// Makes the pieces of a list of instances.
struct Instances {
    state: Arc<State>,
    filter: InstanceFilter,
    after: Option<Cursor>,
    first: bool,
    ended: bool,
}

impl Instances {
    fn push(&mut self, body: &mut Vec<u8>) {
        let engine = &self.state.engine;
        let views = engine.views.read();
        let page = views.instances(&self.filter, &window(Sort::OLDEST_FIRST, self.after));
        let rows = page.items.iter();
        let rows: Vec<Json> = rows
            .map(|instance| shapes::instance::state(&engine.catalog, *instance))
            .collect();
        self.after = page.next;
        self.ended = page.next.is_none();
        drop(views);
        push(&rows, &mut self.first, body);
        if self.ended {
            body.extend_from_slice(envelope::LIST_END);
        }
    }
}

impl Iterator for Instances {
    type Item = Bytes;

    fn next(&mut self) -> Option<Bytes> {
        if self.ended {
            return None;
        }
        let mut body = Vec::new();
        self.push(&mut body);
        Some(body.into())
    }
}
