//! The tables of what `execution` and `task` answer to in expressions and scripts: no reflection, only these.
//! Never: a method that needs more than the work at hand (Activiti's services).

use super::event::TaskChange;
use super::scope::ExecutionScope;
use crate::rows::{Delegation, Identity, IdentityLink, TaskRow};
use crate::uel::{self, EvaluationError, Object};
use codec::Value;

/// `execution.id`, `task.assignee`, …
pub(super) fn property(
    scope: &mut ExecutionScope<'_, '_>,
    object: Object,
    name: &str,
) -> Result<Value, EvaluationError> {
    let found = match object {
        Object::Execution => execution_property(scope, name),
        Object::Task => task_property(scope, name),
        Object::FlowElement => element_property(scope, name),
    };
    found.ok_or_else(|| {
        EvaluationError::failed(format!("Cannot find property {name} of {}", object.name()))
    })
}

/// `execution.setVariable("a", 1)`, `task.setAssignee("kermit")`, …
pub(super) fn call(
    scope: &mut ExecutionScope<'_, '_>,
    object: Object,
    method: &str,
    arguments: &[Value],
) -> Result<Value, EvaluationError> {
    let target = match object {
        Object::Execution => Some(scope.execution),
        Object::Task => Some(scope.task.unwrap_or(scope.execution)),
        Object::FlowElement => None,
    };
    if let Some(target) = target
        && let Some(value) = variable_call(scope, target, method, arguments)?
    {
        return Ok(value);
    }
    if object == Object::Task
        && let Some(value) = task_call(scope, method, arguments)?
    {
        return Ok(value);
    }
    if arguments.is_empty()
        && let Some(name) = getter(method)
        && let Ok(value) = property(scope, object, &name)
    {
        return Ok(value);
    }
    Err(EvaluationError::unknown_method(object.name(), method))
}

/// `getId` reads `id`, `isEnded` reads `ended`.
fn getter(method: &str) -> Option<String> {
    let rest = method
        .strip_prefix("get")
        .or_else(|| method.strip_prefix("is"))?;
    let mut characters = rest.chars();
    let first = characters.next()?;
    Some(first.to_lowercase().chain(characters).collect())
}

fn text(value: Option<String>) -> Value {
    value.map_or(Value::Null, Value::String)
}

fn id(scope: &ExecutionScope<'_, '_>, number: u32) -> Value {
    Value::String(scope.work.instance.root().child(number).to_string())
}

fn execution_property(scope: &ExecutionScope<'_, '_>, name: &str) -> Option<Value> {
    let work = &scope.work;
    let execution = work.execution(scope.execution)?;
    let row = work.rows().instance(execution.instance)?;
    let definition = work.known_definition(execution.instance);
    let element = || {
        let process = work.known_process(execution.instance)?;
        execution.at.map(|at| process.element(at).clone())
    };
    Some(match name {
        "id" => id(scope, execution.number),
        "processInstanceId" => id(scope, execution.instance),
        "rootProcessInstanceId" => id(scope, 0),
        "parentId" => execution.parent.map_or(Value::Null, |p| id(scope, p)),
        "superExecutionId" => row.super_execution.map_or(Value::Null, |e| id(scope, e)),
        "processDefinitionId" => text(definition.map(|d| d.text_id())),
        "processDefinitionKey" => text(definition.map(|d| d.process.key.clone())),
        "processDefinitionName" => text(definition.and_then(|d| d.process.name.clone())),
        "processBusinessKey" | "processInstanceBusinessKey" => text(row.business_key.clone()),
        // Of its own: only the execution that is the instance has one.
        "businessKey" => text(row.business_key.clone().filter(|_| execution.is_instance())),
        "currentActivityId" | "activityId" => text(element().map(|e| e.id)),
        "currentActivityName" => text(element().and_then(|e| e.name)),
        // To scripts, which have no objects but these two.
        "currentFlowElement" => element().map_or(Value::Null, |e| {
            Value::Map(vec![
                ("id".to_owned(), Value::String(e.id)),
                ("name".to_owned(), text(e.name)),
            ])
        }),
        // While a task's listener runs, the event is the task's alone.
        "eventName" if scope.task.is_none() => text(work.listening.map(str::to_owned)),
        "eventName" => Value::Null,
        "tenantId" => Value::String(String::new()),
        "variables" => Value::Map(work.visible_variables(execution.number)),
        "variableNames" => names(work.visible_variables(execution.number)),
        "variablesLocal" => Value::Map(own_variables(scope, execution.number)),
        "variableNamesLocal" => names(own_variables(scope, execution.number)),
        "active" => Value::Bool(execution.is_active()),
        "ended" => Value::Bool(false),
        "scope" => Value::Bool(execution.is_scope()),
        "suspended" => Value::Bool(row.suspended),
        "processInstanceType" => Value::Bool(execution.is_instance()),
        _ => return None,
    })
}

fn element_property(scope: &ExecutionScope<'_, '_>, name: &str) -> Option<Value> {
    let execution = scope.work.execution(scope.execution)?;
    let process = scope.work.known_process(execution.instance)?;
    let element = process.element(execution.at?);
    Some(match name {
        "id" => Value::String(element.id.clone()),
        "name" => text(element.name.clone()),
        "documentation" => text(element.documentation.as_ref().map(|d| d.text().to_owned())),
        _ => return None,
    })
}

fn task_property(scope: &ExecutionScope<'_, '_>, name: &str) -> Option<Value> {
    let work = &scope.work;
    let task: &TaskRow = work.rows().task(scope.task?)?;
    let date = |ms: Option<i64>| ms.map_or(Value::Null, Value::Date);
    Some(match name {
        "id" => id(scope, task.number),
        "name" => text(task.name.clone()),
        "description" => text(task.description.clone()),
        "assignee" => text(task.assignee.clone()),
        "owner" => text(task.owner.clone()),
        "priority" => Value::Int(i64::from(task.priority)),
        "dueDate" => date(task.due_ms),
        "createTime" => Value::Date(task.created_ms),
        "claimTime" => date(task.claimed_ms),
        "category" => text(task.category.clone()),
        "formKey" => text(task.form_key.clone()),
        "delegationState" => match task.delegation {
            None => Value::Null,
            Some(Delegation::Pending) => Value::from("PENDING"),
            Some(Delegation::Resolved) => Value::from("RESOLVED"),
        },
        "suspended" => Value::Bool(task.suspended),
        "executionId" => id(scope, task.execution),
        "processInstanceId" => id(scope, task.instance),
        "processDefinitionId" => text(work.known_definition(task.instance).map(|d| d.text_id())),
        "taskDefinitionKey" => {
            let process = work.known_process(task.instance)?;
            Value::String(process.element(task.element).id.clone())
        }
        "variables" => Value::Map(work.visible_variables(task.number)),
        "variableNames" => names(work.visible_variables(task.number)),
        "variablesLocal" => Value::Map(own_variables(scope, task.number)),
        "variableNamesLocal" => names(own_variables(scope, task.number)),
        "eventName" => text(work.listening.map(str::to_owned)),
        "candidates" => Value::List(task.links.iter().filter_map(candidate).collect()),
        "tenantId" => Value::String(String::new()),
        _ => return None,
    })
}

fn candidate(link: &IdentityLink) -> Option<Value> {
    let (user, group) = match &link.who {
        Identity::User(user) => (Value::from(user.as_str()), Value::Null),
        Identity::Group(group) => (Value::Null, Value::from(group.as_str())),
    };
    let entries = [
        ("type", Value::from(link.link_type.as_str())),
        ("userId", user),
        ("groupId", group),
    ];
    let entries = entries.map(|(name, value)| (name.to_owned(), value));
    (link.link_type == IdentityLink::CANDIDATE).then(|| Value::Map(entries.into()))
}

fn own_variables(scope: &ExecutionScope<'_, '_>, of: u32) -> Vec<(String, Value)> {
    let own = scope.work.core().variables_of(of).iter();
    own.map(|v| (v.name.clone(), v.value.clone())).collect()
}

fn names(variables: Vec<(String, Value)>) -> Value {
    let names = variables.into_iter().map(|(name, _)| Value::String(name));
    Value::List(names.collect())
}

fn variable_call(
    scope: &mut ExecutionScope<'_, '_>,
    target: u32,
    method: &str,
    arguments: &[Value],
) -> Result<Option<Value>, EvaluationError> {
    // Whatever stands for a name is turned into text, as JUEL does; null into the empty one.
    let named = arguments.first().map(uel::text_of);
    let name = named.as_deref();
    let work = &mut scope.work;
    let value = match (method, name, arguments) {
        ("getVariable", Some(name), [_]) => {
            work.variable(target, name).cloned().unwrap_or(Value::Null)
        }
        ("getVariableLocal", Some(name), [_]) => work
            .own_variable(target, name)
            .cloned()
            .unwrap_or(Value::Null),
        ("hasVariable", Some(name), [_]) => Value::Bool(work.variable(target, name).is_some()),
        ("hasVariableLocal", Some(name), [_]) => {
            Value::Bool(work.own_variable(target, name).is_some())
        }
        ("hasVariables", None, []) => Value::Bool(!work.visible_variables(target).is_empty()),
        ("setVariable", Some(name), [_, value]) => {
            work.set_variable(target, name, value.clone());
            Value::Null
        }
        ("setVariableLocal", Some(name), [_, value]) => {
            work.set_own_variable(target, name, value.clone());
            Value::Null
        }
        ("setTransientVariable", Some(name), [_, value]) => {
            work.set_transient(target, vec![(name.to_owned(), value.clone())]);
            Value::Null
        }
        ("setVariables", _, [Value::Map(entries)]) => {
            work.set_variables(target, entries.clone());
            Value::Null
        }
        ("setVariablesLocal", _, [Value::Map(entries)]) => {
            for (name, value) in entries {
                work.set_own_variable(target, name, value.clone());
            }
            Value::Null
        }
        ("removeVariable", Some(name), [_]) => {
            work.remove_variable(target, name);
            Value::Null
        }
        ("removeVariableLocal", Some(name), [_]) => {
            work.remove_own_variable(target, name);
            Value::Null
        }
        _ => return Ok(None),
    };
    Ok(Some(value))
}

fn task_call(
    scope: &mut ExecutionScope<'_, '_>,
    method: &str,
    arguments: &[Value],
) -> Result<Option<Value>, EvaluationError> {
    let Some(task) = scope.task else {
        return Ok(None);
    };
    let [argument] = arguments else {
        return Ok(None);
    };
    let text = match argument {
        Value::Null => None,
        Value::String(text) => Some(text.clone()),
        other => Some(uel::spelled(other.clone(), &scope.work.zone).to_java_string()),
    };
    let who = || text.clone().unwrap_or_default();
    let changes = match method {
        "setAssignee" => vec![TaskChange::Assignee(text)],
        "setOwner" => vec![TaskChange::Owner(text)],
        "setName" => vec![TaskChange::Name(text)],
        "setDescription" => vec![TaskChange::Description(text)],
        "setCategory" => vec![TaskChange::Category(text)],
        "setFormKey" => vec![TaskChange::FormKey(text)],
        "setPriority" => vec![TaskChange::Priority(priority(argument)?)],
        "setDueDate" => vec![TaskChange::DueMs(match argument {
            Value::Date(ms) => Some(*ms),
            Value::Null => None,
            other => {
                return Err(EvaluationError::failed(format!(
                    "not a date: {}",
                    other.to_java_string()
                )));
            }
        })],
        "addCandidateUser" => vec![TaskChange::LinkAdded(IdentityLink::candidate_user(who()))],
        "addCandidateGroup" => vec![TaskChange::LinkAdded(IdentityLink::candidate_group(who()))],
        "addCandidateUsers" => each(argument, IdentityLink::candidate_user),
        "addCandidateGroups" => each(argument, IdentityLink::candidate_group),
        "deleteCandidateUser" => {
            vec![TaskChange::LinkRemoved(IdentityLink::candidate_user(who()))]
        }
        "deleteCandidateGroup" => {
            vec![TaskChange::LinkRemoved(
                IdentityLink::candidate_group(who()),
            )]
        }
        _ => return Ok(None),
    };
    for change in changes {
        if let TaskChange::LinkAdded(link) = &change
            && scope
                .work
                .rows()
                .task(task)
                .is_some_and(|row| row.links.contains(link))
        {
            continue;
        }
        scope.work.change_task(task, change);
    }
    Ok(Some(Value::Null))
}

fn each(argument: &Value, link: fn(String) -> IdentityLink) -> Vec<TaskChange> {
    let Value::List(items) = argument else {
        return Vec::new();
    };
    let ids = items.iter().map(Value::to_java_string);
    ids.map(|id| TaskChange::LinkAdded(link(id))).collect()
}

fn priority(value: &Value) -> Result<i32, EvaluationError> {
    let number = match value {
        Value::Int(number) => i32::try_from(*number).ok(),
        Value::String(text) => text.trim().parse().ok(),
        Value::Null
        | Value::Double(_)
        | Value::Bool(_)
        | Value::BigInt(_)
        | Value::Date(_)
        | Value::Bytes(_)
        | Value::List(_)
        | Value::Map(_) => None,
    };
    number.ok_or_else(|| {
        EvaluationError::failed(format!(
            "Priority does not resolve to a number: {}",
            value.to_java_string()
        ))
    })
}
