//! Models of the stories.

/// A form, an assignee out of a variable, candidates; then the end.
pub const LEAVE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:activiti="http://activiti.org/bpmn" targetNamespace="hr">
  <process id="leave" name="Leave" isExecutable="true">
    <documentation>Who is away</documentation>
    <startEvent id="start" activiti:formKey="ask"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
    <userTask id="approve" name="Approve" activiti:candidateUsers="ann,bob" activiti:candidateGroups="boss" activiti:formKey="approve">
      <extensionElements>
        <activiti:formProperty id="days" name="Days" type="long" required="true"/>
        <activiti:formProperty id="kind" type="enum" default="paid">
          <activiti:value id="paid" name="Paid"/><activiti:value id="unpaid"/>
        </activiti:formProperty>
      </extensionElements>
    </userTask>
    <sequenceFlow id="f2" sourceRef="approve" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// Calls `leave` and waits for it.
pub const TRIP: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="hr">
  <process id="trip" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="call"/>
    <callActivity id="call" name="Ask for leave" calledElement="leave"/>
    <sequenceFlow id="f2" sourceRef="call" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// Waits to be triggered, then fails without the variable `go`.
pub const RECEIVE: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:activiti="http://activiti.org/bpmn" targetNamespace="hr">
  <process id="receive" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="wait"/>
    <receiveTask id="wait" name="Wait"/>
    <sequenceFlow id="f2" sourceRef="wait" targetRef="check"/>
    <serviceTask id="check" activiti:expression="${go}"/>
    <sequenceFlow id="f3" sourceRef="check" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// Waits an hour, then fails without the variable `go`.
pub const LATER: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:activiti="http://activiti.org/bpmn" targetNamespace="hr">
  <process id="later" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="hour"/>
    <intermediateCatchEvent id="hour">
      <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>
    </intermediateCatchEvent>
    <sequenceFlow id="f2" sourceRef="hour" targetRef="check"/>
    <serviceTask id="check" activiti:expression="${go}"/>
    <sequenceFlow id="f3" sourceRef="check" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// Starts every day.
pub const DAILY: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="hr">
  <process id="daily" isExecutable="true">
    <startEvent id="start">
      <timerEventDefinition><timeCycle>R/P1D</timeCycle></timerEventDefinition>
    </startEvent>
    <sequenceFlow id="f1" sourceRef="start" targetRef="look"/>
    <userTask id="look" name="Look"/>
    <sequenceFlow id="f2" sourceRef="look" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;

/// A task for each of three, in a sub-process.
pub const EACH: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
    xmlns:activiti="http://activiti.org/bpmn" targetNamespace="hr">
  <process id="each" isExecutable="true">
    <startEvent id="start"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="inside"/>
    <subProcess id="inside">
      <startEvent id="begin"/>
      <sequenceFlow id="g1" sourceRef="begin" targetRef="vote"/>
      <userTask id="vote" name="Vote">
        <multiInstanceLoopCharacteristics isSequential="false"><loopCardinality>3</loopCardinality></multiInstanceLoopCharacteristics>
      </userTask>
      <sequenceFlow id="g2" sourceRef="vote" targetRef="done"/>
      <endEvent id="done"/>
    </subProcess>
    <sequenceFlow id="f2" sourceRef="inside" targetRef="end"/>
    <endEvent id="end"/>
  </process>
</definitions>"#;
