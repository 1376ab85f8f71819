//! JavaScript for script tasks and script listeners.
//!
//! Owns: the bounds of a script (time, memory, stack) and the conversation between a script and what it may see.
//! Never: decides anything, lets a script outlive its command, or gives it more than its scope.
//!
//! ```text
//!  caller's thread                            interpreter's thread (one for each caller, kept)
//!    names in the source ─▶ their values ──▶ fresh runtime, prelude, globals
//!    scope ◀── question (execution.getVariable …) ── script
//!          ── answer ──▶                              │
//!    result, variables to store ◀─────────────── ends, throws, or is stopped
//! ```
//!
//! The scope is borrowed and stays where it is; only values cross. An interpreter that does not answer in time is left behind.

use bpmn::{
    ScriptFailure, ScriptScope,
    model::Script,
    uel::{EvaluationError, Object},
};
use codec::Value;
use interpreter::{Finished, Interpreter, Job, Message, Question, Writes};
use std::{
    cell::RefCell,
    collections::BTreeSet,
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, Instant},
};

mod bindings;
mod convert;
mod identifiers;
mod interpreter;
#[cfg(test)]
mod tests;

/// What one script may use.
#[derive(Clone, Copy, Debug)]
pub struct ScriptLimits {
    /// Heap of the script, its values included.
    pub memory_bytes: usize,
    /// Stack of the script.
    pub stack_bytes: usize,
    /// Longest run.
    pub time_ms: u64,
}

impl Default for ScriptLimits {
    fn default() -> Self {
        ScriptLimits {
            memory_bytes: 32 * 1024 * 1024,
            stack_bytes: 512 * 1024,
            time_ms: 2_000,
        }
    }
}

/// How long an interpreter may go on after its time: single operations on large numbers take up to a second.
const GRACE: Duration = Duration::from_millis(1_500);
/// Interpreters that may be left behind at a time before scripts are refused.
const MAX_LEFT_BEHIND: usize = 8;

static LEFT_BEHIND: AtomicUsize = AtomicUsize::new(0);

thread_local! {
    static INTERPRETER: RefCell<Option<Interpreter>> = const { RefCell::new(None) };
}

/// Runs a script. `budget_ms` is what the command has left for scripts; the run is taken from it.
/// The result is the value of the script's last expression.
pub fn run(
    script: &Script,
    scope: &mut dyn ScriptScope,
    limits: &ScriptLimits,
    budget_ms: &mut u64,
) -> Result<Value, ScriptFailure> {
    let allowed_ms = limits.time_ms.min(*budget_ms);
    if allowed_ms == 0 {
        return Err(ScriptFailure::LimitExceeded(
            "the command's time for scripts is used up".to_owned(),
        ));
    }
    let began = Instant::now();
    let result = run_within(script, scope, limits, Duration::from_millis(allowed_ms));
    let took_ms = u64::try_from(began.elapsed().as_millis()).unwrap_or(u64::MAX);
    *budget_ms = budget_ms.saturating_sub(took_ms);
    result
}

fn run_within(
    script: &Script,
    scope: &mut dyn ScriptScope,
    limits: &ScriptLimits,
    allowed: Duration,
) -> Result<Value, ScriptFailure> {
    let job = Job {
        source: script.source.clone(),
        variables: visible(&script.source, scope),
        execution: scope.has_object(Object::Execution),
        task: scope.has_object(Object::Task),
        store: script.auto_store_variables,
        wanted: script.result_variable.is_some(),
        memory_bytes: limits.memory_bytes,
        deadline: Instant::now() + allowed,
    };
    let give_up = job.deadline + GRACE;
    let interpreter = obtain(limits.stack_bytes)?;
    let finished = converse(&interpreter, job, scope, give_up)?;
    INTERPRETER.with(|slot| *slot.borrow_mut() = Some(interpreter));
    write(finished.writes, scope).map_err(|error| match error {
        EvaluationError::BpmnError { code, message } => ScriptFailure::BpmnError { code, message },
        other => ScriptFailure::Failed(bindings::reason(&other)),
    })?;
    for (name, value) in finished.stored {
        scope
            .set_variable(&name, value)
            .map_err(ScriptFailure::Failed)?;
    }
    finished.result
}

/// The thread's interpreter, or a new one when it has none with enough stack.
fn obtain(stack_bytes: usize) -> Result<Interpreter, ScriptFailure> {
    let kept = INTERPRETER.with(|slot| slot.borrow_mut().take());
    if let Some(interpreter) = kept.filter(|kept| kept.stack_bytes == stack_bytes) {
        return Ok(interpreter);
    }
    if LEFT_BEHIND.load(Ordering::Relaxed) >= MAX_LEFT_BEHIND {
        return Err(ScriptFailure::LimitExceeded(
            "too many scripts do not stop".to_owned(),
        ));
    }
    Interpreter::start(stack_bytes)
        .map_err(|error| ScriptFailure::Failed(format!("no thread for the script: {error}")))
}

/// Hands the job over and answers the script's questions until it has finished.
fn converse(
    interpreter: &Interpreter,
    job: Job,
    scope: &mut dyn ScriptScope,
    give_up: Instant,
) -> Result<Finished, ScriptFailure> {
    let gone = || ScriptFailure::Failed("the script's interpreter failed".to_owned());
    interpreter.jobs.send(job).map_err(|_| gone())?;
    loop {
        let left = give_up.saturating_duration_since(Instant::now());
        match interpreter.messages.recv_timeout(left) {
            Ok(Message::Finished(finished)) => return Ok(finished),
            Ok(Message::Question(writes, question)) => {
                let answer = write(writes, scope).and_then(|()| match question {
                    Question::Property(object, name) => scope.object_property(object, &name),
                    Question::Call(object, method, arguments) => {
                        scope.object_call(object, &method, &arguments)
                    }
                });
                interpreter.answers.send(answer).map_err(|_| gone())?;
            }
            Err(std::sync::mpsc::RecvTimeoutError::Disconnected) => return Err(gone()),
            Err(std::sync::mpsc::RecvTimeoutError::Timeout) => {
                interpreter.leave_behind(&LEFT_BEHIND);
                return Err(ScriptFailure::LimitExceeded(
                    "the script did not stop in time".to_owned(),
                ));
            }
        }
    }
}

/// Sets what the script has set, in its order.
fn write(writes: Writes, scope: &mut dyn ScriptScope) -> Result<(), EvaluationError> {
    for (name, value) in writes {
        scope.object_call(
            Object::Execution,
            "setVariable",
            &[Value::String(name), value],
        )?;
    }
    Ok(())
}

/// The variables whose names occur in the source.
fn visible(source: &str, scope: &mut dyn ScriptScope) -> Vec<(String, Value)> {
    let occurring: BTreeSet<&str> = identifiers::of(source).collect();
    let named = scope.names();
    named
        .into_iter()
        .filter(|name| occurring.contains(name.as_str()))
        .filter_map(|name| scope.variable(&name).map(|value| (name, value)))
        .collect()
}
