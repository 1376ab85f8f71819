//! `rootInstanceId` as a filter: an instance and all that it called. Mostly it names a root, which the indexes know; it may
//! also name a called instance, whose descendants are then looked up.
//! Never: leaves the root that the named instance is in.

use super::{common, problem::Refused, subject};
use crate::{http::Request, server::State};
use actors::{
    archive,
    views::{self, Count, InstanceState, Window},
};
use codec::{Id, RootId, Tenant};
use std::{collections::HashSet, sync::Arc};

/// What the filters `instanceId` and `rootInstanceId` let pass, both together.
pub struct Lineage {
    /// These instances; empty: all.
    pub instances: Vec<Id>,
    /// Of these roots; empty: all.
    pub roots: Vec<RootId>,
}

/// Reads both filters.
pub async fn read(
    state: &Arc<State>,
    tenant: Tenant,
    request: &Request,
) -> Result<Lineage, Refused> {
    let instances = common::ids(request, "instanceId");
    let named = common::ids(request, "rootInstanceId");
    if named.iter().all(|id| id.number == 0) {
        return Ok(Lineage {
            instances,
            roots: named.into_iter().map(|id| id.root).collect(),
        });
    }
    let mut all = Vec::new();
    for id in named {
        all.extend(descendants(state, tenant, id).await?);
    }
    if !instances.is_empty() {
        all.retain(|id| instances.contains(id));
    }
    if all.is_empty() {
        all.push(common::NOBODY);
    }
    Ok(Lineage {
        instances: all,
        roots: Vec::new(),
    })
}

/// An instance and all that it called, itself first; empty when there is none.
async fn descendants(state: &Arc<State>, tenant: Tenant, id: Id) -> Result<Vec<Id>, Refused> {
    let mut family = in_memory(state, tenant, id.root);
    if family.is_empty() {
        family = archived(state, tenant, id.root).await?;
    }
    // A called instance has a higher number than its caller.
    family.sort_unstable();
    let mut known = HashSet::new();
    for (number, caller) in family {
        if number == id.number || caller.is_some_and(|caller| known.contains(&caller)) {
            known.insert(number);
        }
    }
    let mut found: Vec<Id> = known
        .into_iter()
        .map(|number| id.root.child(number))
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Numbers of instances and of their callers.
type Family = Vec<(u32, Option<u32>)>;

fn in_memory(state: &State, tenant: Tenant, root: RootId) -> Family {
    let filter = views::InstanceFilter {
        tenant,
        roots: vec![root],
        state: InstanceState::Any,
        ..views::InstanceFilter::default()
    };
    let window = Window {
        limit: usize::MAX,
        count: Count::No,
        ..Window::default()
    };
    let views = state.engine.views.read();
    let found = views.instances(&filter, &window).items.into_iter();
    found
        .map(|instance| {
            (
                instance.id().number,
                instance.super_instance().map(|id| id.number),
            )
        })
        .collect()
}

async fn archived(state: &Arc<State>, tenant: Tenant, root: RootId) -> Result<Family, Refused> {
    let filter = archive::InstanceFilter {
        tenant,
        roots: vec![root],
        ..archive::InstanceFilter::default()
    };
    let shared = Arc::clone(state);
    let found = subject::blocking(move || {
        let archive = &shared.engine.archiver.archive;
        archive.instances(&filter, None, usize::MAX - 1)
    });
    let rows = found.await?.items.into_iter();
    Ok(rows
        .map(|row| (row.id.number, row.super_instance))
        .collect())
}
