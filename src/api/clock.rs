//! The engine's clock: what time it is for processes, and moving it where it is set by hand.
//! Never: waits longer than an answer may take; what is under way goes on behind it.

use super::{
    common::{self, Answered},
    json::{Object, key},
    problem::Refused,
};
use crate::{
    http::{Context, HeaderName, HeaderValue, Params, Request, StatusCode},
    server::State,
};
use actors::Failure;
use codec::instant;
use jiff::Span;
use serde::Deserialize;
use std::time::Duration;

/// After so long an answer leaves although not all has happened.
const SETTLE: Duration = Duration::from_secs(30);
const UNSETTLED: HeaderName = HeaderName::from_static("loomwork-unsettled");

fn shown(state: &State) -> String {
    let clock = &state.engine.clock;
    let mut body = String::with_capacity(64);
    let mut object = Object::begin(&mut body);
    object.instant(key!("now"), clock.now_ms());
    object.text(
        key!("mode"),
        if clock.is_manual() { "manual" } else { "real" },
    );
    object.end();
    body
}

/// `GET /clock`
pub async fn get(state: Context<State>, _request: Request, _params: Params) -> Answered {
    common::ok(shown(&state))
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct ClockBody {
    to: Option<String>,
    by: Option<String>,
}

/// `PUT /clock`
pub async fn set(state: Context<State>, request: Request, _params: Params) -> Answered {
    if !state.engine.clock.is_manual() {
        return Err(Failure::ClockIsReal.into());
    }
    let body: ClockBody = common::body(&request)?;
    let target_ms = match (body.to, body.by) {
        (Some(to), None) => instant::parse(&to, &state.config.engine.time_zone)
            .ok_or_else(|| Refused::malformed(format!("'{to}' is no instant")))?,
        (None, Some(by)) => later(&state, &by)
            .ok_or_else(|| Refused::malformed(format!("'{by}' is no duration from now")))?,
        _ => {
            return Err(Refused::malformed(
                "the clock is set either to an instant or by a duration",
            ));
        }
    };
    let engine = state.engine.clone();
    let moving = tokio::spawn(async move { engine.set_clock(target_ms).await.map(|()| true) });
    answer(&state, moving).await
}

/// Now and an ISO 8601 duration; days and months are those of the engine's zone.
fn later(state: &State, by: &str) -> Option<i64> {
    let span: Span = by.parse().ok()?;
    let zone = state.config.engine.time_zone.clone();
    let now = instant::timestamp(state.engine.clock.now_ms()).to_zoned_datetime(zone);
    let then = now.checked_add(span).ok()?;
    Some(then.timestamp().as_millisecond())
}

/// `POST /clock/settle`
pub async fn settle(state: Context<State>, _request: Request, _params: Params) -> Answered {
    let engine = state.engine.clone();
    let settling = tokio::spawn(async move { engine.settle().await });
    answer(&state, settling).await
}

/// 200 when all has happened, 202 when it goes on behind the answer, or the server leaves before.
async fn answer(state: &State, work: tokio::task::JoinHandle<Result<bool, Failure>>) -> Answered {
    let mut told = None;
    let waiting = async { told = Some(work.await) };
    state.engine.leaving.or(waiting, SETTLE).await;
    let settled = match told {
        Some(done) => done.map_err(|_| Refused::from(Failure::Panicked))??,
        None => false,
    };
    let mut response = common::ok(shown(state))?;
    if !settled {
        response.status = StatusCode::ACCEPTED;
        response = response.header(UNSETTLED, HeaderValue::from_static("true"));
    }
    Ok(response)
}
