//! A leave request from XML to its end, with the engine embedded: no server, no clock of its own, no storage.
//!
//! ```text
//! cargo run -p bpmn --example leave
//! ```

use bpmn::instance::Start;
use bpmn::{Command, Definition, Host, Instance, ScriptFailure, ScriptScope, history, stored};
use codec::{DefinitionId, RootId, Tenant, Value};
use jiff::tz::TimeZone;
use std::{error::Error, sync::Arc};

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="example">
 <process id="leave" name="Leave request">
  <startEvent id="start" activiti:initiator="employee"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
  <userTask id="approve" name="Approve ${days} days for ${employee}" activiti:candidateGroups="managers"/>
  <sequenceFlow id="f2" sourceRef="approve" targetRef="approved"/>
  <exclusiveGateway id="approved" default="no"/>
  <sequenceFlow id="yes" sourceRef="approved" targetRef="book">
   <conditionExpression xsi:type="tFormalExpression">${ok}</conditionExpression>
  </sequenceFlow>
  <sequenceFlow id="no" sourceRef="approved" targetRef="refused"/>
  <serviceTask id="book" activiti:expression="${balance - days}" activiti:resultVariable="balance"/>
  <sequenceFlow id="f3" sourceRef="book" targetRef="end"/>
  <endEvent id="end"/>
  <endEvent id="refused"/>
 </process>
</definitions>"#;

/// What the engine needs of its surroundings.
struct Surroundings {
    zone: TimeZone,
    leave: Arc<Definition>,
}

impl Host for Surroundings {
    fn now_ms(&self) -> i64 {
        1_779_345_000_000
    }

    fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    fn definition(&self, id: DefinitionId) -> Option<Arc<Definition>> {
        (self.leave.id == id).then(|| Arc::clone(&self.leave))
    }

    fn latest_definition(&self, _tenant: Tenant, key: &str) -> Option<Arc<Definition>> {
        (self.leave.process.key == key).then(|| Arc::clone(&self.leave))
    }

    fn run_script(
        &mut self,
        _script: &bpmn::model::Script,
        _scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure> {
        Err(ScriptFailure::Failed("no script engine here".to_owned()))
    }
}

fn main() -> Result<(), Box<dyn Error>> {
    let parsed = bpmn::parse::parse(MODEL.as_bytes()).map_err(|complaints| {
        let complaints: Vec<String> = complaints.iter().map(ToString::to_string).collect();
        complaints.join("\n")
    })?;
    let leave = Arc::new(Definition {
        id: DefinitionId(1),
        tenant: Tenant(0),
        version: 1,
        suspended: false,
        process: Arc::clone(&parsed.processes[0]),
    });
    let mut surroundings = Surroundings {
        zone: TimeZone::UTC,
        leave: Arc::clone(&leave),
    };

    let mut instance = Instance::new(RootId(1), Tenant(0));
    let mut start = Start::new(leave);
    start.start_user = Some("kermit".to_owned());
    start.variables = vec![
        ("days".to_owned(), Value::Int(3)),
        ("balance".to_owned(), Value::Int(20)),
    ];
    let started = instance
        .decide(Command::Start(Box::new(start)), &mut surroundings)
        .map_err(|refused| refused.refusal)?;
    let record = stored::encode_events(&started.events);
    println!("{} events, {} bytes", started.events.len(), record.len());

    let task = instance.rows_ref().tasks[0].clone();
    println!("task: {}", task.name.unwrap_or_default());
    let complete = Command::CompleteTask {
        task: task.number,
        user: Some("piggy".to_owned()),
        variables: vec![("ok".to_owned(), Value::Bool(true))],
        transient: Vec::new(),
        local: Vec::new(),
    };
    instance
        .decide(complete, &mut surroundings)
        .map_err(|refused| refused.refusal)?;

    println!("ended: {}", instance.is_ended());
    for (name, value) in history::last_values(instance.history(), 0) {
        println!("{name} = {}", value.to_java_string());
    }
    Ok(())
}
