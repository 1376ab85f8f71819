//! Logs of run instances: pages, the newest line first, and all of it as text, the oldest first.
//! Owns: that whoever has seen a run's end reads every line that its robot sent before it.

use super::find;
use crate::{
    console::{
        call::{Answered, Call, ok},
        json::Object,
        problem::Refused,
    },
    http::{HeaderValue, Response, StatusCode, header},
};
use actors::archive::{LogEntry, LogFilter};
use bytes::Bytes;
use codec::instant;
use org::Permission;
use std::sync::Arc;

/// Lines of a page when nothing is asked.
const PAGE_SIZE: usize = 100;
/// Lines of a page at most.
const MAX_PAGE_SIZE: usize = 1000;
/// Lines of a piece of a download.
const PIECE_LINES: usize = 1000;
/// Pieces of a download that are read ahead of the client.
const PIECES: usize = 2;

/// `GET /openapi/runinstances/{id}/logs`
pub async fn page(call: Call) -> Answered {
    let id = call.id("id")?;
    let query = call.query();
    let page_size = query.number("PageSize")?.unwrap_or(PAGE_SIZE);
    if !(1..=MAX_PAGE_SIZE).contains(&page_size) {
        return Err(Refused::field("PageSize", "between 1 and 1000"));
    }
    let before = query.number("LastRowKey")?.map(|seq| seq as u64);
    let filter = LogFilter {
        before,
        level: query.text("Level").map(str::to_owned),
        search: query.text("Search").map(str::to_owned),
        // One more tells whether there is a next page.
        limit: page_size + 1,
    };
    find::run(&call, Permission::JobView, id).await?;
    let engine = &call.state.engine;
    engine.lines_kept(call.tenant(), id).await?;
    let read = engine.archived(move |archive| archive.logs(id, &filter));
    let mut lines = read.await?;
    let more = lines.len() > page_size;
    lines.truncate(page_size);
    let mut out = String::new();
    let mut object = Object::begin(&mut out);
    object.list("data", &lines, push_line);
    if let Some(last) = lines.last().filter(|_| more) {
        let mut next = Object::begin(object.name("nextPage"));
        next.text("lastPartitionKey", &id.to_string());
        next.text("lastRowKey", &last.seq.to_string());
        next.end();
    }
    object.end();
    ok(out)
}

/// A line.
pub fn push_line(line: &LogEntry, out: &mut String) {
    let mut object = Object::begin(out);
    object.id("id", line.run.derive(line.seq));
    object.number("seq", line.seq.cast_signed());
    object.text("message", &line.message);
    object.id("robotId", line.robot);
    object.text("logType", &line.kind);
    object.text("logLevel", &line.level);
    object.instant("createdAt", line.at_ms);
    object.end();
}

/// `GET /openapi/runinstances/{id}/logs/download`
pub async fn download(call: Call) -> Answered {
    let id = call.id("id")?;
    find::run(&call, Permission::JobView, id).await?;
    let engine = call.state.engine.clone();
    engine.lines_kept(call.tenant(), id).await?;
    // The first piece is read before the answer begins, so that a failure is one.
    let mut piece = engine
        .archived(move |archive| archive.logs_after(id, 0, PIECE_LINES))
        .await?;
    let text = HeaderValue::from_static("text/plain; charset=utf-8");
    let name = HeaderValue::try_from(format!("attachment; filename=\"{id}.log\""));
    let name = name.unwrap_or_else(|_| HeaderValue::from_static("attachment"));
    let (response, sender) = Response::new(StatusCode::OK)
        .header(header::CONTENT_TYPE, text)
        .header(header::CONTENT_DISPOSITION, name)
        .channel(PIECES);
    let server = Arc::clone(&call.state);
    tokio::spawn(async move {
        while let Some(last) = piece.last().map(|line| line.seq) {
            let full = piece.len() == PIECE_LINES;
            if sender.send(Bytes::from(lines(&piece))).await.is_err() || !full {
                return;
            }
            let read = server
                .engine
                .archived(move |archive| archive.logs_after(id, last, PIECE_LINES));
            match read.await {
                Ok(next) => piece = next,
                Err(error) => {
                    tracing::error!(%error, "a log could not be read to its end");
                    return;
                }
            }
        }
    });
    Ok(response)
}

/// A line for each entry: when, what kind, level, text.
fn lines(entries: &[LogEntry]) -> String {
    let mut out = String::new();
    for entry in entries {
        instant::push_rfc3339(entry.at_ms, &mut out);
        for part in [&entry.kind, &entry.level, &entry.message] {
            out.push(' ');
            out.push_str(part);
        }
        out.push('\n');
    }
    out
}
