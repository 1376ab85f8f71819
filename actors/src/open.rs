//! Opening the data and starting everything, in order; and stopping it.
//!
//! ```text
//!  lock ─▶ journal (torn tail cut) ─▶ snapshot ─▶ replay ─▶ models parsed ─▶ views ─▶ threads ─▶ actors ─▶ open work
//! ```
//!
//! Never: answers a request before what was read back is durable.

mod read;

pub use read::{accept_history, named_package_files, open_history, verify_history};

use crate::{
    admission::Admission,
    archive,
    archiver::Archiver,
    bridge::{self, Bridge},
    clock::{Clock, real_ms},
    closing::Closing,
    commit::CommitQueue,
    core::Core,
    definitions::{self, Catalog, Definitions, Gate, Holder, Model, deploy},
    directory::Directory,
    engine::{Engine, Running},
    executions::{self, Executions, Keeper},
    idempotency::Idempotency,
    jobs::JobViews,
    leaving::Leaving,
    live::Live,
    options::Options,
    organisation::Organisation,
    pool::Pool,
    publisher,
    queues::{self, Queues},
    recovery::{self, Recovered},
    registry::Registry,
    resting::Resting,
    robots::{self, Robots},
    snapshotter::Snapshotter,
    timers::{self, Timers},
    views::Views,
};
use parking_lot::{Mutex, RwLock};
use ractor::Actor;
use read::Read;
use snapshots::{Disk, FileJournal, FileSnapshots, Journal, RealDisk};
use std::{
    sync::{Arc, OnceLock},
    thread,
    time::Duration,
};

mod instances;
mod merge;

/// Why the server cannot start on these data.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The journal or the snapshots.
    #[error(transparent)]
    Data(#[from] snapshots::OpenError),
    /// A record that passed its checksum.
    #[error(transparent)]
    Record(#[from] recovery::Failure),
    /// The archive.
    #[error("history.db: {0}")]
    Archive(#[from] archive::Error),
    /// The archive is not what was written.
    #[error(
        "{file}: {error}. Restore a backup, or move it away and go on without the instances that had ended: \
         `loomwork verify --accept-history`"
    )]
    ArchiveDamaged {
        /// The file.
        file: String,
        /// What is wrong with it.
        error: archive::Error,
    },
    /// The archive has lost rows, and the journal no longer has what they said.
    #[error(
        "{file}: {lost} of its last commits are lost: it was emptied, its {file}-wal was removed or overwritten, or an \
         older copy was put in its place. Put back the files that belong together, or restore a backup; `loomwork verify --accept-history` \
         goes on with what is left"
    )]
    ArchiveBehind {
        /// The file.
        file: String,
        /// How many transactions.
        lost: u64,
    },
    /// The archive is not there, or nothing is in it, though the journal or a snapshot says that it had been there.
    #[error(
        "{file} is missing, or empty as it is without its {file}-wal, though something has been recorded since it was made. \
         Put both back, restore a backup, or go on without what only it had of ended instances, logs and the audit trail: \
         `loomwork verify --accept-history`"
    )]
    ArchiveMissing {
        /// The file.
        file: String,
    },
    /// A deployed model that cannot be read any more.
    #[error("deployment {deployment} cannot be read: {refusal}")]
    Model {
        /// Its number.
        deployment: u64,
        /// Why.
        refusal: definitions::Refusal,
    },
    /// A thread or an actor could not be started.
    #[error("could not start: {0}")]
    Start(String),
    /// The disk.
    #[error("data directory: {0}")]
    Disk(#[from] std::io::Error),
}

/// Opens the data and starts the engine on the current runtime.
pub async fn open(options: Options) -> Result<Engine, OpenError> {
    let disk = RealDisk::new(&options.data)?;
    open_on(Arc::new(disk), options).await
}

/// The same with the journal and the snapshots on this disk; the archive is a file of the data directory in any case.
pub async fn open_on(disk: Arc<dyn Disk>, options: Options) -> Result<Engine, OpenError> {
    let runtime = tokio::runtime::Handle::current();
    let reading = options.clone();
    let opening = tokio::task::spawn_blocking(move || read::read_all(disk, &reading));
    let Read {
        mut found,
        journal,
        store,
        archive,
        owed_revision,
    } = opening
        .await
        .map_err(|error| OpenError::Start(error.to_string()))??;
    let models = parse_all(&found.definitions)?;
    let handle = journal.handle();
    let clock = if options.manual_clock {
        Clock::manual(found.clock_ms.unwrap_or_else(real_ms))
    } else {
        Clock::real()
    };
    let core = Arc::new(Core {
        runtime,
        queue: Arc::new(CommitQueue::new(journal.next_sequence())),
        directory: Directory::default(),
        views: RwLock::new(Views::default()),
        catalog: Catalog::default(),
        gate: Gate::default(),
        definitions: OnceLock::new(),
        organisation: Organisation::new(
            std::mem::take(&mut found.organisation),
            found.organisation_sequence,
        ),
        registry: Registry::new(std::mem::take(&mut found.registry), found.registry_sequence),
        closing: Closing::default(),
        executions: Executions::default(),
        jobs: RwLock::new(JobViews::default()),
        live: Arc::new(Live::default()),
        keeper: Keeper::default(),
        robots: Robots::default(),
        queues: Queues::default(),
        bridge: Bridge::default(),
        timers: Timers::new(clock.now_ms()),
        clock,
        idempotency: Idempotency::new(
            options.idempotency_keys,
            i64::try_from(options.idempotency_keep.as_millis()).unwrap_or(i64::MAX),
        ),
        archiver: Arc::new(Archiver::new(archive, owed_revision)),
        admission: Admission::new(options.bounds),
        hosts: Pool::new("hosts", options.hosts),
        script_hosts: Pool::new("script hosts", options.script_threads),
        resting: Resting::new(options.live_bytes),
        leaving: Leaving::default(),
        clock_step: tokio::sync::Mutex::new(()),
        options,
    });
    for (_, remembered) in std::mem::take(&mut found.remembered) {
        core.idempotency.settle(remembered);
    }
    core.catalog.load(found.definitions.clone(), models);
    instances::load_instances(&core, &mut found)?;
    let finished = std::mem::take(&mut found.executions).load(&core);
    core.keeper.put(finished);
    std::mem::take(&mut found.queues).load(&core);
    take_back_ends(&core)?;
    start(&core, found, journal, handle, store).await
}

/// After a restore the archive may know ends that the journal does not.
fn take_back_ends(core: &Core) -> Result<(), OpenError> {
    let archive = &core.archiver.archive;
    if archive.is_restored()? {
        let tasks: Vec<_> = core.views.read().every_task().collect();
        let executions = core.executions.all();
        let executions: Vec<_> = executions.iter().map(|cell| cell.id).collect();
        archive.take_back(&core.directory.roots(), &tasks, &executions)?;
    }
    Ok(())
}

fn parse_all(state: &definitions::State) -> Result<Vec<Model>, OpenError> {
    let mut models = Vec::new();
    for deployment in state.deployments.values() {
        let files: Vec<deploy::File> = deployment
            .resources
            .iter()
            .map(|resource| deploy::File {
                name: resource.name.clone(),
                bytes: Arc::clone(&resource.bytes),
            })
            .collect();
        let prepared = deploy::prepare(&files).map_err(|refusal| OpenError::Model {
            deployment: deployment.number,
            refusal,
        })?;
        for number in &deployment.definitions {
            let Some(stored) = state.definitions.get(number) else {
                continue;
            };
            let found = prepared
                .processes
                .iter()
                .find(|p| p.process.key == stored.key);
            models.extend(found.map(|process| Model {
                number: *number,
                process: Arc::clone(&process.process),
                diagram: Arc::clone(&process.diagram),
            }));
        }
    }
    Ok(models)
}

async fn start(
    core: &Arc<Core>,
    found: Recovered,
    journal: FileJournal,
    handle: snapshots::Handle,
    store: FileSnapshots,
) -> Result<Engine, OpenError> {
    core.queue.see(handle.admission());
    let mut threads = Vec::new();
    threads.push(prepare_segments(Arc::clone(&core.queue), handle.clone())?);
    let publishing = Arc::clone(core);
    let publish = move |batch| publisher::publish(&publishing, batch);
    threads.push(core.queue.start_writer(Box::new(journal), publish)?);
    threads.push(Archiver::start(Arc::clone(core))?);
    threads.push(Keeper::start(Arc::clone(core))?);
    let (snapshots, snapshotter) = Snapshotter::start(
        Arc::clone(core),
        Box::new(store),
        handle.clone(),
        found.set_aside,
    )?;
    let failed = |error: ractor::SpawnErr| OpenError::Start(error.to_string());
    core.hosts.start(core).await.map_err(failed)?;
    start_script_hosts(core).await?;
    core.live.start().await.map_err(failed)?;
    let holder = Holder::new(core, found.definitions, found.definitions_sequence);
    let (interrupted, starting) = (holder.interrupted(), holder.starting());
    let (actor, _) = Actor::spawn(None, Definitions, holder)
        .await
        .map_err(failed)?;
    // Set once, here.
    let _ = core.definitions.set(actor);
    for (operation, definitions) in interrupted {
        let core_then = Arc::clone(core);
        core.runtime.spawn(async move {
            space(&core_then).await;
            definitions::run_operation(&core_then, operation, definitions).await;
        });
    }
    for (definition, element, root) in starting {
        let core_then = Arc::clone(core);
        core.runtime.spawn(async move {
            space(&core_then).await;
            // What keeps it from starting is in the log.
            let _ = definitions::starts::start(&core_then, definition, element, root).await;
        });
    }
    if core.clock.is_manual() && !core.queue.is_full() {
        // Where it stands is known after a restart, also when nobody has moved it.
        crate::clockwork::record_now(core, core.clock.now_ms())
            .await
            .map_err(|failure| OpenError::Start(failure.to_string()))?;
    }
    if !core.clock.is_manual() {
        core.runtime.spawn(timers::run(Arc::clone(core)));
    }
    executions::resume(core);
    queues::resume(core);
    core.runtime.spawn(queues::run(Arc::clone(core)));
    bridge::resume(core);
    core.runtime.spawn(bridge::run(Arc::clone(core)));
    robots::start(core).await;
    Ok(Engine::new(
        Arc::clone(core),
        Running {
            threads: Mutex::new(threads),
            snapshotter: Mutex::new(Some(snapshotter)),
            snapshots,
            journal: handle,
        },
    ))
}

/// What a crash interrupted goes on when the disk has room for it.
async fn space(core: &Core) {
    while core.queue.is_full() {
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

/// Keeps the next journal segment ready, so that no append waits for one; this is also how a full disk ends.
fn prepare_segments(
    queue: Arc<CommitQueue>,
    handle: snapshots::Handle,
) -> std::io::Result<thread::JoinHandle<()>> {
    thread::Builder::new()
        .name("segments".into())
        .spawn(move || {
            let mut failed = false;
            while !queue.is_closed() {
                match handle.prepare_next() {
                    Ok(true) => {
                        failed = false;
                        queue.look_again();
                    }
                    Ok(false) => queue.wait_closed(Duration::from_millis(50)),
                    Err(error) => {
                        if !failed {
                            tracing::error!(%error, "no journal segment could be prepared");
                        }
                        failed = true;
                        queue.wait_closed(Duration::from_secs(1));
                    }
                }
            }
        })
}

/// The hosts of definitions with scripts run on threads of their own.
async fn start_script_hosts(core: &Arc<Core>) -> Result<(), OpenError> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(core.options.script_threads.max(1))
        .thread_name("scripts")
        .enable_time()
        .build()?;
    let (pool, core_then) = (Arc::clone(&core.script_hosts), Arc::clone(core));
    let started = runtime.spawn(async move { pool.start(&core_then).await });
    core.script_hosts.keep(runtime);
    match started.await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(error)) => Err(OpenError::Start(error.to_string())),
        Err(error) => Err(OpenError::Start(error.to_string())),
    }
}
