//! Messages of robots, from JSON.
//! Owns: their fields. Unknown fields and types are ignored. Never: takes half a message.

use super::frames::Malformed;
use actors::robots::message::{FromRobot, Hello, Line, RunRef};
use codec::{instant, json};
use jiff::tz::TimeZone;
use rpa::{
    Guid,
    execution::{Claim, ClaimedState, Reject, ResultStatus, RunResult},
    registry::Reported,
};
use serde_json::{Map, Value};

/// Names of capabilities, at most.
const CAPABILITIES: usize = 32;
/// Characters of a short text: a version, a device.
const SHORT_CHARS: usize = 255;
/// Lines of one message, at most.
const LINES: usize = 10_000;

/// A message.
#[derive(Clone, Debug, PartialEq)]
pub enum Read {
    /// The first one.
    Hello(Box<Hello>),
    /// A later one.
    Said(FromRobot),
    /// One of a type that is not known here.
    Unknown,
}

/// Reads one message.
pub fn read(text: &str) -> Result<Read, Malformed> {
    let Ok(Value::Object(fields)) = serde_json::from_str(text) else {
        return Err(Malformed::NoObject);
    };
    message(&fields)
}

/// Reads one message that is an object already.
pub fn message(fields: &Map<String, Value>) -> Result<Read, Malformed> {
    let Some(Value::String(kind)) = fields.get("type") else {
        return Err(Malformed::NoObject);
    };
    let fields = Fields { kind, fields };
    let said = match kind.as_str() {
        "hello" => return fields.hello().map(|hello| Read::Hello(Box::new(hello))),
        "heartbeat" => FromRobot::Heartbeat,
        "accepting" => FromRobot::Accepting(fields.boolean("value")?.unwrap_or(true)),
        "bye" => FromRobot::Bye,
        "accept" => FromRobot::Accept(fields.run()?),
        "reject" => FromRobot::Reject {
            run: fields.run()?,
            reason: fields.reason()?,
            message: fields.text("message")?,
        },
        "progress" => FromRobot::Progress {
            run: fields.run()?,
            percent: fields.fields.get("percent").and_then(Value::as_f64),
            text: fields.text("text")?,
        },
        "paused" => FromRobot::Paused(fields.run()?),
        "resumed" => FromRobot::Resumed(fields.run()?),
        "logs" => FromRobot::Logs {
            run: fields.run()?,
            lines: fields.lines()?,
        },
        "result" => FromRobot::Result {
            run: fields.run()?,
            result: fields.result()?,
        },
        _ => return Ok(Read::Unknown),
    };
    Ok(Read::Said(said))
}

struct Fields<'f> {
    kind: &'f str,
    fields: &'f Map<String, Value>,
}

impl Fields<'_> {
    fn wrong(&self, why: impl Into<String>) -> Malformed {
        Malformed::Field {
            kind: self.kind.to_owned(),
            why: why.into(),
        }
    }

    /// A field that is there and is not null.
    fn get(&self, name: &str) -> Option<&Value> {
        self.fields.get(name).filter(|value| !value.is_null())
    }

    fn text(&self, name: &str) -> Result<Option<String>, Malformed> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(format!("{name} is a text"))),
        }
    }

    fn short(&self, name: &str) -> Result<Option<String>, Malformed> {
        let text = self.text(name)?;
        Ok(text.map(|text| text.chars().take(SHORT_CHARS).collect()))
    }

    fn boolean(&self, name: &str) -> Result<Option<bool>, Malformed> {
        match self.get(name) {
            None => Ok(None),
            Some(Value::Bool(value)) => Ok(Some(*value)),
            Some(_) => Err(self.wrong(format!("{name} is true or false"))),
        }
    }

    fn number(&self, name: &str) -> Result<u64, Malformed> {
        let number = self.get(name).and_then(Value::as_u64);
        number.ok_or_else(|| self.wrong(format!("{name} is a number from 0")))
    }

    fn array(&self, name: &str) -> Result<&[Value], Malformed> {
        match self.get(name) {
            None => Ok(&[]),
            Some(Value::Array(items)) => Ok(items),
            Some(_) => Err(self.wrong(format!("{name} is a list"))),
        }
    }

    fn run(&self) -> Result<RunRef, Malformed> {
        let id = self.text("runInstanceId")?;
        let id = id.and_then(|text| text.parse::<Guid>().ok());
        Ok(RunRef {
            run: id.ok_or_else(|| self.wrong("runInstanceId is a GUID"))?,
            fence: self.number("fence")?,
        })
    }

    fn hello(&self) -> Result<Hello, Malformed> {
        if self.number("protocol")? != 1 {
            return Err(Malformed::Version);
        }
        let capabilities = self.array("capabilities")?.iter().take(CAPABILITIES);
        let capabilities = capabilities.filter_map(Value::as_str);
        let capabilities = capabilities.map(|name| name.chars().take(SHORT_CHARS).collect());
        let runs = self.array("runs")?.iter();
        Ok(Hello {
            reported: Reported {
                version: self.short("version")?,
                sdk_version: self.short("sdkVersion")?,
                device_id: self.short("deviceId")?,
                capabilities: capabilities.collect(),
            },
            accepting: self.boolean("accepting")?.unwrap_or(true),
            auto_accept: self.boolean("autoAccept")?.unwrap_or(false),
            runs: runs.map(|run| self.claim(run)).collect::<Result<_, _>>()?,
        })
    }

    fn claim(&self, run: &Value) -> Result<Claim, Malformed> {
        let Value::Object(fields) = run else {
            return Err(self.wrong("a run is an object"));
        };
        let of_run = Fields {
            kind: self.kind,
            fields,
        };
        let RunRef { run, fence } = of_run.run()?;
        let state = match of_run.text("state")?.as_deref() {
            Some("accepted") => ClaimedState::Accepted,
            Some("running") => ClaimedState::Running,
            Some("paused") => ClaimedState::Paused,
            Some("finished") => ClaimedState::Finished,
            Some(_) | None => {
                return Err(self.wrong("a run's state is accepted, running, paused or finished"));
            }
        };
        Ok(Claim { run, fence, state })
    }

    fn reason(&self) -> Result<Reject, Malformed> {
        Ok(match self.text("reason")?.as_deref() {
            Some("busy") => Reject::Busy,
            Some("unsupported") => Reject::Unsupported,
            Some("package") => Reject::Package,
            // What a later robot may say is something else, too.
            Some(_) | None => Reject::Other,
        })
    }

    fn lines(&self) -> Result<Vec<Line>, Malformed> {
        let entries = self.array("entries")?;
        if entries.len() > LINES {
            return Err(self.wrong(format!("at most {LINES} entries")));
        }
        entries.iter().map(|entry| self.line(entry)).collect()
    }

    fn line(&self, entry: &Value) -> Result<Line, Malformed> {
        let Value::Object(fields) = entry else {
            return Err(self.wrong("an entry is an object"));
        };
        let entry = Fields {
            kind: self.kind,
            fields,
        };
        let seq = entry.number("seq")?;
        if seq == 0 || i64::try_from(seq).is_err() {
            return Err(self.wrong("seq counts from 1"));
        }
        let at = entry.text("at")?;
        let at_ms = at.and_then(|text| instant::parse(&text, &TimeZone::UTC));
        let among = |name: &str, words: &[&str]| {
            let said = entry.text(name)?;
            let said = said.as_deref().unwrap_or(words[0]);
            let word = words.iter().find(|word| word.eq_ignore_ascii_case(said));
            let word = word.ok_or_else(|| self.wrong(format!("{name} is one of {words:?}")));
            word.map(|word| (*word).to_owned())
        };
        Ok(Line {
            seq,
            at_ms: at_ms.ok_or_else(|| self.wrong("at is an instant"))?,
            level: among("level", &["Info", "Debug", "Error"])?,
            kind: among("logType", &["Business", "System"])?,
            message: entry.text("message")?.unwrap_or_default(),
        })
    }

    fn result(&self) -> Result<RunResult, Malformed> {
        let status = match self.text("status")?.as_deref() {
            Some("Succeeded") => ResultStatus::Succeeded,
            Some("Failed") => ResultStatus::Failed,
            Some("Cancelled") => ResultStatus::Cancelled,
            Some(_) | None => {
                return Err(self.wrong("status is Succeeded, Failed or Cancelled"));
            }
        };
        let exit_code = self.get("exitCode").and_then(Value::as_i64);
        let outputs = match self.get("arguments") {
            None => Vec::new(),
            Some(Value::Object(values)) => values
                .iter()
                .map(|(name, value)| (name.clone(), json::from_plain_json(value.clone())))
                .collect(),
            Some(_) => return Err(self.wrong("arguments are an object")),
        };
        Ok(RunResult {
            status,
            exit_code: exit_code.and_then(|code| i32::try_from(code).ok()),
            outputs,
            message: self.text("message")?,
        })
    }
}
