//! The names of BPMN 2.0's elements, as its schema has them.
//!
//! Owns: the list, those included that no reader asks for.
//! Never: says where an element may stand.

use std::{collections::BTreeSet, sync::LazyLock};

/// All elements of the namespace `MODEL`: global ones, and those within types.
const NAMES: &str = "
    activationCondition activity adHocSubProcess artifact assignment association auditing
    baseElement baseElementWithMixedContent boundaryEvent businessRuleTask callActivity
    callChoreography callConversation callableElement cancelEventDefinition catchEvent category
    categoryValue categoryValueRef childLaneSet choreography choreographyActivity
    choreographyRef choreographyTask collaboration compensateEventDefinition completionCondition
    complexBehaviorDefinition complexGateway condition conditionExpression
    conditionalEventDefinition conversation conversationAssociation conversationLink
    conversationNode correlationKey correlationProperty correlationPropertyBinding
    correlationPropertyRef correlationPropertyRetrievalExpression correlationSubscription
    dataAssociation dataInput dataInputAssociation dataInputRefs dataObject dataObjectReference
    dataOutput dataOutputAssociation dataOutputRefs dataPath dataState dataStore
    dataStoreReference definitions documentation endEvent endPoint endPointRef error
    errorEventDefinition errorRef escalation escalationEventDefinition event eventBasedGateway
    eventDefinition eventDefinitionRef exclusiveGateway expression extension extensionElements
    flowElement flowNode flowNodeRef formalExpression from gateway globalBusinessRuleTask
    globalChoreographyTask globalConversation globalManualTask globalScriptTask globalTask
    globalUserTask group humanPerformer implicitThrowEvent import inMessageRef inclusiveGateway
    incoming innerParticipantRef inputDataItem inputSet inputSetRefs interface interfaceRef
    intermediateCatchEvent intermediateThrowEvent ioBinding ioSpecification itemDefinition lane
    laneSet linkEventDefinition loopCardinality loopCharacteristics loopCondition
    loopDataInputRef loopDataOutputRef manualTask message messageEventDefinition messageFlow
    messageFlowAssociation messageFlowRef messagePath monitoring
    multiInstanceLoopCharacteristics operation operationRef optionalInputRefs optionalOutputRefs
    outMessageRef outerParticipantRef outgoing outputDataItem outputSet outputSetRefs
    parallelGateway participant participantAssociation participantMultiplicity participantRef
    partitionElement partnerEntity partnerRole performer potentialOwner process property
    receiveTask relationship rendering resource resourceAssignmentExpression resourceParameter
    resourceParameterBinding resourceRef resourceRole rootElement script scriptTask sendTask
    sequenceFlow serviceTask signal signalEventDefinition source sourceRef
    standardLoopCharacteristics startEvent subChoreography subConversation subProcess
    supportedInterfaceRef supports target targetRef task terminateEventDefinition text
    textAnnotation throwEvent timeCycle timeDate timeDuration timerEventDefinition to
    transaction transformation userTask whileExecutingInputRefs whileExecutingOutputRefs
";

static ELEMENTS: LazyLock<BTreeSet<&str>> = LazyLock::new(|| NAMES.split_whitespace().collect());

/// Elements whose content is anybody's.
const OPEN: [&str; 4] = ["documentation", "extensionElements", "script", "text"];

/// Whether the schema has an element of this name.
pub(super) fn has(name: &str) -> bool {
    ELEMENTS.contains(name)
}

/// Whether anything may stand in an element of this name.
pub(super) fn is_open(name: &str) -> bool {
    OPEN.contains(&name)
}
