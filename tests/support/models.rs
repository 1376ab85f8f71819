//! Small models, written here so that a test shows what it runs.
//!
//! Owns: the frame around a process. Never: a diagram.

/// A file of these process elements.
pub fn definitions(processes: &str) -> String {
    format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<definitions \
         xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" \
         xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" \
         xmlns:activiti=\"http://activiti.org/bpmn\" targetNamespace=\"test\">{processes}</definitions>"
    )
}

/// A file of one process with these elements inside.
pub fn process(key: &str, elements: &str) -> String {
    definitions(&format!(
        "<process id=\"{key}\" name=\"{key}\" isExecutable=\"true\">{elements}</process>"
    ))
}

/// Start, the user task `t` (Work, assigned to `s_u`), end.
pub fn one_task(key: &str) -> String {
    process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <userTask id=\"t\" name=\"Work\" activiti:assignee=\"s_u\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

/// Start, end.
pub fn straight_to_the_end(key: &str) -> String {
    process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

/// An hour later it fails for want of the variable `go`.
pub fn fails_later(key: &str) -> String {
    process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"w\"/>\
         <intermediateCatchEvent id=\"w\"><timerEventDefinition><timeDuration>PT1H</timeDuration>\
         </timerEventDefinition></intermediateCatchEvent>\
         <sequenceFlow id=\"f2\" sourceRef=\"w\" targetRef=\"x\"/>\
         <serviceTask id=\"x\" activiti:expression=\"${go}\"/>\
         <sequenceFlow id=\"f3\" sourceRef=\"x\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}

/// Start, fork, the user tasks A (`s_a`) and B (`s_b`), join, the user task Z (`s_z`), end.
pub fn two_side_by_side(key: &str) -> String {
    process(
        key,
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"fork\"/>\
         <parallelGateway id=\"fork\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"fork\" targetRef=\"a\"/>\
         <sequenceFlow id=\"f3\" sourceRef=\"fork\" targetRef=\"b\"/>\
         <userTask id=\"a\" name=\"A\" activiti:assignee=\"s_a\"/>\
         <userTask id=\"b\" name=\"B\" activiti:assignee=\"s_b\"/>\
         <sequenceFlow id=\"f4\" sourceRef=\"a\" targetRef=\"join\"/>\
         <sequenceFlow id=\"f5\" sourceRef=\"b\" targetRef=\"join\"/>\
         <parallelGateway id=\"join\"/>\
         <sequenceFlow id=\"f6\" sourceRef=\"join\" targetRef=\"z\"/>\
         <userTask id=\"z\" name=\"Z\" activiti:assignee=\"s_z\"/>\
         <sequenceFlow id=\"f7\" sourceRef=\"z\" targetRef=\"e\"/><endEvent id=\"e\"/>",
    )
}
