//! Forms of tasks: their properties with values, and what is submitted.
//! Never: converts a value; `bpmn::form` does, for every API alike.

use super::{
    common::{self, Answered, Map},
    instances,
    json::{Object, key, push_text},
    order::{self, Write},
    problem::Refused,
    subject::Subject,
    tasks, variables,
};
use crate::{
    http::{Context, Params, Request},
    server::State,
};
use bpmn::{
    Command,
    form::{self, ShownProperty},
    model::{FormType, Kind},
    uel::{EvaluationError, Object as Named, Scope},
};
use codec::Value;
use jiff::tz::TimeZone;
use serde::Deserialize;
use std::sync::Arc;

/// The variables that a task sees; reading a form changes nothing.
struct Visible {
    variables: Vec<(String, Value)>,
    zone: TimeZone,
}

impl Scope for Visible {
    fn variable(&mut self, name: &str) -> Option<Value> {
        let found = self.variables.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.clone())
    }

    fn assign_variable(&mut self, name: &str, _value: Value) -> Result<(), EvaluationError> {
        Err(unknown(name))
    }

    fn has_object(&self, _object: Named) -> bool {
        false
    }

    fn object_property(&mut self, _object: Named, name: &str) -> Result<Value, EvaluationError> {
        Err(unknown(name))
    }

    fn object_call(
        &mut self,
        _object: Named,
        method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Err(unknown(method))
    }

    fn time_zone(&self) -> TimeZone {
        self.zone.clone()
    }
}

fn unknown(name: &str) -> EvaluationError {
    EvaluationError::UnknownProperty {
        name: name.to_owned(),
        expression: String::new(),
    }
}

/// `GET /tasks/{id}/form`
pub async fn get(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let tenant = common::tenant(&state, &request);
    let shared = Context::clone(&state);
    let shown = variables::look_at_task(&state, tenant, id, move |entity| {
        let rows = &entity.rows_ref().tasks;
        let row = rows.iter().find(|task| task.number == id.number);
        let row = row.ok_or_else(|| Subject::Task.unknown(&id.to_string()))?;
        let published = shared.engine.catalog.get(row.definition);
        let process = published
            .as_ref()
            .map(|p| Arc::clone(&p.definition.process));
        let element = process
            .as_ref()
            .and_then(|p| p.elements.get(row.element.0 as usize));
        let properties = match element.map(|element| &element.kind) {
            Some(Kind::UserTask(task)) => &task.form_properties[..],
            Some(_) | None => &[],
        };
        let zone = &shared.config.engine.time_zone;
        let mut scope = Visible {
            variables: entity.task_variables(id.number),
            zone: zone.clone(),
        };
        let shown = form::read(properties, &mut scope, zone)
            .map_err(|error| Refused::unprocessable("form-invalid", error.to_string()))?;
        let mut body = String::with_capacity(512);
        let mut object = Object::begin(&mut body);
        object.id(key!("taskId"), id);
        object.optional_text(key!("formKey"), row.form_key.as_deref());
        push_properties(&shown, object.name(key!("properties")));
        object.end();
        Ok::<_, Refused>(body)
    });
    common::ok(shown.await??)
}

fn push_properties(shown: &[ShownProperty<'_>], out: &mut String) {
    out.push('[');
    for (n, shown) in shown.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        let property = shown.property;
        let form_type = property.form_type.as_ref().unwrap_or(&FormType::String);
        let mut object = Object::begin(out);
        object.text(key!("id"), &property.id);
        object.optional_text(key!("name"), property.name.as_deref());
        object.text(key!("type"), type_name(form_type));
        object.optional_text(key!("value"), shown.value.as_deref());
        object.boolean(key!("readable"), property.readable);
        object.boolean(key!("writable"), property.writable);
        object.boolean(key!("required"), property.required);
        match form_type {
            FormType::Date(pattern) => object.text(key!("datePattern"), pattern),
            FormType::Enum(values) => push_values(values, object.name(key!("enumValues"))),
            FormType::String
            | FormType::Long
            | FormType::Double
            | FormType::Boolean
            | FormType::Unknown(_) => {}
        }
        object.end();
    }
    out.push(']');
}

fn type_name(form_type: &FormType) -> &str {
    match form_type {
        FormType::String => "string",
        FormType::Long => "long",
        FormType::Double => "double",
        FormType::Boolean => "boolean",
        FormType::Date(_) => "date",
        FormType::Enum(_) => "enum",
        FormType::Unknown(name) => name,
    }
}

fn push_values(values: &[(String, Option<String>)], out: &mut String) {
    out.push('[');
    for (n, (id, label)) in values.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        out.push_str("{\"id\":");
        push_text(id, out);
        out.push_str(",\"name\":");
        push_text(label.as_ref().unwrap_or(id), out);
        out.push('}');
    }
    out.push(']');
}

#[derive(Deserialize, Default)]
#[serde(default)]
struct FormBody {
    properties: Option<Map>,
}

/// `POST /tasks/{id}/form`: submits the form and completes the task.
pub async fn submit(state: Context<State>, request: Request, params: Params) -> Answered {
    let id = Subject::Task.parse(params.get("id"))?;
    let body: FormBody = common::body(&request)?;
    let command = Command::SubmitForm {
        task: id.number,
        properties: common::variables(body.properties)?,
        complete: true,
    };
    let write = Write::of(&state, &request);
    let shared = Context::clone(&state);
    order::order(&state, write, Subject::Task, id, command, move |applied| {
        let instance = tasks::instance_of_finished(applied.instance, id.number);
        instances::completed(&shared, applied, instance)
    })
    .await
}
