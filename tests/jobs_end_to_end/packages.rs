//! What the robots run: small programs that say that they have begun, and some that wait for the story.
//!
//! Owns: the scripts, and the pipes by which they and the story wait for each other. Never: a bound without an end: a
//! pipe that nobody opens fails the story.

use crate::floor::Floor;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use std::{
    fs::File,
    io::{Read, Write},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::Duration,
};

/// Longer than anything here takes.
const PATIENCE: Duration = Duration::from_secs(90);

/// Says that a run has begun, in one write at the end of a file; the name stands in the package's own project file.
fn beginning(floor: &Floor) -> String {
    let runs = floor.runs_path();
    format!(
        "name=$(sed 's/.*\"ProjectName\":\"\\([a-z]*\\)\".*/\\1/' project.json)\n\
         echo \"$LOOMWORK_RUN_ID $name\" >> '{}'\n\
         echo \"line of $LOOMWORK_JOB_ID\"\n",
        runs.display()
    )
}

/// One that ends at once.
pub fn common(floor: &Floor, succeeds: bool) -> String {
    let end = if succeeds { "exit 0" } else { "exit 3" };
    beginning(floor) + end
}

/// One that fails at its first attempt.
pub fn flaky(floor: &Floor) -> String {
    beginning(floor) + "[ \"$LOOMWORK_ATTEMPT\" -gt 1 ]"
}

/// One that waits until it may go on.
pub fn held(floor: &Floor, name: &str) -> (String, Begun, Gate) {
    let (begun, gate) = (Begun::new(floor, name), Gate::new(floor, name));
    let script = format!(
        "{}echo begun > '{}'\nread line < '{}'\nexit 0",
        beginning(floor),
        begun.0.display(),
        gate.0.display()
    );
    (script, begun, gate)
}

/// One that never ends by itself.
pub fn endless(floor: &Floor, name: &str) -> (String, Begun) {
    let begun = Begun::new(floor, name);
    let script = format!(
        "{}echo begun > '{}'\nexec tail -f /dev/null",
        beginning(floor),
        begun.0.display()
    );
    (script, begun)
}

/// One that never ends by itself at its first attempt.
pub fn hangs_once(floor: &Floor, name: &str) -> (String, Begun) {
    let begun = Begun::new(floor, name);
    let script = format!(
        "{}[ \"$LOOMWORK_ATTEMPT\" -gt 1 ] && exit 0\necho begun > '{}'\nexec tail -f /dev/null",
        beginning(floor),
        begun.0.display()
    );
    (script, begun)
}

fn pipe(floor: &Floor, name: &str) -> PathBuf {
    let path = floor.place(name);
    let mode = Mode::RUSR | Mode::WUSR;
    mknodat(CWD, &path, FileType::Fifo, mode, 0).expect("a pipe");
    path
}

/// Does what may block, within a bound.
fn within(what: &'static str, work: impl FnOnce() + Send + 'static) {
    let (done, is_done) = mpsc::channel();
    thread::spawn(move || {
        work();
        // Whoever waited may have given up.
        let _ = done.send(());
    });
    let waited = is_done.recv_timeout(PATIENCE);
    assert!(waited.is_ok(), "not in {PATIENCE:?}: {what}");
}

/// A pipe into which a run writes when it has begun.
pub struct Begun(PathBuf);

impl Begun {
    fn new(floor: &Floor, name: &str) -> Begun {
        Begun(pipe(floor, &format!("{name}-begun")))
    }

    /// Waits for the run.
    pub fn wait(self) {
        within("a run that begins", move || {
            let mut text = String::new();
            let mut pipe = File::open(&self.0).expect("a pipe");
            pipe.read_to_string(&mut text).expect("a word");
        });
    }
}

/// A pipe from which a run reads before it goes on.
pub struct Gate(PathBuf);

impl Gate {
    fn new(floor: &Floor, name: &str) -> Gate {
        Gate(pipe(floor, &format!("{name}-gate")))
    }

    /// Lets the run go on.
    pub fn open(self) {
        within("a run that waits", move || {
            let mut pipe = File::options().write(true).open(&self.0).expect("a pipe");
            pipe.write_all(b"go on\n").expect("a reader");
        });
    }
}
