//! Processes that outlived their robot: found by number and time of start, and killed.
//! Owns: that a number which was given to another process is not mistaken. Never: touches a group that is not its run's.

use rustix::process::{Pid, Signal, kill_process_group};
use serde_json::{Value, json};
use std::{
    fs, io,
    path::Path,
    thread,
    time::{Duration, Instant},
};

/// A killed group is gone after this, or hangs in the kernel.
const GONE_WITHIN: Duration = Duration::from_secs(5);

/// What is known of a process of this machine.
struct Status {
    state: String,
    group: i32,
    /// In ticks since the machine's start.
    start: u64,
}

/// What identifies a process over its robot's end.
pub fn identity(pid: i32) -> Value {
    let start = status(pid).map(|status| status.start);
    json!({ "pid": pid, "start": start, "boot": boot() })
}

/// Kills the group of a run that an earlier robot started; returns when none of it runs.
pub fn kill(identity: &Path, run: &str) -> io::Result<()> {
    let Ok(bytes) = fs::read(identity) else {
        return Ok(());
    };
    let kept: Value = serde_json::from_slice(&bytes)?;
    let group = kept["pid"].as_i64().and_then(|pid| i32::try_from(pid).ok());
    let Some(group) = group.filter(|_| kept["boot"] == boot()) else {
        return Ok(());
    };
    let is_ours = match status(group) {
        Some(leader) => kept["start"].as_u64() == Some(leader.start),
        None => members(group).iter().any(|pid| is_of(*pid, run)),
    };
    let (true, Some(pid)) = (is_ours, Pid::from_raw(group)) else {
        return Ok(());
    };
    match kill_process_group(pid, Signal::KILL) {
        Ok(()) | Err(rustix::io::Errno::SRCH) => {}
        Err(error) => return Err(error.into()),
    }
    let until = Instant::now() + GONE_WITHIN;
    while !members(group).is_empty() && Instant::now() < until {
        thread::sleep(Duration::from_millis(5));
    }
    Ok(())
}

fn boot() -> String {
    let path = "/proc/sys/kernel/random/boot_id";
    fs::read_to_string(path)
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn status(pid: i32) -> Option<Status> {
    let text = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    // The name before it may have anything in it, also brackets.
    let (_, rest) = text.rsplit_once(')')?;
    let fields: Vec<&str> = rest.split_whitespace().collect();
    Some(Status {
        state: (*fields.first()?).to_owned(),
        group: fields.get(2)?.parse().ok()?,
        start: fields.get(19)?.parse().ok()?,
    })
}

/// The processes of a group that have not ended.
fn members(group: i32) -> Vec<i32> {
    let Ok(entries) = fs::read_dir("/proc") else {
        return Vec::new();
    };
    let pids = entries.filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok());
    pids.filter(|pid| {
        status(*pid).is_some_and(|found| {
            found.group == group && !["Z", "X"].contains(&found.state.as_str())
        })
    })
    .collect()
}

fn is_of(pid: i32, run: &str) -> bool {
    let wanted = format!("LOOMWORK_RUN_ID={run}");
    let environment = fs::read(format!("/proc/{pid}/environ")).unwrap_or_default();
    environment
        .split(|byte| *byte == 0)
        .any(|variable| variable == wanted.as_bytes())
}
