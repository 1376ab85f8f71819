//! What an expression costs: parsing it at deployment, evaluating it at every gateway.
// A bench measures time; only the crate itself is kept from it.
#![allow(clippy::disallowed_methods, missing_docs)]

use bpmn::uel::{EvaluationError, Object, Scope, Template};
use codec::Value;
use criterion::{Criterion, criterion_group, criterion_main};
use jiff::tz::TimeZone;
use std::hint::black_box;

const EXPRESSIONS: [(&str, &str); 5] = [
    ("comparison", "${result == 1}"),
    ("text", "${state == 'approved' && !empty assignee}"),
    (
        "arithmetic",
        "${nrOfCompletedInstances / nrOfInstances >= 0.6}",
    ),
    (
        "path",
        "${orders[1].price > 100 and orders[1].price.intValue() < 250}",
    ),
    ("composite", "Order of ${assignee}: ${result}"),
];

struct Variables(Vec<(&'static str, Value)>);

impl Scope for Variables {
    fn variable(&mut self, name: &str) -> Option<Value> {
        let known = self.0.iter().find(|(known, _)| *known == name);
        known.map(|(_, value)| value.clone())
    }

    fn assign_variable(&mut self, _name: &str, _value: Value) -> Result<(), EvaluationError> {
        Ok(())
    }

    fn has_object(&self, _object: Object) -> bool {
        true
    }

    fn object_property(&mut self, _object: Object, _name: &str) -> Result<Value, EvaluationError> {
        Ok(Value::Null)
    }

    fn object_call(
        &mut self,
        _object: Object,
        _method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Ok(Value::Null)
    }

    fn time_zone(&self) -> TimeZone {
        TimeZone::UTC
    }
}

fn variables() -> Variables {
    let order = |price| Value::Map(vec![("price".to_owned(), Value::Int(price))]);
    Variables(vec![
        ("result", Value::Int(1)),
        ("state", Value::from("approved")),
        ("assignee", Value::from("kermit")),
        ("nrOfInstances", Value::Int(5)),
        ("nrOfCompletedInstances", Value::Int(3)),
        ("orders", Value::List(vec![order(10), order(200)])),
    ])
}

fn expressions(criterion: &mut Criterion) {
    let mut scope = variables();
    for (name, text) in EXPRESSIONS {
        criterion.bench_function(&format!("uel/parse/{name}"), |bencher| {
            bencher.iter(|| Template::parse(black_box(text)));
        });
        let template = Template::parse(text).expect("a bench's expression parses");
        assert!(template.evaluate(&mut scope).is_ok(), "{text}");
        criterion.bench_function(&format!("uel/evaluate/{name}"), |bencher| {
            bencher.iter(|| black_box(&template).evaluate(&mut scope));
        });
    }
}

criterion_group!(benches, expressions);
criterion_main!(benches);
