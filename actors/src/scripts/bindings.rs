//! The globals of a script: its variables, `execution`, `task`, and what the prelude brings.
//! Never: keeps a value of the script in a Rust closure: the script's collector would not see it.

use super::{
    convert,
    interpreter::{Asker, Job, Question},
};
use bpmn::uel::{EvaluationError, Object as EngineObject};
use codec::Value;
use rquickjs::{
    Array, Ctx, Function, IntoJs, Object, Value as JsValue, context::EvalOptions, object::Filter,
};
use std::rc::Rc;

const PRELUDE: &str = include_str!("prelude.js");
const GUARDS: &str = include_str!("guards.js");
/// Longest line that `print` writes to the log, in bytes.
const MAX_LOG_BYTES: usize = 1024;

/// Installs everything and returns the prelude's tools.
pub(super) fn install<'js>(
    ctx: &Ctx<'js>,
    job: &Job,
    asker: &Rc<Asker>,
) -> rquickjs::Result<Object<'js>> {
    let mut options = EvalOptions::default();
    options.filename = Some("prelude".to_owned());
    let prelude: Function<'js> = ctx.eval_with_options(PRELUDE, options)?;
    let native = Object::new(ctx.clone())?;
    native.set("execution", job.execution)?;
    native.set("task", job.task)?;
    native.set("guards", GUARDS)?;
    native.set("log", Function::new(ctx.clone(), log)?)?;
    let asker = Rc::clone(asker);
    let ask = move |ctx: Ctx<'js>,
                    tools: Object<'js>,
                    object: String,
                    name: String,
                    arguments: Option<Array<'js>>| {
        ask(&ctx, &asker, &tools, &object, name, arguments)
    };
    native.set("ask", Function::new(ctx.clone(), ask)?)?;
    let tools: Object<'js> = prelude.call((native,))?;
    for (name, value) in &job.variables {
        let value = convert::to_js(ctx, value, &tools)?;
        if !matches!(name.as_str(), "execution" | "task") {
            ctx.globals().set(name.as_str(), value)?;
        }
    }
    Ok(tools)
}

fn log(text: String) {
    let end = text.floor_char_boundary(MAX_LOG_BYTES);
    tracing::debug!(target: "script", "{}", &text[..end]);
}

/// `[value]`, or `[null, message]`, or `[null, message, code]` for a BPMN error; the prelude throws them.
fn ask<'js>(
    ctx: &Ctx<'js>,
    asker: &Asker,
    tools: &Object<'js>,
    object: &str,
    name: String,
    arguments: Option<Array<'js>>,
) -> rquickjs::Result<Vec<JsValue<'js>>> {
    let null = || JsValue::new_null(ctx.clone());
    let failed = |message: String| Ok(vec![null(), message.into_js(ctx)?]);
    let Some(object) = EngineObject::named(object) else {
        return failed(format!("no object '{object}'"));
    };
    let question = match arguments {
        None => Question::Property(object, name),
        Some(arguments) => match convert::from_js(arguments.as_value(), tools) {
            Ok(Value::List(arguments)) => Question::Call(object, name, arguments),
            Ok(_) => return failed("no arguments".to_owned()),
            Err(cause) => return failed(cause),
        },
    };
    match asker.ask(question) {
        Ok(value) => Ok(vec![convert::to_js(ctx, &value, tools)?]),
        Err(EvaluationError::BpmnError { code, message }) => {
            Ok(vec![null(), message.into_js(ctx)?, code.into_js(ctx)?])
        }
        Err(error) => failed(reason(&error)),
    }
}

/// The cause alone: there is no expression to speak of.
pub(super) fn reason(error: &EvaluationError) -> String {
    match error {
        EvaluationError::Failed { cause, .. } => cause.clone(),
        EvaluationError::UnknownProperty { name, .. } => format!("unknown property {name}"),
        EvaluationError::UnknownMethod { method, .. } => format!("unknown method {method}"),
        EvaluationError::LimitExceeded { limit, .. } => format!("limit exceeded: {limit}"),
        EvaluationError::ConditionNull { .. }
        | EvaluationError::ConditionNotBoolean { .. }
        | EvaluationError::BpmnError { .. } => error.to_string(),
    }
}

/// The globals that the script made or changed, when they are to become variables.
pub(super) fn assigned<'js>(
    ctx: &Ctx<'js>,
    job: &Job,
    tools: &Object<'js>,
) -> Result<Vec<(String, Value)>, String> {
    let mut changed = Vec::new();
    if !job.store {
        return Ok(changed);
    }
    let globals = ctx.globals();
    let broken = |error: rquickjs::Error| format!("a global could not be read: {error}");
    for name in globals.own_keys::<String>(Filter::new().string().enum_only()) {
        let name = name.map_err(broken)?;
        let value: JsValue<'js> = globals.get(name.as_str()).map_err(broken)?;
        if value.is_function() || value.is_undefined() || value.is_symbol() {
            continue;
        }
        let value = convert::from_js(&value, tools)
            .map_err(|cause| format!("variable '{name}': {cause}"))?;
        let known = job.variables.iter().find(|(known, _)| *known == name);
        if known.is_none_or(|(_, before)| *before != value) {
            changed.push((name, value));
        }
    }
    Ok(changed)
}
