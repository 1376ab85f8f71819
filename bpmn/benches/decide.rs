//! What a decision costs: start → user task, completing it, cancelling very many, and waking from rest.
//! The model is that of the project's aims: an assignee and three small variables.
// A bench measures time; only the crate itself is kept from it.
#![allow(clippy::disallowed_methods, missing_docs)]

use bpmn::instance::Start;
use bpmn::{Command, Definition, Host, Instance, ScriptFailure, ScriptScope, stored};
use codec::{DefinitionId, RootId, Tenant, Value};
use criterion::{BatchSize, Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use std::hint::black_box;
use std::sync::Arc;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="bench">
 <process id="leave">
  <startEvent id="start"/>
  <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
  <userTask id="approve" name="Approve" activiti:assignee="kermit"/>
  <sequenceFlow id="f2" sourceRef="approve" targetRef="end"/>
  <endEvent id="end"/>
 </process>
</definitions>"#;

struct Outside {
    zone: TimeZone,
    definition: Arc<Definition>,
}

impl Host for Outside {
    fn now_ms(&self) -> i64 {
        1_779_345_000_000
    }

    fn time_zone(&self) -> &TimeZone {
        &self.zone
    }

    fn definition(&self, _id: DefinitionId) -> Option<Arc<Definition>> {
        Some(Arc::clone(&self.definition))
    }

    fn latest_definition(&self, _tenant: Tenant, _key: &str) -> Option<Arc<Definition>> {
        Some(Arc::clone(&self.definition))
    }

    fn run_script(
        &mut self,
        _script: &bpmn::model::Script,
        _scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure> {
        Err(ScriptFailure::Failed("no scripts here".to_owned()))
    }
}

/// Instances of the activity in the model of very many tasks.
const MANY: u32 = 10_000;

fn outside(model: &str) -> Outside {
    let parsed = bpmn::parse::parse(model.as_bytes()).expect("the model is valid");
    let definition = Arc::new(Definition {
        id: DefinitionId(7),
        tenant: Tenant(0),
        version: 1,
        suspended: false,
        process: Arc::clone(&parsed.processes[0]),
    });
    Outside {
        zone: TimeZone::UTC,
        definition,
    }
}

fn start(outside: &mut Outside) -> (Instance, usize) {
    let mut start = Start::new(Arc::clone(&outside.definition));
    start.variables = vec![
        ("days".to_owned(), Value::Int(3)),
        ("reason".to_owned(), Value::from("holiday")),
        ("urgent".to_owned(), Value::Bool(false)),
    ];
    let mut instance = Instance::new(RootId(1), Tenant(0));
    let decision = instance
        .decide(Command::Start(Box::new(start)), outside)
        .expect("it starts");
    (instance, stored::encode_events(&decision.events).len())
}

fn complete(instance: &mut Instance, outside: &mut Outside) {
    let command = Command::CompleteTask {
        task: instance.rows_ref().tasks[0].number,
        user: None,
        variables: Vec::new(),
        transient: Vec::new(),
        local: Vec::new(),
    };
    let decision = instance.decide(command, outside).expect("it completes");
    black_box(decision.events.len());
}

fn benches(criterion: &mut Criterion) {
    let mut outside = outside(MODEL);
    let (instance, record) = start(&mut outside);
    let rows = stored::encode_rows(instance.rows_ref());
    let core = stored::encode_core(&instance);
    let mut resting = instance.clone();
    let history = stored::take_history_chunk(&mut resting).unwrap_or_default();
    println!(
        "bytes: record {record}, rows {}, core {}, history {}",
        rows.len(),
        core.len(),
        history.len()
    );
    criterion.bench_function("start to a user task", |bencher| {
        bencher.iter(|| black_box(start(&mut outside)));
    });
    criterion.bench_function("complete the task and end", |bencher| {
        bencher.iter_batched(
            || instance.clone(),
            |mut instance| complete(&mut instance, &mut outside),
            BatchSize::SmallInput,
        );
    });
    criterion.bench_function("wake", |bencher| {
        bencher.iter(|| {
            let rows = stored::decode_rows(&rows).expect("own rows");
            stored::decode_core(RootId(1), Tenant(0), rows, &core).expect("own core")
        });
    });
}

/// Cancels ten thousand open tasks by one command.
fn cancel(criterion: &mut Criterion) {
    let loops = format!(
        "<multiInstanceLoopCharacteristics isSequential=\"false\"><loopCardinality>{MANY}</loopCardinality>\
         </multiInstanceLoopCharacteristics></userTask>"
    );
    let model = MODEL.replace("activiti:assignee=\"kermit\"/>", &format!(">{loops}"));
    let mut outside = outside(&model);
    let (instance, _) = start(&mut outside);
    criterion.bench_function("delete an instance of ten thousand tasks", |bencher| {
        bencher.iter_batched(
            || instance.clone(),
            |mut instance| {
                let delete = Command::Delete {
                    instance: 0,
                    reason: None,
                };
                let decision = instance.decide(delete, &mut outside).expect("it ends");
                black_box(instance.row_changes(&decision.events));
            },
            BatchSize::LargeInput,
        );
    });
}

criterion_group!(decide, benches, cancel);
criterion_main!(decide);
