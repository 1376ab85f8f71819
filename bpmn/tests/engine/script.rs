//! Scripts of the conformance models in a real ECMAScript engine, with just enough of `execution`.
//! The script works on a copy of the variables; what it set is carried over when it is done.
//! Never: limits or isolation; the server's script engine has them.

use bpmn::{ScriptFailure, ScriptScope};
use codec::Value;
use rquickjs::{Context, Ctx, Runtime};
use serde_json::Value as Json;

const PRELUDE: &str = r#"
    const visible = JSON.parse(given);
    const assigned = [];
    const execution = {
        getVariable: name => name in visible ? visible[name] : null,
        hasVariable: name => name in visible,
        setVariable: (name, value) => {
            visible[name] = value;
            assigned.push([name, value]);
        },
    };
    class BpmnError extends Error {
        constructor(code, message) {
            super(message);
            this.code = code;
        }
    }
    const System = { out: { println: () => {} } };
"#;

/// Runs a script; its assignments happen when it ended well.
pub fn run(source: &str, scope: &mut dyn ScriptScope) -> Result<Value, ScriptFailure> {
    let mut given = serde_json::Map::new();
    for name in scope.names() {
        let value = scope.variable(&name).unwrap_or(Value::Null);
        given.insert(name, codec::json::to_json(&value));
    }
    let given = Json::Object(given).to_string();
    let runtime = Runtime::new().map_err(failed)?;
    let context = Context::full(&runtime).map_err(failed)?;
    let assigned = context.with(|ctx| evaluate(&ctx, &given, source))?;
    let assigned: Vec<(String, Json)> = serde_json::from_str(&assigned).map_err(failed)?;
    for (name, value) in assigned {
        scope
            .set_variable(&name, codec::json::from_plain_json(value))
            .map_err(ScriptFailure::Failed)?;
    }
    Ok(Value::Null)
}

fn evaluate(ctx: &Ctx<'_>, given: &str, source: &str) -> Result<String, ScriptFailure> {
    ctx.globals().set("given", given).map_err(failed)?;
    let program = format!("{PRELUDE}\n{{\n{source}\n}}\nJSON.stringify(assigned)");
    ctx.eval::<String, _>(program).map_err(|_| {
        let thrown = ctx.catch();
        let object = thrown.as_object();
        let text = |key: &str| object.and_then(|o| o.get::<_, String>(key).ok());
        let message = text("message").unwrap_or_else(|| format!("{thrown:?}"));
        match text("code") {
            Some(code) => ScriptFailure::BpmnError { code, message },
            None => ScriptFailure::Failed(message),
        }
    })
}

fn failed(error: impl ToString) -> ScriptFailure {
    ScriptFailure::Failed(error.to_string())
}
