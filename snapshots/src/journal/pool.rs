//! Empty segments that stand ready: the next one, the reserve, and those that will be written again.
//!
//! Owns: the files `journal/spare-*`, full of zeros or of frames of a former generation, whole and synced.
//! Must never: hold its lock while writing, so that taking a spare never waits for one being made.
//!
//! ```text
//! prepare_next ─▶ spare-N.tmp ──zeros, sync, rename──▶ spare-N ──take──▶ a segment ──trim──▶ spare-M
//!       └── more than are kept: one is given back to the disk
//! ```
//!
//! Trimming renames: it is the journal's writer who trims, and removing what a snapshot made needless would hold up its
//! syncs.

use std::io;
use std::sync::Arc;

use parking_lot::Mutex;

use crate::disk::Disk;

use super::{Admission, FullReason, JOURNAL_DIRECTORY, JournalOptions};

const PREFIX: &str = "spare-";

/// Whether a file of the journal's directory is an empty segment.
pub(crate) fn is_spare(file_name: &str) -> bool {
    spare_number(file_name).is_some()
}

fn spare_number(file_name: &str) -> Option<u64> {
    let digits = file_name.strip_prefix(PREFIX)?;
    let all = digits.len() == 10 && digits.bytes().all(|byte| byte.is_ascii_digit());
    all.then(|| digits.parse().ok()).flatten()
}

fn spare_path(number: u64) -> String {
    format!("{JOURNAL_DIRECTORY}/{PREFIX}{number:010}")
}

/// The empty segments of one journal.
pub(crate) struct Pool {
    disk: Arc<dyn Disk>,
    segment_bytes: u64,
    target: usize,
    /// At most so many, the target among them.
    kept: usize,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    ready: Vec<String>,
    next_number: u64,
    preparing: bool,
    failure: Option<String>,
}

impl Pool {
    /// Takes over the spare files found in the journal's directory; those of another size are removed.
    pub(crate) fn new(
        disk: Arc<dyn Disk>,
        options: &JournalOptions,
        found: &[String],
    ) -> io::Result<Self> {
        let mut state = State {
            next_number: 1,
            ..State::default()
        };
        for file_name in found {
            let Some(number) = spare_number(file_name) else {
                continue;
            };
            state.next_number = state.next_number.max(number + 1);
            let path = spare_path(number);
            if disk.open(&path)?.length()? == options.segment_bytes {
                state.ready.push(path);
            } else {
                disk.remove(&path)?;
            }
        }
        Ok(Self {
            disk,
            segment_bytes: options.segment_bytes,
            target: options.spare_segments,
            kept: options.kept_segments.max(options.spare_segments),
            state: Mutex::new(state),
        })
    }

    /// An empty segment, if one is ready.
    pub(crate) fn take(&self) -> Option<String> {
        self.state.lock().ready.pop()
    }

    /// Makes one segment when fewer than wanted stand ready; says whether it did. Gives one back when more than are kept
    /// do.
    pub(crate) fn prepare_next(&self) -> io::Result<bool> {
        if self.release_one(self.kept) {
            return Ok(false);
        }
        let number = {
            let mut state = self.state.lock();
            if state.preparing || state.ready.len() >= self.target {
                return Ok(false);
            }
            state.preparing = true;
            self.claim(&mut state)
        };
        let made = self.make(number);
        let mut state = self.state.lock();
        state.preparing = false;
        match made {
            Ok(path) => {
                state.ready.push(path);
                state.failure = None;
                Ok(true)
            }
            Err(error) => {
                state.failure = Some(error.to_string());
                Err(error)
            }
        }
    }

    /// Gives back all but those that are wanted in any case.
    pub(crate) fn give_back(&self) {
        while self.release_one(self.target) {}
    }

    /// Whether there were more than so many.
    fn release_one(&self, most: usize) -> bool {
        let surplus = {
            let mut state = self.state.lock();
            if state.ready.len() <= most {
                return false;
            }
            state.ready.pop()
        };
        if let Some(path) = surplus {
            // What cannot be removed is found again at the next start.
            let _ = self.disk.release(&path);
        }
        true
    }

    /// Makes one at once, for what was decided while none was ready.
    pub(crate) fn make_now(&self) -> io::Result<String> {
        let number = self.claim(&mut self.state.lock());
        self.make(number)
    }

    fn claim(&self, state: &mut State) -> u64 {
        let number = state.next_number;
        state.next_number += 1;
        number
    }

    fn make(&self, number: u64) -> io::Result<String> {
        let path = spare_path(number);
        let temporary = format!("{path}.tmp");
        let written = self
            .disk
            .create(&temporary)
            .and_then(|file| file.preallocate(self.segment_bytes))
            .and_then(|()| self.disk.rename(&temporary, &path))
            .and_then(|()| self.disk.sync_directory(JOURNAL_DIRECTORY));
        if let Err(error) = written {
            // What was written of it takes the space that others may need.
            let _ = self.disk.remove(&temporary);
            return Err(error);
        }
        Ok(path)
    }

    /// Renames a segment that is not needed any more to a spare, or removes it when it is of another size. What it
    /// returns is handed to [`Pool::add`] after the directory is synced.
    pub(crate) fn retire(&self, path: &str, length: u64) -> io::Result<Option<String>> {
        if length != self.segment_bytes {
            self.disk.remove(path)?;
            return Ok(None);
        }
        let spare = spare_path(self.claim(&mut self.state.lock()));
        self.disk.rename(path, &spare)?;
        Ok(Some(spare))
    }

    /// Adds segments whose names are durable.
    pub(crate) fn add(&self, paths: Vec<String>) {
        let mut state = self.state.lock();
        state.ready.extend(paths);
        if state.ready.len() >= self.target {
            state.failure = None;
        }
    }

    /// Whether more may be decided, as far as empty segments are concerned.
    pub(crate) fn admission(&self) -> Admission {
        let state = self.state.lock();
        match &state.failure {
            Some(error) => Admission::Full {
                reason: FullReason::Preparation {
                    error: error.clone(),
                },
            },
            None if state.ready.is_empty() => Admission::Later,
            None => Admission::Ok,
        }
    }
}
