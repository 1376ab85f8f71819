//! `loomwork seed`: a data directory filled with what a file says, for demonstrations, tests and callers with fixed ids.
//!
//! Owns: that the whole file is checked before anything is written, that all of it is written or nothing, and that the
//! trail of each company that it is about says so. Also the data are made only for a file that can be read into empty ones.
//! Never: changes what is there already: the same is skipped, anything else is refused.
//!
//! ```text
//!  FILE.toml ─▶ file: read, every complaint with its line ─▶ plan: on copies of the states
//!            ─▶ package files ─▶ one record of people ─▶ one record for robots
//!  A crash between the two is made good by the next time: what is there is skipped.
//! ```

mod draft;
mod file;
mod people;
mod programs;
mod resources;
mod robots;
mod tenancy;
#[cfg(test)]
mod tests;
mod works;

use crate::{
    audit, blobs::Blobs, cli::SeedArgs, config::Config, first_start, server::Failed, sso::Keys,
    users,
};
use actors::{Engine, clock::real_ms};
use codec::Tenant;
use draft::Draft;
use file::File;
use org::{Command, State};
use resources::{Resources, Resourcing};
use snapshots::JOURNAL_DIRECTORY;
use std::{collections::BTreeMap, path::Path};

/// The data are in use by a server.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub struct InUse(String);

/// What is wrong with a file, and where.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("line {line}: {reason}")]
pub struct Complaint {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong.
    pub reason: String,
}

/// `loomwork seed FILE`.
pub fn run(arguments: &SeedArgs) -> Result<(), Failed> {
    let name = arguments.file.display().to_string();
    let text = std::fs::read_to_string(&arguments.file)
        .map_err(|error| format!("cannot read {name}: {error}"))?;
    let config = arguments.data.config()?;
    let base = arguments.file.parent().unwrap_or(Path::new("")).to_owned();
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    let refused = |reason: Failed| format!("{name}: {reason}");
    if !holds_data(&config) {
        check_alone(&text, &base).map_err(|complaint| refused(complaint.into()))?;
    }
    runtime.block_on(async {
        let engine = users::open(&config).await.map_err(in_use)?;
        let seeded = sow(&engine, &config, (&name, &text), &base).await;
        tokio::task::spawn_blocking(move || engine.stop()).await?;
        let count = seeded.map_err(refused)?;
        println!("seeded: {count} made, the rest was there");
        Ok(())
    })
}

fn holds_data(config: &Config) -> bool {
    config.data.join(JOURNAL_DIRECTORY).exists()
}

/// Checks the file as it is for data with nothing in them. There is no asset to compare with, so any key does.
fn check_alone(text: &str, base: &Path) -> Result<(), Complaint> {
    let (people, registry) = (State::default(), rpa::registry::State::default());
    plan_all(people, registry, text, real_ms(), base, &[0; 32]).map(|_| ())
}

/// Another process holds the lock on the data.
fn in_use(error: Failed) -> Failed {
    let locked = matches!(
        error.downcast_ref(),
        Some(actors::OpenError::Data(snapshots::OpenError::Locked { .. }))
    );
    if locked {
        return InUse(error.to_string()).into();
    }
    error
}

/// Writes what the file says; how many things were made.
async fn sow(
    engine: &Engine,
    config: &Config,
    (name, text): (&str, &str),
    base: &Path,
) -> Result<usize, Failed> {
    let keys = Keys::read(&config.keys_dir())?;
    let at_ms = engine.clock.real_ms();
    let planned = |key: &[u8; 32]| {
        let people = engine.organisation.look(State::clone);
        let registry = engine.registry.look(rpa::registry::State::clone);
        plan_all(people, registry, text, at_ms, base, key)
    };
    // Without keys there is no asset to compare with: any key does to check the file before the first ones are made.
    let checked = planned(keys.as_ref().map_or(&[0; 32], Keys::assets))?;
    let Plan {
        companies,
        people,
        resources,
    } = match (keys, checked.resources.seals()) {
        (None, true) => planned(first_start::keys(engine, config, false).await?.assets())?,
        (None, false) => checked,
        (Some(_), sealing) => {
            if sealing {
                // They must be those of the data.
                first_start::keys(engine, config, false).await?;
            }
            checked
        }
    };
    let count = people.len() + resources.count;
    let blobs = Blobs::open(&config.data)?;
    let mut held = Vec::with_capacity(resources.files.len());
    for (sha256, path) in &resources.files {
        let arrived = blobs.receive(None, std::fs::read(path)?.into()).await?;
        if arrived.sha256 != *sha256 {
            return Err(format!("{} has just changed", path.display()).into());
        }
        held.push(blobs.keep(arrived).await?);
    }
    if people.is_empty() && resources.commands.is_empty() {
        return Ok(count);
    }
    let write = async {
        if !people.is_empty() {
            let all = Command::All(people);
            engine.organisation.command(engine.core(), all).await?;
        }
        let all = resources.commands;
        engine.registry.commands(engine.core(), all).await?;
        Ok::<_, Failed>(())
    };
    let detail = format!("{name}: {count} made");
    audit::seed(engine, &companies, &detail, write).await?;
    Ok(count)
}

/// What a file leads to.
struct Plan {
    /// The companies that it is about.
    companies: BTreeMap<Tenant, Option<org::Guid>>,
    people: Vec<Command>,
    resources: Resources,
}

/// The commands that make what the file says of people and programs and `state` lacks.
pub fn plan(state: State, text: &str, at_ms: i64) -> Result<Vec<Command>, Complaint> {
    let file = File::read(text)?;
    Ok(drafted(state, &file, text, at_ms)?.finish())
}

fn drafted<'t>(
    state: State,
    file: &File,
    text: &'t str,
    at_ms: i64,
) -> Result<Draft<'t>, Complaint> {
    let mut draft = Draft::new(state, text, at_ms);
    tenancy::add(&mut draft, file)?;
    people::add(&mut draft, file)?;
    programs::add(&mut draft, file)?;
    Ok(draft)
}

/// The same, and what it says of robots. `base` is what names of files are relative to, `key` encrypts assets.
fn plan_all(
    state: State,
    registry: rpa::registry::State,
    text: &str,
    at_ms: i64,
    base: &Path,
    key: &[u8; 32],
) -> Result<Plan, Complaint> {
    let file = File::read(text)?;
    let draft = drafted(state, &file, text, at_ms)?;
    let resources = Resourcing::plan(&draft, &file, registry, base, key)?;
    Ok(Plan {
        companies: draft.companies(),
        people: draft.finish(),
        resources,
    })
}
