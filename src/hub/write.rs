//! Messages to robots, to JSON.
//! Owns: their fields, and that an asset's value stands only in what starts a run. Never: logs one.

use super::packages;
use crate::{
    server::State,
    vault::{self, Plain},
};
use actors::robots::message::{Offer, RunRef, ToRobot};
use codec::json;
use rpa::{
    Guid,
    execution::{AckReason, Verdict},
    terms::AssetType,
};
use serde_json::{Map, Value, json};

/// One message as text; none: it is no message but an end.
pub fn write(state: &State, robot: Guid, message: &ToRobot) -> Option<String> {
    let value = match message {
        ToRobot::Welcome(verdicts) => welcome(state, robot, verdicts),
        ToRobot::Offer(offer) => work(state, robot, offer),
        ToRobot::Start { run, assets } => {
            of_run("start", *run, [("assets", values(state, robot, assets))])
        }
        ToRobot::Withdraw(run) => of_run("withdraw", *run, []),
        ToRobot::Pause(run) => of_run("pause", *run, []),
        ToRobot::Resume(run) => of_run("resume", *run, []),
        ToRobot::Cancel { run, kill_after_ms } => {
            of_run("cancel", *run, [("killAfterMs", json!(kill_after_ms))])
        }
        ToRobot::AckLogs { run, seq } => json!({
            "type": "ack",
            "of": "logs",
            "runInstanceId": run.to_string(),
            "seq": seq,
        }),
        ToRobot::AckResult { run, taken } => {
            let accepted = ("accepted", json!(taken.is_ok()));
            let of = ("of", json!("result"));
            match taken {
                Ok(()) => of_run("ack", *run, [of, accepted]),
                Err(why) => {
                    let why = match why {
                        AckReason::Stale => "stale",
                        AckReason::Duplicate => "duplicate",
                    };
                    of_run("ack", *run, [of, accepted, ("reason", json!(why))])
                }
            }
        }
        ToRobot::Close(_) => return None,
    };
    Some(value.to_string())
}

/// The message that says why the connection ends.
pub fn problem(code: &str, message: &str) -> String {
    json!({"type": "problem", "code": code, "message": message}).to_string()
}

/// The end of a session by polling: what a close frame says elsewhere.
pub fn closed((close_code, message): (u16, &str)) -> String {
    json!({"type": "problem", "code": "closed", "closeCode": close_code, "message": message})
        .to_string()
}

fn of_run<const N: usize>(kind: &str, run: RunRef, more: [(&str, Value); N]) -> Value {
    let mut fields = Map::new();
    fields.insert("type".to_owned(), json!(kind));
    fields.insert("runInstanceId".to_owned(), json!(run.run.to_string()));
    fields.insert("fence".to_owned(), json!(run.fence));
    for (name, value) in more {
        fields.insert(name.to_owned(), value);
    }
    Value::Object(fields)
}

fn welcome(state: &State, robot: Guid, verdicts: &[(RunRef, Verdict)]) -> Value {
    let times = &state.config.robots;
    let ms =
        |duration: std::time::Duration| u64::try_from(duration.as_millis()).unwrap_or(u64::MAX);
    let runs = verdicts.iter().map(|(run, verdict)| {
        let verdict = match verdict {
            Verdict::Start => "start",
            Verdict::Continue => "continue",
            Verdict::Cancel => "cancel",
            Verdict::Forget => "forget",
        };
        json!({"runInstanceId": run.run.to_string(), "fence": run.fence, "verdict": verdict})
    });
    json!({
        "type": "welcome",
        "robotId": robot.to_string(),
        "heartbeatMs": ms(times.heartbeat),
        "lostAfterMs": ms(times.lost_after),
        "runs": runs.collect::<Vec<_>>(),
    })
}

fn work(state: &State, robot: Guid, offer: &Offer) -> Value {
    let package = &offer.package;
    let arguments = offer.arguments.iter().map(|(argument, value)| {
        let mut fields = Map::new();
        fields.insert("type".to_owned(), json!(argument.type_name));
        fields.insert("direction".to_owned(), json!(argument.direction.name()));
        if let Some(value) = value
            && argument.goes_in()
        {
            fields.insert("value".to_owned(), json::to_json(value));
        }
        (argument.name.clone(), Value::Object(fields))
    });
    let mut more = vec![
        ("jobId", json!(offer.job.to_string())),
        ("attempt", json!(offer.attempt)),
        ("workflowId", json!(offer.workflow.to_string())),
        ("workflowName", json!(offer.workflow_name)),
    ];
    more.extend(offer.max_run_ms.map(|ms| ("maxRunMs", json!(ms))));
    more.extend([
        ("acceptWithinMs", json!(offer.accept_within_ms)),
        (
            "package",
            json!({
                "versionId": package.version_id.to_string(),
                "name": package.name,
                "version": package.version,
                "sha256": package.sha256.to_string(),
                "size": package.size,
                "url": packages::address(state, package.sha256),
            }),
        ),
        ("arguments", Value::Object(arguments.collect())),
    ]);
    if let Some(assets) = &offer.assets {
        more.push(("assets", values(state, robot, assets)));
    }
    let mut work = of_run("offer", offer.run, []);
    if let Value::Object(fields) = &mut work {
        fields.extend(
            more.into_iter()
                .map(|(name, value)| (name.to_owned(), value)),
        );
    }
    work
}

/// The values of assets, by the names of the arguments that want them. One that is gone, or that the keys do not open, is
/// left out: the run sees that it lacks a value.
fn values(state: &State, robot: Guid, assets: &[(String, Guid)]) -> Value {
    let found = assets.iter().filter_map(|(argument, id)| {
        let asset = state.engine.registry.look(|registry| {
            let tenant = registry.robot_connecting(robot)?.meta.tenant;
            registry.asset(tenant, *id).cloned()
        })?;
        let key = state.sso.keys.assets();
        match vault::open(key, asset.meta.tenant, asset.id, &asset.value) {
            Ok(plain) => Some((argument.clone(), plain_value(asset.kind, plain))),
            Err(fault) => {
                tracing::error!(asset = %asset.id, %fault, "a run starts without an asset");
                None
            }
        }
    });
    Value::Object(found.collect())
}

fn plain_value(kind: AssetType, plain: Plain) -> Value {
    match plain {
        Plain::Credential {
            user_name,
            password,
        } => json!({"userName": user_name, "password": password}),
        Plain::Text(text) => {
            let typed = match kind {
                AssetType::Integer => text.trim().parse().ok().map(|number: i64| json!(number)),
                AssetType::Float => text.trim().parse().ok().map(|number: f64| json!(number)),
                AssetType::Boolean => Some(json!(text.trim().eq_ignore_ascii_case("true"))),
                AssetType::String | AssetType::Credential => None,
            };
            typed.unwrap_or(Value::String(text))
        }
    }
}
