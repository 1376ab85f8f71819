//! Running a command: the agenda of operations, expressions, scripts and listeners.
//!
//! ```text
//!  plan(operation) ─▶ [ first in … first out ] ─▶ run, unless its execution is gone ─▶ more operations
//!                                  empty ─▶ joins that wait for reachability look once more ─▶ done
//! ```
//!
//! Owns: the order of operations and their bound.
//! Never: what an operation does (see `agenda`, `ending`, `elements`).

use super::agenda::{self, Operation};
use super::refusal::Refusal;
use super::scope::ExecutionScope;
use super::work::Work;
use super::{Instance, MAX_ACTIVATIONS, MAX_VALUE_BYTES, MAX_VARIABLES};
use crate::elements;
use crate::host::{Definition, Host, ScriptFailure};
use crate::model::{
    Element, ElementIndex, ExecutionEvent, ExecutionListener, ListenerAction, Process, Script,
    ScriptLanguage,
};
use crate::uel::{EvaluationError, Template};
use codec::Value;
use std::{collections::VecDeque, sync::Arc};

/// What every step answers.
pub(crate) type Step = Result<(), Refusal>;

/// Why an expression or a script gave no value: a BPMN error can be caught, the rest ends the command.
pub(crate) enum Thrown {
    Error { code: String },
    Refused(Refusal),
}

pub(crate) struct Run<'a> {
    pub work: Work<'a>,
    pub host: &'a mut dyn Host,
    agenda: VecDeque<Operation>,
    /// Whether anything was planned in this command.
    planned: bool,
    activations: u32,
}

impl<'a> Run<'a> {
    pub fn new(instance: &'a mut Instance, host: &'a mut dyn Host, user: Option<String>) -> Self {
        let (now_ms, zone) = (host.now_ms(), host.time_zone().clone());
        Run {
            work: Work::new(instance, now_ms, zone, user),
            host,
            agenda: VecDeque::with_capacity(4),
            planned: false,
            activations: 0,
        }
    }

    pub fn plan(&mut self, operation: Operation) {
        self.planned = true;
        self.agenda.push_back(operation);
    }

    /// Runs everything that is planned, then the joins that wait for reachability, then what they plan.
    pub fn run_to_the_end(&mut self) -> Step {
        self.run_agenda()?;
        if self.planned {
            elements::inclusive_gateway::look_again(self)?;
            self.run_agenda()?;
        }
        self.bound_values()
    }

    fn run_agenda(&mut self) -> Step {
        while let Some(operation) = self.agenda.pop_front() {
            if self.work.is_alive(operation.execution()) {
                self.spend()?;
                agenda::run(self, operation)?;
            }
        }
        Ok(())
    }

    /// Counts an activation; the bound makes every loop end.
    pub fn spend(&mut self) -> Step {
        self.activations += 1;
        if self.activations > MAX_ACTIVATIONS {
            return Err(Refusal::LimitExceeded(format!(
                "more than {MAX_ACTIVATIONS} activations in one command"
            )));
        }
        self.bound_values()
    }

    fn bound_values(&self) -> Step {
        if self.work.is_crowded() {
            return Err(Refusal::LimitExceeded(format!(
                "more than {MAX_VARIABLES} variables in one scope"
            )));
        }
        if self.work.value_bytes() > MAX_VALUE_BYTES {
            return Err(Refusal::LimitExceeded(format!(
                "more than {MAX_VALUE_BYTES} bytes of variables in one command"
            )));
        }
        Ok(())
    }

    // The graph.

    pub fn definition(&mut self, instance: u32) -> Result<Arc<Definition>, Refusal> {
        if let Some(known) = self.work.known_definition(instance) {
            return Ok(Arc::clone(known));
        }
        let row = self.work.rows().instance(instance);
        let id = row
            .map(|row| row.definition)
            .ok_or(Refusal::InstanceNotFound(instance))?;
        let definition = self
            .host
            .definition(id)
            .ok_or_else(|| Refusal::UnknownDefinition(id.0.to_string()))?;
        self.work.definitions.push(Arc::clone(&definition));
        Ok(definition)
    }

    pub fn process(&mut self, execution: u32) -> Result<Arc<Process>, Refusal> {
        let instance = self
            .work
            .execution(execution)
            .map(|e| e.instance)
            .ok_or_else(|| self.work.lost(execution))?;
        self.definition(instance)
            .map(|definition| Arc::clone(&definition.process))
    }

    /// The process of an execution and the element where it stands.
    pub fn position(&mut self, execution: u32) -> Result<(Arc<Process>, ElementIndex), Refusal> {
        let process = self.process(execution)?;
        let at = self.work.execution(execution).and_then(|e| e.at);
        match at {
            Some(at) if (at.0 as usize) < process.elements.len() => Ok((process, at)),
            Some(_) | None => Err(self.work.lost(execution)),
        }
    }

    /// A new child, counted.
    pub fn create_child(
        &mut self,
        parent: u32,
        at: ElementIndex,
        scope: bool,
    ) -> Result<u32, Refusal> {
        self.spend()?;
        Ok(self.work.create_child(parent, at, scope))
    }

    // Expressions and scripts.

    pub fn scope(&mut self, execution: u32) -> ExecutionScope<'_, 'a> {
        ExecutionScope {
            work: &mut self.work,
            execution,
            task: None,
        }
    }

    pub fn evaluate(&mut self, template: &Template, execution: u32) -> Result<Value, Refusal> {
        Ok(template.evaluate(&mut self.scope(execution))?)
    }

    pub fn evaluate_text(
        &mut self,
        template: &Template,
        execution: u32,
    ) -> Result<Option<String>, Refusal> {
        Ok(template.evaluate_text(&mut self.scope(execution))?)
    }

    pub fn evaluate_condition(
        &mut self,
        template: &Template,
        execution: u32,
    ) -> Result<bool, Refusal> {
        Ok(template.evaluate_condition(&mut self.scope(execution))?)
    }

    /// Evaluates what may throw a BPMN error.
    pub fn evaluate_throwing(
        &mut self,
        template: &Template,
        execution: u32,
    ) -> Result<Value, Thrown> {
        template
            .evaluate(&mut self.scope(execution))
            .map_err(Thrown::from)
    }

    /// Runs a script; its result goes where it says.
    pub fn run_script(
        &mut self,
        script: &Script,
        execution: u32,
        task: Option<u32>,
    ) -> Result<Value, Thrown> {
        let mut scope = ExecutionScope {
            work: &mut self.work,
            execution,
            task,
        };
        let value = match (script.language, &script.juel) {
            (ScriptLanguage::Juel, Some(juel)) => juel.evaluate(&mut scope)?,
            (ScriptLanguage::Juel, None) => {
                Template::literal(&script.source).evaluate(&mut scope)?
            }
            (ScriptLanguage::JavaScript, _) => self.host.run_script(script, &mut scope)?,
        };
        if let Some(name) = &script.result_variable {
            let target = task.unwrap_or(execution);
            self.work.set_variable(target, name, value.clone());
        }
        Ok(value)
    }

    /// Whether `activiti:skipExpression` skips; it counts only where the instance allows it.
    pub fn skips(
        &mut self,
        skip_expression: Option<&Template>,
        execution: u32,
    ) -> Result<Option<bool>, Refusal> {
        const ENABLED: &str = "_ACTIVITI_SKIP_EXPRESSION_ENABLED";
        let Some(template) = skip_expression else {
            return Ok(None);
        };
        match self.work.variable(execution, ENABLED) {
            Some(Value::Bool(true)) => self.evaluate_condition(template, execution).map(Some),
            Some(Value::Bool(false) | Value::Null) | None => Ok(None),
            Some(other) => Err(Refusal::InvalidValue(format!(
                "{ENABLED} variable does not resolve to a boolean. {}",
                other.to_java_string()
            ))),
        }
    }

    // Listeners.

    pub fn notify(&mut self, element: &Element, event: ExecutionEvent, execution: u32) -> Step {
        self.notify_all(&element.listeners, event, execution)
    }

    pub fn notify_all(
        &mut self,
        listeners: &[ExecutionListener],
        event: ExecutionEvent,
        execution: u32,
    ) -> Step {
        for listener in listeners.iter().filter(|listener| listener.event == event) {
            self.listen(&listener.action, event.name(), execution, None)?;
        }
        Ok(())
    }

    /// Runs what a listener does; its value is dropped. Only meanwhile there is an `eventName`.
    pub fn listen(
        &mut self,
        action: &ListenerAction,
        event: &'static str,
        execution: u32,
        task: Option<u32>,
    ) -> Step {
        let outer = self.work.listening.replace(event);
        let outcome = match action {
            ListenerAction::Expression(template) => {
                let mut scope = ExecutionScope {
                    work: &mut self.work,
                    execution,
                    task,
                };
                template.evaluate(&mut scope).map_err(Thrown::from)
            }
            ListenerAction::Script(script) => self.run_script(script, execution, task),
        };
        self.work.listening = outer;
        match outcome {
            Ok(_) => Ok(()),
            Err(thrown) => Err(thrown.into_refusal()),
        }
    }
}

impl Thrown {
    /// What it means where nothing can catch it.
    pub fn into_refusal(self) -> Refusal {
        match self {
            Thrown::Error { code } => Refusal::UncaughtError { code },
            Thrown::Refused(refusal) => refusal,
        }
    }
}

impl From<EvaluationError> for Thrown {
    fn from(error: EvaluationError) -> Self {
        match error {
            EvaluationError::BpmnError { code, .. } => Thrown::Error { code },
            other => Thrown::Refused(Refusal::from(other)),
        }
    }
}

impl From<ScriptFailure> for Thrown {
    fn from(failure: ScriptFailure) -> Self {
        match failure {
            ScriptFailure::BpmnError { code, .. } => Thrown::Error { code },
            ScriptFailure::Failed(message) => Thrown::Refused(Refusal::ScriptFailed(message)),
            ScriptFailure::LimitExceeded(message) => {
                Thrown::Refused(Refusal::LimitExceeded(message))
            }
        }
    }
}
