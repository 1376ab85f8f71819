//! The same for many jobs: each has its own outcome.
//! Never: ends at the first one that is refused.

use super::{do_cancel, do_pause, do_resume, do_retry};
use crate::console::{
    call::{Answered, Call, ok},
    json::Object,
    problem::Refused,
};
use crate::http::StatusCode;
use org::Guid;

/// Jobs of one request.
const JOBS: usize = 1000;

/// What became of many.
#[derive(Default)]
pub struct Report {
    /// How many there were.
    pub total: usize,
    /// How many are done.
    pub succeeded: usize,
    /// How many do not exist.
    pub missing: usize,
    /// Those that were refused: id, name, reason.
    pub failed: Vec<(rpa::Guid, Option<String>, String)>,
    /// Those with which something is worth saying: id, name, what.
    pub warned: Vec<(rpa::Guid, Option<String>, String)>,
}

impl Report {
    /// As JSON.
    pub fn rendered(&self) -> String {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.count("total", self.total);
        object.count("successCount", self.succeeded);
        object.count("failureCount", self.failed.len());
        object.count("missingCount", self.missing);
        for (name, entries) in [("failedList", &self.failed), ("warningList", &self.warned)] {
            object.list(name, entries, |(id, name, message), out| {
                let mut entry = Object::begin(out);
                entry.id("id", id);
                entry.maybe_text("name", name.as_deref());
                entry.text("message", message);
                entry.end();
            });
        }
        object.end();
        out
    }
}

/// The ids that a body names, each once.
pub fn ids(call: &Call, field: &str) -> Result<Vec<rpa::Guid>, Refused> {
    let ids: Option<Vec<Guid>> = call.body()?.ids(field)?;
    let mut ids = ids.ok_or_else(|| Refused::field(field, "given"))?;
    if ids.len() > JOBS {
        return Err(Refused::field(field, "at most 1000 ids"));
    }
    let mut seen = std::collections::BTreeSet::new();
    ids.retain(|id| seen.insert(*id));
    Ok(ids.into_iter().map(|id| rpa::Guid(id.0)).collect())
}

macro_rules! batches {
    ($($name:ident $one:ident $path:literal;)+) => {
        $(
            #[doc = concat!("`POST /openapi/jobs/batch/", $path, "`")]
            pub async fn $name(call: Call) -> Answered {
                let mut report = Report::default();
                for id in ids(&call, "jobIds")? {
                    let done = $one(&call, id).await;
                    note(&mut report, id, done);
                }
                ok(report.rendered())
            }
        )+
    };
}

batches! {
    cancel do_cancel "cancel";
    pause do_pause "pause";
    resume do_resume "resume";
    retry do_retry "retry";
}

fn note(report: &mut Report, id: rpa::Guid, done: Answered) {
    report.total += 1;
    match done {
        Ok(_) => report.succeeded += 1,
        Err(refused) if refused.status() == StatusCode::NOT_FOUND => report.missing += 1,
        Err(refused) => report.failed.push((id, None, refused.detail())),
    }
}
