//! Where the place of an expression decides what it gives.

use super::model::{process, refused, start_of, world};
use codec::Value;

const SCRIPT: &str = "<scriptTask id='script' scriptFormat='juel' activiti:resultVariable='v'><script>TEXT</script></scriptTask>";
const SERVICE: &str =
    "<serviceTask id='script' activiti:expression='TEXT' activiti:resultVariable='v'/>";

/// What an element gives its variable `v`, in an instance whose business key is `key`.
fn given(element: &str, text: &str) -> Value {
    let model = process(
        &format!("{}<userTask id='wait'/>", element.replace("TEXT", text)),
        &["start>script", "script>wait", "wait>end"],
    );
    let mut world = world(&[&model]);
    let mut start = start_of(&world);
    start.business_key = Some("key".to_owned());
    let root = world.start(start).expect("it starts");
    let instance = &world.entity(root).expect("it is there").instance;
    instance
        .instance_variable(0, "v")
        .expect("v is set")
        .clone()
}

#[test]
fn blanks_around_a_script_are_part_of_its_value_and_around_an_expression_they_are_not() {
    for (element, text, expected) in [
        (SCRIPT, "${1 + 1}", Value::Int(2)),
        (SCRIPT, " ${1 + 1}\n", Value::from(" 2\n")),
        (SERVICE, " ${1 + 1} ", Value::Int(2)),
    ] {
        assert_eq!(given(element, text), expected, "{text}");
    }
}

#[test]
fn an_execution_has_a_business_key_of_its_own_only_as_the_instance() {
    for (text, expected) in [
        ("${execution.businessKey}", Value::Null),
        ("${execution.getBusinessKey()}", Value::Null),
        (
            "${execution.processInstanceBusinessKey}",
            Value::from("key"),
        ),
    ] {
        assert_eq!(given(SERVICE, text), expected, "{text}");
    }
}

#[test]
fn a_call_whose_business_key_is_null_is_refused() {
    let call = "<callActivity id='call' calledElement='q' activiti:businessKey='${null}'/>";
    let model = process(call, &["start>call", "call>end"]);
    let called = process("", &["start>end"]).replace("id='p'", "id='q'");
    assert_eq!(
        refused(&mut world(&[&model, &called])).code(),
        "expression-failed"
    );
}

#[test]
fn what_stands_for_the_name_of_a_variable_is_turned_into_text() {
    for (text, expected) in [
        ("${execution.getVariable(1) == null}", Value::Bool(true)),
        ("${execution.hasVariable(1 == 1)}", Value::Bool(false)),
        (
            "${execution.setVariable(7, 8) == null ? execution.getVariable(7) : 0}",
            Value::Int(8),
        ),
    ] {
        assert_eq!(given(SERVICE, text), expected, "{text}");
    }
}

#[test]
fn an_execution_knows_the_element_where_it_stands() {
    for (text, expected) in [
        ("${execution.currentFlowElement.id}", Value::from("script")),
        ("${execution.currentFlowElement.name}", Value::from("Do it")),
        (
            "${execution.getCurrentFlowElement().getName()}",
            Value::from("Do it"),
        ),
        ("${execution.currentFlowElement.documentation}", Value::Null),
        ("${execution.currentFlowElement != null}", Value::Bool(true)),
    ] {
        let named = SERVICE.replace("id='script'", "id='script' name='Do it'");
        assert_eq!(given(&named, text), expected, "{text}");
    }
}
