//! A thread that runs scripts, one after another, each in a runtime of its own.
//!
//! Owns: the runtime, its memory limit, the deadline. Never: sees a scope; it asks questions.

use super::{bindings, convert};
use bpmn::{
    ScriptFailure,
    uel::{EvaluationError, Object},
};
use codec::Value;
use rquickjs::{
    CatchResultExt, CaughtError, Context, Ctx, Function, Runtime, context::EvalOptions,
};
use std::{
    cell::{Cell, RefCell},
    collections::BTreeMap,
    io,
    rc::Rc,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
        mpsc::{Receiver, Sender, channel},
    },
    thread,
    time::Instant,
};

/// What runs below the script on its thread: the interpreter's own frames and the conversion of values.
const STACK_BELOW_BYTES: usize = 1024 * 1024;

/// A script to run.
pub(super) struct Job {
    pub source: String,
    /// Globals: the variables that the source names.
    pub variables: Vec<(String, Value)>,
    pub execution: bool,
    pub task: bool,
    /// Whether globals that the script assigned become variables.
    pub store: bool,
    /// Whether the result is used; else one that is no value is dropped.
    pub wanted: bool,
    pub memory_bytes: usize,
    pub deadline: Instant,
}

/// What a script asks its scope.
pub(super) enum Question {
    Property(Object, String),
    Call(Object, String, Vec<Value>),
}

pub(super) type Answer = Result<Value, EvaluationError>;

pub(super) enum Message {
    /// Variables that were set since the last message, and what is asked next.
    Question(Writes, Question),
    Finished(Finished),
}

/// Variables that `execution.setVariable` set, in order.
pub(super) type Writes = Vec<(String, Value)>;

/// How a script ended.
pub(super) struct Finished {
    pub result: Result<Value, ScriptFailure>,
    /// What was set since the last question.
    pub writes: Writes,
    /// Globals that become variables.
    pub stored: Vec<(String, Value)>,
}

/// The caller's end of a thread that runs scripts. The thread ends when this is dropped.
pub(super) struct Interpreter {
    pub stack_bytes: usize,
    pub jobs: Sender<Job>,
    pub messages: Receiver<Message>,
    pub answers: Sender<Answer>,
    life: Arc<Life>,
}

/// Counts itself out when its thread ends, if it was left behind before.
#[derive(Default)]
struct Life {
    left: std::sync::Mutex<Left>,
}

#[derive(Default)]
struct Left {
    ended: bool,
    counted: Option<&'static AtomicUsize>,
}

impl Interpreter {
    pub fn start(stack_bytes: usize) -> io::Result<Self> {
        let (jobs, job_queue) = channel();
        let (message_sender, messages) = channel();
        let (answers, answer_queue) = channel();
        let life = Arc::new(Life::default());
        let of_thread = EndOfLife(Arc::clone(&life));
        thread::Builder::new()
            .name("script".to_owned())
            .stack_size(stack_bytes + STACK_BELOW_BYTES)
            .spawn(move || {
                let asker = Rc::new(Asker {
                    messages: message_sender,
                    answers: answer_queue,
                    known: RefCell::default(),
                    writes: RefCell::default(),
                });
                let _end = of_thread;
                while let Ok(job) = job_queue.recv() {
                    let finished = run(job, stack_bytes, &asker);
                    if asker.messages.send(Message::Finished(finished)).is_err() {
                        return;
                    }
                }
            })?;
        Ok(Interpreter {
            stack_bytes,
            jobs,
            messages,
            answers,
            life,
        })
    }

    /// Counts the thread until it ends by itself, which it does when its script does.
    pub fn leave_behind(&self, count: &'static AtomicUsize) {
        if let Ok(mut left) = self.life.left.lock()
            && !left.ended
        {
            count.fetch_add(1, Ordering::Relaxed);
            left.counted = Some(count);
        }
    }
}

struct EndOfLife(Arc<Life>);

impl Drop for EndOfLife {
    fn drop(&mut self) {
        if let Ok(mut left) = self.0.left.lock() {
            left.ended = true;
            if let Some(count) = left.counted.take() {
                count.fetch_sub(1, Ordering::Relaxed);
            }
        }
    }
}

/// The script's end of the conversation. Every question costs two switches of threads, so variables of the execution
/// that are known are answered here, and those that are set wait for the next message.
pub(super) struct Asker {
    messages: Sender<Message>,
    answers: Receiver<Answer>,
    /// What `execution.getVariable` gives; none where a task's own variables could shadow them.
    known: RefCell<Option<BTreeMap<String, Value>>>,
    writes: RefCell<Writes>,
}

impl Asker {
    fn begin(&self, job: &Job) {
        let known = (job.execution && !job.task).then(|| job.variables.iter().cloned().collect());
        self.known.replace(known);
        self.writes.take();
    }

    /// Asks and waits. Nobody there: the caller gave up, and the script may end as it likes.
    pub fn ask(&self, question: Question) -> Answer {
        if let Question::Call(Object::Execution, method, arguments) = &question
            && let Some(answer) = self.answer(method, arguments)
        {
            return Ok(answer);
        }
        if let (Question::Call(..), Some(known)) = (&question, self.known.borrow_mut().as_mut()) {
            // It may remove or change any variable.
            known.clear();
        }
        let gone = || EvaluationError::failed("the command is over");
        self.messages
            .send(Message::Question(self.writes.take(), question))
            .map_err(|_| gone())?;
        self.answers.recv().map_err(|_| gone())?
    }

    fn answer(&self, method: &str, arguments: &[Value]) -> Option<Value> {
        let mut known = self.known.borrow_mut();
        let known = known.as_mut()?;
        match (method, arguments) {
            ("getVariable", [Value::String(name)]) => known.get(name).cloned(),
            ("setVariable", [Value::String(name), value]) => {
                known.insert(name.clone(), value.clone());
                self.writes.borrow_mut().push((name.clone(), value.clone()));
                Some(Value::Null)
            }
            _ => None,
        }
    }
}

fn run(job: Job, stack_bytes: usize, asker: &Rc<Asker>) -> Finished {
    let failed = |error: rquickjs::Error| Finished {
        result: Err(ScriptFailure::Failed(format!("no script engine: {error}"))),
        writes: Vec::new(),
        stored: Vec::new(),
    };
    asker.begin(&job);
    let runtime = match Runtime::new() {
        Ok(runtime) => runtime,
        Err(error) => return failed(error),
    };
    runtime.set_memory_limit(job.memory_bytes);
    runtime.set_max_stack_size(stack_bytes);
    let overdue = Rc::new(Cell::new(false));
    let (deadline, seen) = (job.deadline, Rc::clone(&overdue));
    runtime.set_interrupt_handler(Some(Box::new(move || {
        seen.set(seen.get() || Instant::now() >= deadline);
        seen.get()
    })));
    let context = match Context::full(&runtime) {
        Ok(context) => context,
        Err(error) => return failed(error),
    };
    let mut stored = Vec::new();
    let result = context.with(|ctx| evaluate(&ctx, &job, asker, &mut stored));
    let used_bytes = usize::try_from(runtime.memory_usage().malloc_size).unwrap_or(0);
    Finished {
        result: result.map_err(|stop| failure(stop, &overdue, &job, used_bytes)),
        writes: asker.writes.take(),
        stored,
    }
}

/// Why a script ended early, in values that outlive its context.
enum Stop {
    Threw {
        bpmn: Option<(String, String)>,
        message: String,
        line: Option<u32>,
    },
    NoValue(String),
}

fn evaluate<'js>(
    ctx: &Ctx<'js>,
    job: &Job,
    asker: &Rc<Asker>,
    stored: &mut Vec<(String, Value)>,
) -> Result<Value, Stop> {
    let tools = bindings::install(ctx, job, asker)
        .catch(ctx)
        .map_err(|error| threw(error, None))?;
    let mut options = EvalOptions::default();
    // Scripts assign names that nobody declared.
    options.strict = false;
    options.backtrace_barrier = true;
    options.filename = Some(SCRIPT_NAME.to_owned());
    let result: rquickjs::Result<rquickjs::Value<'js>> =
        ctx.eval_with_options(job.source.as_bytes(), options);
    let bpmn_error_of: Option<Function<'js>> = tools.get("bpmnErrorOf").ok();
    let value = result
        .catch(ctx)
        .map_err(|error| threw(error, bpmn_error_of.as_ref()));
    if value.is_ok() || matches!(value, Err(Stop::Threw { bpmn: Some(_), .. })) {
        *stored = bindings::assigned(ctx, job, &tools).map_err(Stop::NoValue)?;
    }
    match convert::from_js(&value?, &tools) {
        Ok(value) => Ok(value),
        Err(_) if !job.wanted => Ok(Value::Null),
        Err(cause) => Err(Stop::NoValue(cause)),
    }
}

const SCRIPT_NAME: &str = "script";

fn threw<'js>(error: CaughtError<'js>, bpmn_error_of: Option<&Function<'js>>) -> Stop {
    let (value, message, stack) = match &error {
        CaughtError::Error(error) => (None, error.to_string(), None),
        CaughtError::Exception(exception) => {
            let name: String = exception.get("name").unwrap_or_default();
            let message = exception.message().unwrap_or_default();
            let value = exception.as_object().as_value().clone();
            (Some(value), format!("{name}: {message}"), exception.stack())
        }
        CaughtError::Value(value) => (Some(value.clone()), thrown_text(value), None),
    };
    let bpmn = value.zip(bpmn_error_of).and_then(|(value, bpmn_error_of)| {
        let parts: Vec<String> = bpmn_error_of.call((value,)).ok()?;
        <[String; 2]>::try_from(parts).ok()
    });
    Stop::Threw {
        bpmn: bpmn.map(|[code, message]| (code, message)),
        message,
        line: stack.as_deref().and_then(line_of),
    }
}

fn thrown_text(value: &rquickjs::Value<'_>) -> String {
    match value.as_string() {
        Some(text) => text.to_string().unwrap_or_default(),
        None => value
            .get::<rquickjs::Coerced<String>>()
            .map_or_else(|_| "no text".to_owned(), |text| text.0),
    }
}

/// The line in the script of the innermost frame that is in it: `at f (script:3:7)`.
fn line_of(stack: &str) -> Option<u32> {
    let name = format!("{SCRIPT_NAME}:");
    stack.lines().find_map(|frame| {
        let (_, behind) = frame.rsplit_once(&name)?;
        let digits = behind.split(|c: char| !c.is_ascii_digit()).next()?;
        digits.parse().ok()
    })
}

fn failure(stop: Stop, overdue: &Cell<bool>, job: &Job, used_bytes: usize) -> ScriptFailure {
    if overdue.get() {
        return ScriptFailure::LimitExceeded("the script ran longer than it may".to_owned());
    }
    match stop {
        Stop::Threw {
            bpmn: Some((code, message)),
            ..
        } => ScriptFailure::BpmnError { code, message },
        Stop::Threw { message, line, .. } => {
            let exhausted = message == "null" && used_bytes > job.memory_bytes / 2;
            let message = match line {
                Some(line) => format!("{message} (line {line})"),
                None => message,
            };
            // The engine has no other word for a text that outgrows it, and throws null when not even the error fits.
            if message.contains("out of memory") || message.contains("string too long") || exhausted
            {
                let limit = job.memory_bytes;
                return ScriptFailure::LimitExceeded(format!(
                    "the script needs more than {limit} bytes of memory"
                ));
            }
            if message.contains("Maximum call stack size exceeded") {
                return ScriptFailure::LimitExceeded(format!(
                    "the script nests too deep: {message}"
                ));
            }
            ScriptFailure::Failed(message)
        }
        Stop::NoValue(cause) => ScriptFailure::Failed(cause),
    }
}
