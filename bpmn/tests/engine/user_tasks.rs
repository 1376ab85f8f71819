//! What a user task takes from its expressions, and what it refuses, as tables.

use super::model::{complete, process, rows, start_of, started, world};
use bpmn::rows::{Identity, TaskRow};
use codec::Value;

/// The task that attributes and content give, in an instance where `n` is 3, `s` is "red" and `l` is a list.
fn task(attributes: &str, content: &str) -> Result<TaskRow, &'static str> {
    let element = format!("<userTask id='task' {attributes}>{content}</userTask>");
    let model = process(&element, &["start>task", "task>end"]);
    let mut world = world(&[&model]);
    let mut start = start_of(&world);
    let texts = ["a", "b"].map(|text| Value::String(text.to_owned()));
    let numbers = [Value::Int(1), Value::Int(2)];
    start.variables = vec![
        ("n".to_owned(), Value::Int(3)),
        ("s".to_owned(), Value::String("red".to_owned())),
        ("l".to_owned(), Value::List(texts.to_vec())),
        ("numbers".to_owned(), Value::List(numbers.to_vec())),
        ("nothing".to_owned(), Value::Null),
    ];
    let root = world.start(start).map_err(|refusal| refusal.code())?;
    Ok(rows(&world, root).tasks[0].clone())
}

#[test]
fn names_descriptions_categories_and_forms_are_strings_or_nothing() {
    for (expression, expected) in [
        ("Do ${s}", Ok(Some("Do red"))),
        ("${s}", Ok(Some("red"))),
        ("number ${n}", Ok(Some("number 3"))),
        ("${nothing}", Ok(None)),
        ("${n}", Err("expression-failed")),
        ("${n == 3}", Err("expression-failed")),
        ("${l}", Err("expression-failed")),
    ] {
        let expected = expected.map(|text| text.map(str::to_owned));
        let documentation = format!("<documentation>{expression}</documentation>");
        let in_attribute = |name: &str| task(&format!("{name}='{expression}'"), "");
        assert_eq!(in_attribute("name").map(|task| task.name), expected);
        assert_eq!(
            task("", &documentation).map(|task| task.description),
            expected
        );
        let category = in_attribute("activiti:category");
        assert_eq!(category.map(|task| task.category), expected);
        let form = in_attribute("activiti:formKey");
        assert_eq!(form.map(|task| task.form_key), expected);
    }
}

#[test]
fn only_names_and_descriptions_fall_back_to_their_source() {
    let name = task("name='${missing}'", "").map(|task| task.name);
    assert_eq!(name, Ok(Some("${missing}".to_owned())));
    let category = task("activiti:category='${missing}'", "");
    assert_eq!(category.map(|task| task.category), Err("expression-failed"));
}

#[test]
fn candidates_are_what_is_between_commas_or_a_list_of_strings() {
    for (list, expected) in [
        ("sales, audit", Ok(&["sales", "audit"][..])),
        ("sales,,audit,", Ok(&["sales", "", "audit"])),
        ("${s},x", Ok(&["red", "x"])),
        ("${l}", Ok(&["a", "b"])),
        ("${'a , b,,'}", Ok(&["a", "b"])),
        ("${''}", Ok(&[""])),
        ("", Ok(&[])),
        ("${numbers}", Err("expression-failed")),
        ("${nothing}", Err("expression-failed")),
        ("${n}", Err("expression-failed")),
    ] {
        let links =
            task(&format!("activiti:candidateGroups=\"{list}\""), "").map(|task| task.links);
        let groups = links.map(|links| links.into_iter().map(|link| link.who).collect::<Vec<_>>());
        let group = |id: &&str| Identity::Group((*id).to_owned());
        let expected = expected.map(|ids: &[&str]| ids.iter().map(group).collect());
        assert_eq!(groups, expected, "{list}");
    }
}

#[test]
fn an_assignee_may_be_empty_and_is_one() {
    for (expression, expected) in [
        ("${s}", Some("red")),
        ("${\"\"}", Some("")),
        ("${nothing}", None),
    ] {
        let found = task(&format!("activiti:assignee='{expression}'"), "");
        let expected = expected.map(str::to_owned);
        assert_eq!(
            found.map(|task| task.assignee),
            Ok(expected),
            "{expression}"
        );
    }
}

#[test]
fn listeners_see_the_name_of_their_event_and_nobody_else_does() {
    let content = r#"<extensionElements>
      <activiti:executionListener event='start' expression='${execution.setVariable("started", execution.eventName)}'/>
      <activiti:executionListener event='end' expression='${execution.setVariable("ended", execution.getEventName())}'/>
      <activiti:taskListener event='all' expression='${task.setVariable(task.eventName, execution.eventName == null)}'/>
     </extensionElements>"#;
    let element = format!(
        "<userTask id='task' activiti:assignee='kermit'>{content}</userTask>\
         <serviceTask id='after' activiti:expression='${{execution.eventName == null}}' activiti:resultVariable='none'/>"
    );
    let model = process(
        &element,
        &["start>task", "task>after", "after>wait", "wait>end"],
    );
    let model = model.replace("<endEvent", "<userTask id='wait'/><endEvent");
    let mut world = world(&[&model]);
    let root = started(&mut world);
    complete(&mut world, root).expect("it is completed");
    let yes = || Value::Bool(true);
    for (name, expected) in [
        ("started", Value::from("start")),
        ("ended", Value::from("end")),
        ("create", yes()),
        ("assignment", yes()),
        ("complete", yes()),
        ("delete", yes()),
        ("none", yes()),
    ] {
        let instance = &world.entity(root).expect("it is there").instance;
        assert_eq!(
            instance.instance_variable(0, name),
            Some(&expected),
            "{name}"
        );
    }
}

#[test]
fn a_task_tells_its_candidates() {
    let listener = |action: &str| {
        format!("<activiti:taskListener event='create' expression='${{{action}}}'/>")
    };
    let content = format!(
        "<extensionElements>{}{}</extensionElements>",
        listener("task.setName(task.candidates.size())"),
        listener("task.setDescription(task.getCandidates().get(1).userId)")
    );
    let row = task(
        "activiti:candidateUsers='ann, bob' activiti:candidateGroups='sales'",
        &content,
    );
    let row = row.expect("it starts");
    assert_eq!(
        (row.name.as_deref(), row.description.as_deref()),
        (Some("3"), Some("ann"))
    );
}
