//! What has no end ends in the refusal `limit-exceeded`, and what is deep does not exhaust the stack.

use super::model::{TASK, process, refused, rows, start_of, started, world};
use super::world::World;
use bpmn::instance::Command;
use codec::Value;

#[test]
fn whatever_runs_without_end_is_refused() {
    let loop_of_gateways = process(
        "<exclusiveGateway id='a'/><manualTask id='b'/>",
        &["start>a", "a>b", "b>a"],
    );
    let thousand_million = process(
        "<manualTask id='a'><multiInstanceLoopCharacteristics isSequential='false'>\
         <loopCardinality>1000000000</loopCardinality></multiInstanceLoopCharacteristics></manualTask>",
        &["start>a", "a>end"],
    );
    let one_after_the_other = thousand_million.replace("'false'", "'true'");
    let calls_itself = process(
        "<callActivity id='a' calledElement='p'/>",
        &["start>a", "a>end"],
    );
    let forks_for_ever = process(
        "<parallelGateway id='a'/><manualTask id='b'/><manualTask id='c'/>",
        &["start>a", "a>b", "a>c", "b>a", "c>a"],
    );
    for model in [
        loop_of_gateways,
        thousand_million,
        one_after_the_other,
        calls_itself,
    ] {
        let mut world = world(&[&model]);
        assert_eq!(refused(&mut world).code(), "limit-exceeded", "{model}");
    }
    // A gateway with three ways in waits for all three.
    let mut world = world(&[&forks_for_ever]);
    let root = started(&mut world);
    assert!(rows(&world, root).instances[0].is_open());
}

#[test]
fn variables_that_grow_without_end_are_refused() {
    let doubling = process(
        "<exclusiveGateway id='a'/><serviceTask id='b' activiti:expression='${text.concat(text)}' \
         activiti:resultVariableName='text'/>",
        &["start>a", "a>b", "b>a"],
    );
    let mut world = world(&[&doubling]);
    let mut start = start_of(&world);
    start.variables = vec![("text".to_owned(), Value::String("x".repeat(1 << 20)))];
    let refusal = world.start(start).expect_err("it is refused");
    assert_eq!(refusal.code(), "limit-exceeded", "{refusal}");
}

#[test]
fn more_variables_than_a_scope_holds_are_refused_and_as_many_are_not() {
    for (count, refused) in [(10_000, false), (10_001, true), (400_000, true)] {
        let mut world = world(&[&process(TASK, &["start>task", "task>end"])]);
        let mut start = start_of(&world);
        start.variables = (0..count)
            .map(|number| (format!("v{number}"), Value::Int(number)))
            .collect();
        let code = world.start(start).err().map(|refusal| refusal.code());
        assert_eq!(code, refused.then_some("limit-exceeded"), "{count}");
    }
}

#[test]
fn the_names_of_variables_count_as_their_values_do() {
    let mut world = world(&[&process(TASK, &["start>task", "task>end"])]);
    let mut start = start_of(&world);
    start.variables = vec![("n".repeat(13 << 20), Value::Null)];
    let refusal = world.start(start).expect_err("it is refused");
    assert_eq!(refusal.code(), "limit-exceeded", "{refusal}");
}

#[test]
fn calls_with_sub_processes_in_between_end_without_exhausting_the_stack() {
    let mut open = String::new();
    for depth in 0..60 {
        open += &format!("<subProcess id='s{depth}'><startEvent id='b{depth}'/>");
    }
    let model = process(
        &format!(
            "<exclusiveGateway id='gate' default='deep'/>{TASK}{open}<callActivity id='call' calledElement='p'>\
             <extensionElements><activiti:in sourceExpression='${{level + 1}}' target='level'/></extensionElements>\
             </callActivity>{}\
             <sequenceFlow id='leaf' sourceRef='gate' targetRef='task'><conditionExpression>${{level == 40}}\
             </conditionExpression></sequenceFlow><sequenceFlow id='deep' sourceRef='gate' targetRef='s0'/>",
            reversed(60)
        ),
        &["start>gate", "task>end", "s0>end"],
    );
    let mut world = World::new(false);
    world.deploy(&[model.into_bytes()]).expect("it deploys");
    let mut start = start_of(&world);
    start.variables = vec![("level".to_owned(), Value::Int(0))];
    let root = world.start(start).expect("it starts");
    assert_eq!(rows(&world, root).instances.len(), 41);
    let delete = Command::Delete {
        instance: 0,
        reason: None,
    };
    world.command(root, delete).expect("it is deleted");
    let left = rows(&world, root);
    assert!(left.instances.iter().all(|row| !row.is_open()));
    assert!(left.tasks.is_empty());
}

/// The ends of sub-processes `s0` to `s(n-1)`, the innermost first.
fn reversed(count: u32) -> String {
    let mut text = String::new();
    for depth in (0..count).rev() {
        let inner = if depth + 1 == count {
            "call".to_owned()
        } else {
            format!("s{}", depth + 1)
        };
        text += &format!(
            "<endEvent id='e{depth}'/><sequenceFlow id='i{depth}' sourceRef='b{depth}' targetRef='{inner}'/>\
             <sequenceFlow id='o{depth}' sourceRef='{inner}' targetRef='e{depth}'/></subProcess>"
        );
    }
    text
}

#[test]
fn a_sequence_flow_may_have_an_id_of_any_length() {
    let long = format!("'{}'", "f".repeat(300));
    let model = process(TASK, &["start>task", "task>end"]).replace("'f0'", &long);
    let mut world = world(&[&model]);
    let root = started(&mut world);
    assert_eq!(rows(&world, root).tasks.len(), 1);
}
