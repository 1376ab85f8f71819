//! What becomes of a diagram.

use super::{file, told};
use crate::{
    diagnostic::Severity,
    diagram::{
        Bounds, Condition, Definition, Diagram, EdgeKind, Node, NodeKind, Point, Position,
        Repetition, SubProcessKind, TaskKind,
    },
};
use std::sync::Arc;

const MODEL: &str = r#"<collaboration id="c"><participant id="pool" name="Pool" processRef="p"/><participant id="other" name="Black box"/>
<messageFlow id="m" sourceRef="u" targetRef="other"/></collaboration>
<process id="p"><laneSet id="ls"><lane id="lane" name="Lane"><flowNodeRef>u</flowNodeRef></lane></laneSet>
<userTask id="u" name="U" default="f"><multiInstanceLoopCharacteristics isSequential="true"><loopCardinality>2</loopCardinality></multiInstanceLoopCharacteristics></userTask>
<boundaryEvent id="b" attachedToRef="u" cancelActivity="false"><timerEventDefinition><timeDuration>PT1S</timeDuration></timerEventDefinition></boundaryEvent>
<subProcess id="s"><task id="inner"/></subProcess>
<sequenceFlow id="f" name="F" sourceRef="u" targetRef="s"/>
<textAnnotation id="t"><text>Remark</text></textAnnotation><association id="a" sourceRef="u" targetRef="t"/></process>
<process id="alone"><task id="x"/></process>
<bpmndi:BPMNDiagram><bpmndi:BPMNPlane bpmnElement="c">
<bpmndi:BPMNShape bpmnElement="u"><dc:Bounds x="-10.5" y="20" width="100" height="80"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="s" isExpanded="false"><dc:Bounds x="NaN" y="1" width="2" height="3"/></bpmndi:BPMNShape>
<bpmndi:BPMNShape bpmnElement="gone"><dc:Bounds x="1" y="1" width="2" height="3"/></bpmndi:BPMNShape>
<bpmndi:BPMNEdge bpmnElement="f"><di:waypoint xsi:type="dc:Point" x="1" y="2.5"/><di:waypoint x="3" y="inf"/><di:waypoint x="5" y="6"/>
<bpmndi:BPMNLabel><dc:Bounds x="1" y="2" width="3" height="4"/></bpmndi:BPMNLabel></bpmndi:BPMNEdge>
</bpmndi:BPMNPlane></bpmndi:BPMNDiagram>"#;

fn diagrams() -> Vec<Arc<Diagram>> {
    match file(MODEL) {
        Ok(parsed) => parsed.diagrams,
        Err(diagnostics) => panic!("refused: {}", super::list(&diagnostics)),
    }
}

fn node<'d>(diagram: &'d Diagram, id: &str) -> &'d Node {
    match diagram.nodes.iter().find(|node| node.id == id) {
        Some(node) => node,
        None => panic!("no node {id}"),
    }
}

#[test]
fn a_collaboration_is_drawn_whole_and_a_process_outside_of_it_alone() {
    let diagrams = diagrams();
    let ids = |diagram: &Diagram| -> Vec<String> {
        diagram.nodes.iter().map(|node| node.id.clone()).collect()
    };
    assert_eq!(ids(&diagrams[0]), ["u", "b", "s", "inner", "t"]);
    assert_eq!(ids(&diagrams[1]), ["x"]);
    let lanes: Vec<_> = diagrams[0]
        .lanes
        .iter()
        .map(|lane| {
            (
                lane.id.as_str(),
                lane.parent.as_deref(),
                lane.members.join(" "),
            )
        })
        .collect();
    assert_eq!(
        lanes,
        [
            ("pool", None, "u b s".to_owned()),
            ("lane", Some("pool"), "u".to_owned()),
            ("other", None, String::new()),
        ]
    );
}

#[test]
fn nodes_and_flows_keep_what_is_drawn_of_them() {
    let diagram = &diagrams()[0];
    let task = node(diagram, "u");
    assert_eq!(task.kind, NodeKind::Task(TaskKind::User));
    assert_eq!(task.repetition, Repetition::Sequential);
    let bounds = Bounds {
        x: -10.5,
        y: 20.0,
        width: 100.0,
        height: 80.0,
    };
    assert_eq!(task.bounds, Some(bounds));
    let timer = node(diagram, "b");
    assert_eq!(
        timer.kind,
        NodeKind::Event {
            position: Position::Boundary,
            definition: Definition::Timer
        }
    );
    assert!(!timer.interrupting && timer.attached_to.as_deref() == Some("u"));
    assert_eq!(
        node(diagram, "s").kind,
        NodeKind::SubProcess {
            variant: SubProcessKind::Embedded,
            expanded: false
        }
    );
    assert_eq!(node(diagram, "inner").parent.as_deref(), Some("s"));
    assert_eq!(node(diagram, "t").name, "Remark");
    let kinds: Vec<_> = diagram
        .flows
        .iter()
        .map(|flow| (flow.id.as_str(), flow.kind))
        .collect();
    assert_eq!(
        kinds,
        [
            ("f", EdgeKind::Sequence(Condition::Default)),
            ("a", EdgeKind::Association),
            ("m", EdgeKind::Message),
        ]
    );
    assert_eq!(
        diagram.flows[0].waypoints,
        [Point { x: 1.0, y: 2.5 }, Point { x: 5.0, y: 6.0 }]
    );
    assert!(diagram.flows[0].label.is_some());
}

#[test]
fn coordinates_that_are_no_numbers_and_shapes_of_nothing_are_warnings() {
    let result = file(MODEL);
    assert_eq!(
        told(&result, Severity::Warning),
        [
            "12 diagram-coordinate",
            "13 diagram-reference",
            "14 diagram-coordinate"
        ]
    );
    let parsed = result.ok();
    let bounds = parsed.map(|parsed| node(&parsed.diagrams[0], "s").bounds);
    assert_eq!(bounds, Some(None));
}
