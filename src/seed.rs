//! `loomwork seed`: a data directory filled with what a file says, for demonstrations, tests and callers with fixed ids.
//!
//! Owns: that the whole file is checked before anything is written, and that all of it is written or nothing.
//! Never: changes what is there already: the same is skipped, anything else is refused.
//!
//! ```text
//!  FILE.toml ─▶ file: read, every complaint with its line ─▶ plan: on a copy of the state ─▶ one record
//! ```

mod draft;
mod file;
mod people;
mod programs;
mod tenancy;
#[cfg(test)]
mod tests;

use crate::{cli::SeedArgs, server::Failed, users};
use actors::Engine;
use draft::Draft;
use file::File;
use org::{Command, State};

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
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?;
    runtime.block_on(async {
        let engine = users::open(&config).await.map_err(in_use)?;
        let seeded = sow(&engine, &text).await;
        tokio::task::spawn_blocking(move || engine.stop()).await?;
        let count = seeded.map_err(|reason| format!("{name}: {reason}"))?;
        println!("seeded: {count} made, the rest was there");
        Ok(())
    })
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
async fn sow(engine: &Engine, text: &str) -> Result<usize, Failed> {
    let state = engine.organisation.look(State::clone);
    let commands = plan(state, text, engine.clock.real_ms())?;
    let count = commands.len();
    if count > 0 {
        let all = Command::All(commands);
        engine.organisation.command(engine.core(), all).await?;
    }
    Ok(count)
}

/// The commands that make what the file says and `state` lacks.
pub fn plan(state: State, text: &str, at_ms: i64) -> Result<Vec<Command>, Complaint> {
    let file = File::read(text)?;
    let mut draft = Draft::new(state, text, at_ms);
    tenancy::add(&mut draft, &file)?;
    people::add(&mut draft, &file)?;
    programs::add(&mut draft, &file)?;
    Ok(draft.finish())
}
