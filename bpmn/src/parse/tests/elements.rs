//! What the readers make of elements that are taken.

use super::{file, index, process};
use crate::model::*;
use codec::Value;

fn texts(templates: &[crate::uel::Template]) -> Vec<&str> {
    templates.iter().map(|template| template.text()).collect()
}

#[test]
fn a_user_task_takes_its_people_from_extensions_and_from_the_standard() {
    let process = process(
        r#"<userTask id="u" name="${n}" activiti:assignee="a" flowable:owner="o" camunda:candidateUsers=" x , ${f(a, b)},"
 activiti:candidateGroups="" activiti:dueDate="${d}" activiti:priority="50" activiti:category="c" activiti:formKey="k"
 activiti:businessCalendarName="duration" activiti:skipExpression="${s}"><documentation> doc ${x} </documentation>
<extensionElements><activiti:customResource activiti:name="boss"><resourceAssignmentExpression>
<formalExpression>user(b), c</formalExpression></resourceAssignmentExpression></activiti:customResource></extensionElements>
<humanPerformer><resourceAssignmentExpression><formalExpression>kermit</formalExpression></resourceAssignmentExpression></humanPerformer>
<potentialOwner><resourceAssignmentExpression><formalExpression>user(y), group(g), z</formalExpression></resourceAssignmentExpression></potentialOwner>
</userTask>"#.replace("${f(a, b)}", "${m.f(a, b)}").as_str(),
    );
    let element = process.element(index(&process, "u"));
    let Kind::UserTask(task) = &element.kind else {
        panic!("{:?}", element.kind);
    };
    assert_eq!(task.assignee.as_ref().map(|t| t.text()), Some("kermit"));
    assert_eq!(task.owner.as_ref().map(|t| t.text()), Some("o"));
    assert_eq!(texts(&task.candidate_users), ["x", "${m.f(a, b)}", "y"]);
    assert_eq!(texts(&task.candidate_groups), ["g", "z"]);
    assert_eq!(task.due_date.as_ref().map(|t| t.text()), Some("${d}"));
    assert_eq!(task.form_key.as_ref().map(|t| t.text()), Some("k"));
    assert_eq!(task.custom_links[0].link_type, "boss");
    assert_eq!(texts(&task.custom_links[0].users), ["b"]);
    assert_eq!(texts(&task.custom_links[0].groups), ["c"]);
    assert_eq!(element.name.as_deref(), Some("${n}"));
    assert_eq!(
        element.documentation.as_ref().map(|t| t.text()),
        Some("doc ${x}")
    );
    assert!(element.skip_expression.is_some());
}

#[test]
fn form_properties_keep_their_order_and_any_type() {
    let process = process(
        r#"<startEvent id="s" activiti:initiator="who" activiti:formKey="${raw}"><extensionElements>
<activiti:formProperty id="a" name="A" type="date" datePattern="yyyy-MM-dd" required="true" writable="false"/>
<flowable:formProperty id="b" type="enum" default="${x}"><flowable:value id="1" name="one"/><flowable:value id="2"/></flowable:formProperty>
<activiti:formProperty id="c" type="bigtext" variable="v" expression="${e}" readable="false"/>
</extensionElements></startEvent>"#,
    );
    let Kind::StartEvent(start) = &process.element(index(&process, "s")).kind else {
        panic!("no start event");
    };
    assert_eq!(start.initiator.as_deref(), Some("who"));
    assert_eq!(start.form_key.as_deref(), Some("${raw}"));
    let types: Vec<_> = start
        .form_properties
        .iter()
        .map(|p| p.form_type.clone())
        .collect();
    assert_eq!(
        types,
        [
            Some(FormType::Date("yyyy-MM-dd".into())),
            Some(FormType::Enum(vec![
                ("1".into(), Some("one".into())),
                ("2".into(), None)
            ])),
            Some(FormType::Unknown("bigtext".into())),
        ]
    );
    let [a, b, c] = start.form_properties.as_slice() else {
        panic!("three properties");
    };
    assert!(a.required && !a.writable && a.readable);
    assert_eq!(b.default.as_ref().map(|t| t.text()), Some("${x}"));
    assert!(!c.readable && c.variable.as_deref() == Some("v") && c.expression.is_some());
}

#[test]
fn scopes_know_their_elements_starts_and_data() {
    let process = process(
        r#"<dataObject id="d" name="n" itemSubjectRef="xsd:int"><extensionElements><activiti:value>42</activiti:value></extensionElements></dataObject>
<dataObject id="e" name="when" itemSubjectRef="xsd:datetime"><extensionElements><activiti:value>2013-09-16T11:23:00</activiti:value></extensionElements></dataObject>
<dataObject id="f" name="empty"/>
<startEvent id="s"/><subProcess id="sub"><startEvent id="inner"/><endEvent id="stop"><terminateEventDefinition activiti:terminateAll="true"/></endEvent>
<sequenceFlow id="in" sourceRef="inner" targetRef="stop"/></subProcess>
<sequenceFlow id="to" sourceRef="s" targetRef="sub"><conditionExpression xsi:type="tFormalExpression"><![CDATA[ ${a < 1} ]]></conditionExpression></sequenceFlow>"#,
    );
    let data: Vec<_> = process
        .root
        .data_objects
        .iter()
        .map(|d| (d.name.as_str(), &d.value))
        .collect();
    assert_eq!(
        data,
        [
            ("n", &Value::Int(42)),
            ("when", &Value::Date(1_379_330_580_000)),
            ("empty", &Value::Null),
        ]
    );
    let (start, sub, inner) = (
        index(&process, "s"),
        index(&process, "sub"),
        index(&process, "inner"),
    );
    assert_eq!(process.root.start_events, [start]);
    assert_eq!(
        process.scope(Some(sub)).map(|s| s.start_events.clone()),
        Some(vec![inner])
    );
    assert_eq!(process.element(inner).parent, Some(sub));
    assert_eq!(process.element(start).parent, None);
    assert_eq!(process.flows.len(), 2);
    let flow = process.flow(process.element(start).outgoing[0]);
    assert_eq!((flow.source, flow.target), (start, sub));
    assert_eq!(flow.condition.as_ref().map(|c| c.text()), Some("${a < 1}"));
    assert!(matches!(
        process.element(index(&process, "stop")).kind,
        Kind::EndEvent(EndEvent::Terminate {
            all: true,
            multi_instance: false
        })
    ));
}

#[test]
fn errors_are_named_by_id_or_by_code() {
    let parsed = file(
        r#"<error id="e1" errorCode="CODE" name="N"/><error id="e2"/><process id="p"><task id="t"/>
<boundaryEvent id="a" attachedToRef="t"><errorEventDefinition errorRef="e1"/></boundaryEvent>
<boundaryEvent id="b" attachedToRef="t"><errorEventDefinition errorRef="direct"/></boundaryEvent>
<boundaryEvent id="c" attachedToRef="t" cancelActivity="false"><errorEventDefinition errorRef="e2"/></boundaryEvent>
<boundaryEvent id="d" attachedToRef="t" cancelActivity="false"><timerEventDefinition activiti:businessCalendarName="cycle">
<timeCycle activiti:endDate="2020-01-01">0 0/5 * * * ?</timeCycle></timerEventDefinition></boundaryEvent></process>"#,
    );
    let Ok(parsed) = parsed else {
        panic!("refused");
    };
    let process = &parsed.processes[0];
    let task = index(process, "t");
    let mut codes = Vec::new();
    for id in ["a", "b", "c"] {
        let Kind::BoundaryEvent(event) = &process.element(index(process, id)).kind else {
            panic!("no boundary event");
        };
        assert!(event.attached_to == task && event.interrupting);
        if let BoundaryTrigger::Error(reference) = &event.trigger {
            codes.push(reference.code.as_deref());
        }
    }
    assert_eq!(codes, [Some("CODE"), Some("direct"), None]);
    assert_eq!(process.element(task).boundary_events.len(), 4);
    let Kind::BoundaryEvent(BoundaryEvent {
        interrupting: false,
        trigger: BoundaryTrigger::Timer(timer),
        ..
    }) = &process.element(index(process, "d")).kind
    else {
        panic!("no timer");
    };
    assert!(
        matches!(&timer.schedule, TimerSchedule::Cycle(cycle) if cycle.text() == "0 0/5 * * * ?")
    );
    assert!(timer.end_date.is_some() && timer.business_calendar.is_some());
}

#[test]
fn calls_scripts_services_and_loops_keep_their_settings() {
    let process = process(
        r#"<callActivity id="c" calledElement="${k}" activiti:inheritVariables="true" activiti:businessKey="${b}"><extensionElements>
<activiti:in source="a" target="b"/><activiti:in sourceExpression="${x}" target="y"/><activiti:out source="r" target="s"/></extensionElements>
<multiInstanceLoopCharacteristics isSequential="true" activiti:collection="list" activiti:elementVariable="item"><completionCondition>${done}</completionCondition></multiInstanceLoopCharacteristics></callActivity>
<scriptTask id="j" scriptFormat="javascript" activiti:resultVariable="r" activiti:autoStoreVariables="true"><script> 1 + 1 </script></scriptTask>
<scriptTask id="k"><script>${1}</script></scriptTask>
<serviceTask id="s" flowable:expression="${m.n()}" activiti:resultVariableName="q"><multiInstanceLoopCharacteristics activiti:elementIndexVariable="i"><loopDataInputRef>${all}</loopDataInputRef><inputDataItem name="one"/></multiInstanceLoopCharacteristics></serviceTask>"#,
    );
    assert!(process.has_scripts);
    let call = process.element(index(&process, "c"));
    let Kind::CallActivity(activity) = &call.kind else {
        panic!("no call activity");
    };
    assert_eq!((activity.inputs.len(), activity.outputs.len()), (2, 1));
    assert!(activity.inherit_variables && activity.business_key.is_some());
    let multiple = call.multi_instance.as_deref();
    assert!(multiple.is_some_and(|m| m.sequential
        && matches!(&m.collection, Some(Collection::Variable(name)) if name == "list")
        && m.index_variable == "loopCounter"
        && m.completion_condition.is_some()));
    let Kind::ScriptTask(script) = &process.element(index(&process, "j")).kind else {
        panic!("no script task");
    };
    assert_eq!(script.script.source, " 1 + 1 ");
    assert!(script.script.auto_store_variables && script.script.juel.is_none());
    let Kind::ScriptTask(juel) = &process.element(index(&process, "k")).kind else {
        panic!("no script task");
    };
    assert!(juel.script.juel.is_some());
    let service = process.element(index(&process, "s"));
    assert!(
        matches!(&service.kind, Kind::ServiceTask(task) if task.result_variable.as_deref() == Some("q"))
    );
    assert!(
        service
            .multi_instance
            .as_deref()
            .is_some_and(|m| !m.sequential
                && m.element_variable.as_deref() == Some("one")
                && m.index_variable == "i"
                && matches!(m.collection, Some(Collection::Expression(_))))
    );
}

#[test]
fn listeners_with_expressions_and_scripts_are_kept_in_order() {
    let process = process(
        r#"<extensionElements><activiti:executionListener event="end" expression="${p}"/><activiti:eventListener class="x.Y"/></extensionElements>
<userTask id="u"><extensionElements><activiti:taskListener event="all" expression="${a}"/>
<activiti:executionListener event="start" class="org.activiti.engine.impl.bpmn.listener.ScriptExecutionListener">
<activiti:field name="script"><activiti:string>var a = 1;</activiti:string></activiti:field><activiti:field name="language" stringValue="javascript"/></activiti:executionListener>
</extensionElements></userTask>
<sequenceFlow id="f" sourceRef="u" targetRef="u"><extensionElements><activiti:executionListener expression="${t}"/></extensionElements></sequenceFlow>"#,
    );
    assert_eq!(process.listeners[0].event, ExecutionEvent::End);
    assert_eq!(process.flows[0].listeners[0].event, ExecutionEvent::Take);
    let element = process.element(index(&process, "u"));
    assert!(matches!(
        &element.listeners[0].action,
        ListenerAction::Script(script) if script.source == "var a = 1;"
    ));
    assert!(
        matches!(&element.kind, Kind::UserTask(task) if task.listeners[0].event == TaskEvent::All)
    );
}

#[test]
fn a_process_keeps_its_head_and_its_starters() {
    let parsed = file(
        r#"<process id="p" name="N" activiti:candidateStarterUsers="a, b" activiti:candidateStarterGroups="g"><documentation>D</documentation>
<extensionElements><activiti:potentialStarter><resourceAssignmentExpression><formalExpression>user(c), h</formalExpression></resourceAssignmentExpression></activiti:potentialStarter></extensionElements></process>"#,
    );
    let Ok(parsed) = parsed else {
        panic!("refused");
    };
    let process = &parsed.processes[0];
    assert_eq!(process.key, "p");
    assert_eq!(process.name.as_deref(), Some("N"));
    assert_eq!(process.description.as_deref(), Some("D"));
    assert_eq!(process.category.as_deref(), Some("tests"));
    assert_eq!(process.candidate_starter_users, ["a", "b", "c"]);
    assert_eq!(process.candidate_starter_groups, ["g", "h"]);
}
