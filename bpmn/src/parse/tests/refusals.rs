//! Tables of what is refused, and of what is taken with a warning.

use super::{file, process_file, told};
use crate::diagnostic::Severity;

/// Each row: the content of a process, and the errors that it gets.
#[track_caller]
pub(super) fn refused(rows: &[(&str, &[&str])]) {
    for (content, expected) in rows {
        let result = process_file(content);
        assert_eq!(told(&result, Severity::Error), *expected, "{content}");
    }
}

#[track_caller]
pub(super) fn warned(rows: &[(&str, &[&str])]) {
    for (content, expected) in rows {
        let result = process_file(content);
        assert_eq!(told(&result, Severity::Error), [""; 0], "{content}");
        assert_eq!(told(&result, Severity::Warning), *expected, "{content}");
    }
}

const EXPRESSION: &str = r#"<serviceTask id="s" activiti:expression="${1}">"#;

#[test]
fn flows_are_refused_when_an_end_is_missing_dangling_or_in_another_scope() {
    refused(&[
        (
            r#"<task id="a"/>
<sequenceFlow id="f" sourceRef="a"/>
<sequenceFlow sourceRef="" targetRef="a"/>"#,
            &["2 missing-reference", "3 missing-reference"],
        ),
        (
            r#"<task id="a"/>
<sequenceFlow id="f" sourceRef="a" targetRef="nowhere"/>"#,
            &["2 dangling-reference"],
        ),
        (
            r#"<task id="a"/><subProcess id="s">
<startEvent id="i"/></subProcess>
<sequenceFlow id="f" sourceRef="a" targetRef="i"/>"#,
            &["3 crossing-flow"],
        ),
        (
            r#"<task id="a" default="f"/><task id="b"/>
<task id="c" default="g"/>
<sequenceFlow id="f" sourceRef="a" targetRef="b"/>"#,
            &["2 dangling-reference"],
        ),
        (
            r#"<laneSet><lane id="l"><flowNodeRef>a</flowNodeRef>
<flowNodeRef>b</flowNodeRef></lane></laneSet><task id="a"/>"#,
            &["2 dangling-reference"],
        ),
    ]);
}

#[test]
fn ids_are_names_and_there_once() {
    refused(&[
        (r#"<task id="a"/><task id="请假-1.x_·"/>"#, &[]),
        (
            r#"<task id="a"/>
<userTask id="a"/>"#,
            &["2 duplicate-id"],
        ),
        (r#"<task id="1a"/>"#, &["1 invalid-id"]),
        (r#"<task id="a b"/>"#, &["1 invalid-id"]),
        (r#"<task id=""/>"#, &["1 invalid-id"]),
        (
            r#"<endEvent id="e"><errorEventDefinition errorRef="a b"/></endEvent>"#,
            &["1 invalid-id"],
        ),
        (r#"<task id="a"/>stray"#, &["1 stray-text"]),
    ]);
    let long = format!(r#"<task id="{}"/>"#, "a".repeat(256));
    refused(&[(&long, &["1 too-long"])]);
    warned(&[("<task/>", &["1 missing-id"])]);
}

#[test]
fn a_file_needs_an_executable_process() {
    let rows: [(&str, &[&str]); 8] = [
        (r#"<process id="a"/>"#, &[]),
        (
            r#"<process id="a"/><process id="b" isExecutable="false"/>"#,
            &[],
        ),
        ("", &["1 no-executable-process"]),
        (
            r#"<process id="a" isExecutable="false"/>"#,
            &["1 no-executable-process"],
        ),
        ("<process/>", &["1 missing-id"]),
        (r#"<process id="a"/><process id="a"/>"#, &["1 duplicate-id"]),
        (
            r#"<error id="e" errorCode=""/><process id="a"/>"#,
            &["1 invalid-value"],
        ),
        (
            r#"<signal id="s"/><signal id="t" name="n"/><signal id="u" name="n"/>
<message id="m" itemRef="nowhere"/><process id="a"/>"#,
            &[
                "1 missing-attribute",
                "1 duplicate-id",
                "2 dangling-reference",
            ],
        ),
    ];
    for (content, expected) in rows {
        assert_eq!(told(&file(content), Severity::Error), expected, "{content}");
    }
    let skipped = file(r#"<process id="a"/><process id="b" isExecutable="false"/>"#);
    assert_eq!(told(&skipped, Severity::Warning), ["1 not-executable"]);
    let other = super::parse(b"<definitions><process id='a'/></definitions>");
    assert_eq!(told(&other, Severity::Error), ["1 not-bpmn"]);
}

#[test]
fn start_events_fit_their_scope() {
    refused(&[
        (
            r#"<startEvent id="a"/><startEvent id="t"><timerEventDefinition>
<timeDuration>PT1H</timeDuration></timerEventDefinition></startEvent>"#,
            &[],
        ),
        (
            r#"<startEvent id="a"/>
<startEvent id="b"/>
<startEvent id="c"/>"#,
            &["2 several-start-events", "3 several-start-events"],
        ),
        (
            r#"<startEvent id="a"><errorEventDefinition/></startEvent>"#,
            &["1 start-event-definition"],
        ),
        (
            r#"<subProcess id="s"><startEvent id="a"/>
<startEvent id="b"><timerEventDefinition><timeDate>x</timeDate></timerEventDefinition></startEvent></subProcess>"#,
            &["2 start-event-definition", "2 several-start-events"],
        ),
        (
            r#"<startEvent id="a"><messageEventDefinition messageRef="m"/></startEvent><startEvent id="b"/>"#,
            &["1 not-supported-yet", "1 dangling-reference"],
        ),
    ]);
}

#[test]
fn events_need_a_definition_that_their_position_takes() {
    refused(&[
        (
            r#"<intermediateCatchEvent id="a"/>"#,
            &["1 missing-event-definition"],
        ),
        (
            r#"<intermediateCatchEvent id="a"><errorEventDefinition/></intermediateCatchEvent>"#,
            &["1 misplaced-event-definition"],
        ),
        (
            r#"<intermediateCatchEvent id="a"><linkEventDefinition/></intermediateCatchEvent>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<intermediateCatchEvent id="a"><messageEventDefinition/></intermediateCatchEvent>"#,
            &["1 not-supported-yet", "1 missing-reference"],
        ),
        (r#"<intermediateThrowEvent id="a"/>"#, &[]),
        (
            r#"<intermediateThrowEvent id="a"><timerEventDefinition/></intermediateThrowEvent>"#,
            &["1 misplaced-event-definition"],
        ),
        (
            r#"<task id="t"/><boundaryEvent id="a" attachedToRef="t"/>"#,
            &["1 missing-event-definition"],
        ),
        (
            r#"<boundaryEvent id="a"><errorEventDefinition/></boundaryEvent>
<boundaryEvent id="b" attachedToRef="nowhere"><errorEventDefinition/></boundaryEvent>
<boundaryEvent id="c" attachedToRef="b"><errorEventDefinition/></boundaryEvent>"#,
            &[
                "1 missing-reference",
                "2 dangling-reference",
                "3 dangling-reference",
            ],
        ),
        (
            r#"<endEvent id="a"><cancelEventDefinition/></endEvent>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<endEvent id="a"><errorEventDefinition/><terminateEventDefinition/></endEvent>"#,
            &["1 not-supported-yet"],
        ),
    ]);
}

#[test]
fn a_timer_has_exactly_one_schedule() {
    let timer = |content: &str| {
        format!(
            r#"<intermediateCatchEvent id="a"><timerEventDefinition>{content}</timerEventDefinition></intermediateCatchEvent>"#
        )
    };
    let rows: [(&str, &[&str]); 4] = [
        ("<timeCycle>R3/PT1H</timeCycle>", &[]),
        ("", &["1 timer-definition"]),
        ("<timeDate> </timeDate>", &["1 timer-definition"]),
        (
            "<timeDate>a</timeDate><timeDuration>PT1H</timeDuration>",
            &["1 timer-definition"],
        ),
    ];
    for (content, expected) in rows {
        refused(&[(&timer(content), expected)]);
    }
}

#[test]
fn tasks_say_what_they_do() {
    refused(&[
        (r#"<serviceTask id="a"/>"#, &["1 missing-implementation"]),
        (
            r#"<serviceTask id="a" activiti:class="x.Y"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<serviceTask id="a" activiti:class="x.Y" activiti:resultVariable="r"/>"#,
            &["1 conflicting-settings", "1 not-supported-yet"],
        ),
        (
            r#"<serviceTask id="a" camunda:delegateExpression="${x}"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<serviceTask id="a" activiti:type="mail"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<serviceTask id="a" camunda:type="external"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<serviceTask id="a" activiti:type="fax"/>"#,
            &["1 unknown-service-type"],
        ),
        (
            r#"<sendTask id="a"/><businessRuleTask id="b"/>"#,
            &["1 not-supported-yet"; 2],
        ),
        (
            r#"<scriptTask id="a" scriptFormat="javascript"/>"#,
            &["1 missing-script"],
        ),
        (
            r#"<scriptTask id="a" scriptFormat="groovy"><script>1</script></scriptTask>"#,
            &["1 script-language"],
        ),
        (r#"<callActivity id="a"/>"#, &["1 missing-reference"]),
        (
            r#"<task id="a"><multiInstanceLoopCharacteristics/></task>"#,
            &["1 missing-loop"],
        ),
        (
            r#"<userTask id="a" activiti:assignee="${a" activiti:candidateUsers="${b, c}"/>"#,
            &["1 invalid-expression"; 2],
        ),
        (
            r#"<dataObject id="d" itemSubjectRef="xsd:int"/>"#,
            &["1 missing-attribute"],
        ),
        (
            r#"<dataObject id="d" name="d" itemSubjectRef="xsd:int"><extensionElements>
<activiti:value>x</activiti:value></extensionElements></dataObject>"#,
            &["1 invalid-value"],
        ),
    ]);
}

#[test]
fn what_does_not_run_yet_is_refused_and_says_so() {
    refused(&[
        (
            r#"<userTask id="a" activiti:async="true"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<userTask id="a" isForCompensation="true"/>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<task id="a"><standardLoopCharacteristics/></task>"#,
            &["1 not-supported-yet"],
        ),
        (r#"<eventBasedGateway id="a"/>"#, &["1 not-supported-yet"]),
        (
            r#"<transaction id="a"/><adHocSubProcess id="b"/>"#,
            &["1 not-supported-yet"; 2],
        ),
        (
            r#"<subProcess id="a" triggeredByEvent="true"><startEvent id="b"><errorEventDefinition/></startEvent></subProcess>"#,
            &["1 not-supported-yet"],
        ),
        (
            r#"<extensionElements><activiti:eventListener throwEvent="signal" signalName="x"/></extensionElements>"#,
            &["1 not-supported-yet"],
        ),
    ]);
    let extended = |extension: &str| {
        format!("{EXPRESSION}<extensionElements>{extension}</extensionElements></serviceTask>")
    };
    for extension in [
        r#"<activiti:mapException errorCode="e">x.Y</activiti:mapException>"#,
        r#"<activiti:executionListener event="start" expression="${1}" onTransaction="committed"/>"#,
    ] {
        refused(&[(&extended(extension), &["1 not-supported-yet"])]);
    }
}

#[test]
fn listeners_need_an_action_and_java_ones_are_skipped() {
    let extended = |extension: &str| {
        format!(r#"<userTask id="a"><extensionElements>{extension}</extensionElements></userTask>"#)
    };
    let refusals: [(&str, &[&str]); 4] = [
        (
            r#"<activiti:executionListener event="start"/>"#,
            &["1 listener-without-action"],
        ),
        (
            r#"<camunda:taskListener event="create"><camunda:script scriptFormat="js">1</camunda:script></camunda:taskListener>"#,
            &["1 listener-without-action"],
        ),
        (
            r#"<activiti:taskListener expression="${1}"/>"#,
            &["1 missing-attribute"],
        ),
        (
            r#"<activiti:taskListener event="create" class="org.activiti.engine.impl.bpmn.listener.ScriptTaskListener"/>"#,
            &["1 missing-script"],
        ),
    ];
    for (extension, expected) in refusals {
        refused(&[(&extended(extension), expected)]);
    }
    let warnings: [(&str, &[&str]); 4] = [
        (
            r#"<activiti:taskListener event="create" class="x.Y"/>"#,
            &["1 java-listener"],
        ),
        (
            r#"<activiti:executionListener event="start" delegateExpression="${x}"/>"#,
            &["1 java-listener"],
        ),
        (
            r#"<camunda:taskListener event="timeout" expression="${1}"/>"#,
            &["1 ignored"],
        ),
        (
            r#"<activiti:executionListener event="start" expression="${1}" customPropertiesResolverClass="x.Y"/>"#,
            &["1 ignored"],
        ),
    ];
    for (extension, expected) in warnings {
        warned(&[(&extended(extension), expected)]);
    }
}

#[test]
fn exclusive_gateways_have_flows_and_no_condition_too_many() {
    let flows = |first: &str, second: &str| {
        format!(
            r#"<exclusiveGateway id="g" default="d"/><task id="t"/>
<sequenceFlow id="d" sourceRef="g" targetRef="t">{first}</sequenceFlow>
<sequenceFlow id="f" sourceRef="g" targetRef="t">{second}</sequenceFlow>"#
        )
    };
    let condition = "<conditionExpression>${a}</conditionExpression>";
    refused(&[
        (r#"<exclusiveGateway id="g"/>"#, &["1 gateway-without-flow"]),
        (&flows("", condition), &[]),
        (&flows(condition, condition), &["1 gateway-condition"]),
        (
            r#"<exclusiveGateway id="g"/><task id="t"/><sequenceFlow id="f" sourceRef="g" targetRef="t">
<conditionExpression>${a}</conditionExpression></sequenceFlow>"#,
            &["1 gateway-condition"],
        ),
        (
            &flows("", "<conditionExpression>${a</conditionExpression>"),
            &["3 invalid-expression"],
        ),
    ]);
    warned(&[
        (&flows("", ""), &["1 unconditional-flow"]),
        (
            &flows("", "<conditionExpression> </conditionExpression>"),
            &["1 unconditional-flow"],
        ),
        (
            &flows("", "<conditionExpression>return a;</conditionExpression>"),
            &[],
        ),
    ]);
}

#[test]
fn what_has_no_effect_is_told_once_a_name() {
    warned(&[
        (
            r#"<userTask id="a"><extensionElements><activiti:localization locale="es"/></extensionElements></userTask>
<serviceTask id="b" activiti:expression="${1}"><extensionElements>
<activiti:failedJobRetryTimeCycle>R5/PT7M</activiti:failedJobRetryTimeCycle></extensionElements></serviceTask>"#,
            &["1 ignored", "3 ignored"],
        ),
        (
            r#"<userTask id="a" camunda:asyncBefore="true"><extensionElements><camunda:inputOutput/></extensionElements></userTask>
<userTask id="b" camunda:asyncBefore="true"><extensionElements><camunda:inputOutput/></extensionElements></userTask>"#,
            &["1 ignored"; 2],
        ),
        (
            r#"<startEvent id="s" flowable:formFieldValidation="true"/>"#,
            &["1 ignored"],
        ),
        (
            r#"<task id="t"><ioSpecification><inputSet/></ioSpecification></task>"#,
            &["1 ignored"],
        ),
        (
            r#"<endEvent id="e"><messageEventDefinition activiti:messageExpression="${m}"/></endEvent>"#,
            &["1 ignored"],
        ),
        (
            r#"<callActivity id="c" calledElement="x"><extensionElements><camunda:in variables="all"/></extensionElements></callActivity>"#,
            &["1 ignored"],
        ),
        (
            r#"<dataObject id="d" name="d" itemSubjectRef="xsd:date"/>"#,
            &["1 ignored"],
        ),
        (
            r#"<userTask id="u" name="${a"/>"#,
            &["1 invalid-expression"],
        ),
    ]);
}
