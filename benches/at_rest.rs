//! Resting and waking an instance that waits at a user task with three variables: what a million of them cost each.
//! `cargo bench --bench at_rest`

use actors::entity::{self, Live};
use bpmn::{
    Command, Definition, Host, ScriptFailure, ScriptScope, instance::Start, model::Script, stored,
};
use codec::{DefinitionId, RootId, Tenant, Value};
use criterion::{Criterion, criterion_group, criterion_main};
use std::{hint::black_box, sync::Arc};

const MODEL: &[u8] = br#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <process id="one"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
  <userTask id="t" name="Do it" activiti:assignee="kim"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>
  <endEvent id="e"/></process></definitions>"#;
const ROOT: RootId = RootId(0x0198_c1c2_e3f4_7a5b_8c6d_9e0f_1a2b_3c4d);

struct Surroundings(Arc<Definition>);

impl Host for Surroundings {
    fn now_ms(&self) -> i64 {
        1_779_345_012_345
    }

    fn time_zone(&self) -> &jiff::tz::TimeZone {
        const ZONE: &jiff::tz::TimeZone = &jiff::tz::TimeZone::UTC;
        ZONE
    }

    fn definition(&self, _id: DefinitionId) -> Option<Arc<Definition>> {
        Some(Arc::clone(&self.0))
    }

    fn latest_definition(&self, _tenant: Tenant, _key: &str) -> Option<Arc<Definition>> {
        Some(Arc::clone(&self.0))
    }

    fn run_script(
        &mut self,
        _script: &Script,
        _scope: &mut dyn ScriptScope,
    ) -> Result<Value, ScriptFailure> {
        Err(ScriptFailure::Failed("the model has no script".to_owned()))
    }
}

fn waiting() -> Box<[u8]> {
    let parsed = bpmn::parse::parse(MODEL).expect("a valid model");
    let definition = Arc::new(Definition {
        id: DefinitionId(1),
        tenant: Tenant(0),
        version: 1,
        suspended: false,
        process: Arc::clone(&parsed.processes[0]),
    });
    let start = Start {
        variables: vec![
            ("amount".to_owned(), Value::Int(7)),
            ("approved".to_owned(), Value::Bool(true)),
            ("reason".to_owned(), Value::from("holiday")),
        ],
        ..Start::new(Arc::clone(&definition))
    };
    let mut live = Live::new(ROOT, Tenant(0));
    let decision = live
        .instance
        .decide(
            Command::Start(Box::new(start)),
            &mut Surroundings(definition),
        )
        .expect("it starts");
    live.keep(stored::encode_events(&decision.events), 1);
    live.rest()
}

fn at_rest(criterion: &mut Criterion) {
    let bytes = waiting();
    println!("bytes at rest: {}", bytes.len());
    criterion.bench_function("wake", |bencher| {
        bencher.iter(|| Live::wake(ROOT, Tenant(0), black_box(&bytes).to_vec(), 1));
    });
    criterion.bench_function("rows without waking", |bencher| {
        bencher.iter(|| entity::rows(black_box(&bytes)));
    });
    criterion.bench_function("wake and rest again", |bencher| {
        bencher.iter(|| {
            let mut live =
                Live::wake(ROOT, Tenant(0), black_box(&bytes).to_vec(), 1).expect("whole bytes");
            live.rebase();
            live.rest()
        });
    });
}

criterion_group!(benches, at_rest);
criterion_main!(benches);
