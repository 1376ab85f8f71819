//! An execution as stable text, for tests and for eyes. Never: is read back.

use super::{Execution, Job, Phase, Run, RunState};
use std::fmt::Write as _;

/// A line for the execution, each job and each run; ids as their last four digits.
pub fn render(execution: &Execution) -> String {
    let mut out = String::new();
    let ended = if execution.has_ended() { " ended" } else { "" };
    // Writing to a string cannot fail.
    let _ = writeln!(
        out,
        "execution {} step {}{ended}",
        short(execution.id.0),
        execution.step
    );
    for (number, job) in execution.numbered() {
        push_job(number, job, &mut out);
        for run in &job.runs {
            push_run(run, &mut out);
        }
    }
    out
}

fn short(id: u128) -> String {
    format!("{:04x}", id & 0xffff)
}

fn push_job(number: u32, job: &Job, out: &mut String) {
    let state = job.state().name();
    let phase = match job.phase {
        Phase::Blocked => "blocked",
        Phase::Waiting => "waiting",
        Phase::Offered { .. } => "offered",
        Phase::Active => "active",
        Phase::Ended(_) => "ended",
    };
    let _ = write!(out, " job {number} [{}] {state} {phase}", job.spec.label);
    let _ = write!(
        out,
        " retried {}/{}",
        job.retried_count(),
        job.spec.max_retry_count
    );
    if job.cancel_requested_ms.is_some() {
        out.push_str(" cancel-requested");
    }
    if job.no_retry {
        out.push_str(" no-retry");
    }
    push_message(job.message.as_deref(), out);
    out.push('\n');
}

fn push_run(run: &Run, out: &mut String) {
    let state = match run.state {
        RunState::Offered => "Offered",
        RunState::Running | RunState::Paused | RunState::Ended(_) => run.status().name(),
    };
    let _ = write!(
        out,
        "  run {} {state} by {} fence {}",
        short(run.id.0),
        run.robot_name,
        run.fence
    );
    if let Some(wish) = run.wish {
        let _ = write!(out, " wish {wish:?}");
    }
    if let Some(stop) = &run.stop {
        let _ = write!(out, " stop {:?}", stop.reason);
    }
    if let Some(end) = &run.end {
        let _ = write!(out, " by-{:?}", end.cause);
        if let Some(code) = end.exit_code {
            let _ = write!(out, " exit {code}");
        }
        for (name, value) in &end.outputs {
            let _ = write!(out, " {name}={}", value.to_java_string());
        }
        push_message(end.message.as_deref(), out);
    }
    out.push('\n');
}

fn push_message(message: Option<&str>, out: &mut String) {
    if let Some(message) = message {
        let _ = write!(out, " '{message}'");
    }
}
