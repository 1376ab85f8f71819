//! What goes by itself: uploads whose time is over, and blobs that nobody names.
//!
//! Owns: who names a blob: versions, uploads, and jobs that are not final. Never: removes one that somebody is about to name.

use crate::server::State;
use codec::Tenant;
use rpa::{
    registry::{Action, Command},
    terms::{Sha256, Stamp},
};
use std::{cell::RefCell, collections::BTreeSet, sync::Arc, time::Duration};
use tokio::{sync::watch, time::interval};

/// Between two looks at the uploads.
const LOOK: Duration = Duration::from_secs(60);
/// Looks between two sweeps of all blobs: jobs end without anybody's sweeping after them.
const LOOKS_PER_SWEEP: u64 = 60;

/// Who names blobs now.
fn named(state: &State) -> BTreeSet<Sha256> {
    let engine = &state.engine;
    // The registry first: when a version is there no more, the jobs that were made of it are all there already.
    let mut digests: BTreeSet<Sha256> = engine
        .registry
        .look(|registry| registry.digests().collect());
    let of_jobs = RefCell::new(BTreeSet::new());
    engine.executions.open_jobs(|job| {
        of_jobs.borrow_mut().insert(job.spec.package.sha256);
        false
    });
    digests.extend(of_jobs.into_inner());
    digests
}

/// Removes those of the candidates (without any: of all blobs) that nobody names. What fails is tried again later.
pub async fn sweep(state: Arc<State>, candidates: Option<Vec<Sha256>>) {
    let swept = tokio::task::spawn_blocking(move || {
        state.blobs.sweep(candidates.as_deref(), || named(&state))
    });
    match swept.await {
        Ok(Ok(0)) => {}
        Ok(Ok(blobs)) => tracing::info!(blobs, "blobs that nobody needs were removed"),
        Ok(Err(error)) => tracing::warn!(%error, "blobs could not be swept"),
        Err(error) => tracing::error!(%error, "the sweep of blobs broke off"),
    }
}

/// Ends the uploads whose time is over.
pub async fn expire(state: &Arc<State>) {
    let engine = &state.engine;
    let at_ms = engine.clock.now_ms();
    let ended: Option<Vec<Sha256>> = engine.registry.look(|registry| {
        let mut ended = registry.ended_uploads(at_ms).peekable();
        ended.peek()?;
        Some(
            ended
                .filter_map(|upload| Some(upload.received?.0))
                .collect(),
        )
    });
    let Some(digests) = ended else {
        return;
    };
    let command = Command {
        tenant: Tenant::default(),
        by: Stamp {
            at_ms,
            by: rpa::Guid(org::Guid::MACHINE.0),
            by_name: org::Guid::MACHINE_NAME.to_owned(),
        },
        action: Action::ExpireUploads,
    };
    match engine.change_registry(command).await {
        Ok(_) => sweep(Arc::clone(state), Some(digests)).await,
        Err(failure) => tracing::warn!(%failure, "ended uploads could not be removed"),
    }
}

/// Does both at the start and from then on, until the server stops.
pub async fn go_on(state: Arc<State>, mut stopped: watch::Receiver<bool>) {
    let mut ticks = interval(LOOK);
    let mut looks = 0_u64;
    loop {
        tokio::select! {
            _ = ticks.tick() => {}
            _ = stopped.wait_for(|stopped| *stopped) => return,
        }
        expire(&state).await;
        if looks.is_multiple_of(LOOKS_PER_SWEEP) {
            sweep(Arc::clone(&state), None).await;
        }
        looks += 1;
    }
}
