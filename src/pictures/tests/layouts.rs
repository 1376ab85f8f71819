//! Geometry for diagrams that have none: nothing overlaps, every flow has a way, what has a place keeps it. Must never
//! fix coordinates: those may change, these properties may not.

use super::*;

/// A process without interchange: a choice, a loop back, a sub-process with a timer on its border, an annotation.
fn without_interchange() -> Diagram {
    let mut check = node("check", user(), None);
    let mut timer = node("timer", event(Position::Boundary), None);
    timer.attached_to = Some("sub".to_owned());
    check.parent = Some("sub".to_owned());
    let mut inner_start = node("inner start", event(Position::Start), None);
    inner_start.parent = Some("sub".to_owned());
    let mut again = flow("choice", "request", &[]);
    again.name = "again".to_owned();
    let mut remark = flow("remark", "request", &[]);
    remark.kind = EdgeKind::Association;
    Diagram {
        nodes: vec![
            node("start", event(Position::Start), None),
            node("request", user(), None),
            node("choice", NodeKind::Gateway(GatewayKind::Exclusive), None),
            node("sub", sub_process(true), None),
            inner_start,
            check,
            timer,
            node("late", user(), None),
            node("join", NodeKind::Gateway(GatewayKind::Exclusive), None),
            node("end", event(Position::End), None),
            node("alone", user(), None),
            node("remark", NodeKind::TextAnnotation, None),
        ],
        flows: vec![
            flow("start", "request", &[]),
            flow("request", "choice", &[]),
            flow("choice", "sub", &[]),
            flow("choice", "join", &[]),
            again,
            flow("inner start", "check", &[]),
            flow("sub", "join", &[]),
            flow("timer", "late", &[]),
            flow("late", "join", &[]),
            flow("join", "end", &[]),
            flow("end", "end", &[]),
            remark,
        ],
        lanes: Vec::new(),
    }
}

/// Nodes of one scope don't overlap, children are within their parent, flows have ways that avoid nodes.
fn assert_laid_out(diagram: &Diagram) {
    let bounds = |id: &str| {
        let node = diagram.nodes.iter().find(|node| node.id == id);
        node.and_then(|node| node.bounds)
            .unwrap_or_else(|| panic!("{id} has no place"))
    };
    for (number, one) in diagram.nodes.iter().enumerate() {
        if let Some(parent) = &one.parent {
            assert!(
                bounds(parent).contains(&bounds(&one.id)),
                "{} leaves {parent}",
                one.id
            );
        }
        if let Some(host) = &one.attached_to {
            assert!(
                bounds(host).overlaps(&bounds(&one.id)),
                "{} is not on {host}",
                one.id
            );
        }
        for other in diagram.nodes[number + 1..].iter().filter(|other| {
            other.parent == one.parent && other.attached_to.is_none() && one.attached_to.is_none()
        }) {
            assert!(
                !bounds(&one.id).overlaps(&bounds(&other.id)),
                "{} {}",
                one.id,
                other.id
            );
        }
    }
    for flow in &diagram.flows {
        assert!(flow.waypoints.len() >= 2, "{}", flow.id);
        if !matches!(flow.kind, EdgeKind::Sequence(_)) {
            continue;
        }
        for part in flow.waypoints.windows(2) {
            let level = part[0].x == part[1].x || part[0].y == part[1].y;
            assert!(level, "{} is not orthogonal: {:?}", flow.id, flow.waypoints);
        }
    }
}

#[test]
fn a_process_without_interchange_is_laid_out_without_overlaps() {
    let mut diagram = without_interchange();
    layout(&mut diagram);
    assert_laid_out(&diagram);
    assert!(diagram.flows[4].label.is_some());
    let again = diagram.clone();
    layout(&mut diagram);
    assert_eq!(diagram, again, "a complete diagram stays as it is");
}

#[test]
fn lines_of_a_laid_out_process_run_through_no_node() {
    let mut diagram = without_interchange();
    layout(&mut diagram);
    for flow in diagram
        .flows
        .iter()
        .filter(|flow| flow.kind != EdgeKind::Association)
    {
        for node in &diagram.nodes {
            let own = [&flow.source, &flow.target].contains(&&node.id);
            let scope = |id: &str| {
                let found = diagram.nodes.iter().find(|node| node.id == id);
                found.and_then(|node| node.parent.clone())
            };
            let is_host = flow.source == "timer" && node.id == "sub";
            if own || is_host || node.parent != scope(&flow.source) {
                continue;
            }
            let bounds = node.bounds.unwrap();
            for part in flow.waypoints.windows(2) {
                let line = Bounds::new(
                    part[0].x.min(part[1].x),
                    part[0].y.min(part[1].y),
                    (part[0].x - part[1].x).abs(),
                    (part[0].y - part[1].y).abs(),
                );
                assert!(
                    !bounds.overlaps(&line),
                    "{} runs through {}",
                    flow.id,
                    node.id
                );
            }
        }
    }
}

#[test]
fn lanes_without_interchange_surround_their_nodes_and_lie_below_one_another() {
    let mut diagram = without_interchange();
    let lane = |id: &str, parent: Option<&str>, members: &[&str]| Lane {
        id: id.to_owned(),
        name: id.to_owned(),
        parent: parent.map(str::to_owned),
        members: members.iter().map(|&id| id.to_owned()).collect(),
        ..Lane::default()
    };
    diagram.lanes = vec![
        lane("pool", None, &["late", "join", "end", "alone", "remark"]),
        lane("sales", Some("pool"), &["start", "request", "choice"]),
        lane("stock", Some("pool"), &["sub"]),
        lane("customer", None, &[]),
    ];
    let mut message = flow("request", "customer", &[]);
    message.kind = EdgeKind::Message;
    diagram.flows.push(message);
    layout(&mut diagram);
    assert_laid_out(&diagram);
    let bounds: Vec<Bounds> = diagram
        .lanes
        .iter()
        .map(|lane| lane.bounds.unwrap())
        .collect();
    assert!(bounds[0].contains(&bounds[1]) && bounds[0].contains(&bounds[2]));
    assert_eq!(bounds[1].bottom(), bounds[2].y);
    assert!(bounds[3].y > bounds[0].bottom());
    let inside = |lane: usize, id: &str| {
        let node = diagram.nodes.iter().find(|node| node.id == id).unwrap();
        assert!(bounds[lane].contains(&node.bounds.unwrap()), "{id}");
    };
    ["start", "request", "choice", "late", "end"]
        .iter()
        .for_each(|id| inside(1, id));
    inside(2, "sub");
    let message = &diagram.flows[diagram.flows.len() - 1].waypoints;
    assert_eq!(message[0].x, message[1].x);
    assert_eq!(
        message[1].y, bounds[3].y,
        "it ends at the pool's nearer border"
    );
}

#[test]
fn what_has_a_place_keeps_it_when_the_rest_is_completed() {
    let mut diagram = approval();
    let before = diagram.nodes.clone();
    let mut timer = node("timer", event(Position::Boundary), None);
    timer.attached_to = Some("审批".to_owned());
    diagram.nodes.extend([
        timer,
        node("late", user(), None),
        node("gone", event(Position::End), None),
    ]);
    diagram
        .flows
        .extend([flow("timer", "late", &[]), flow("late", "gone", &[])]);
    layout(&mut diagram);
    assert_eq!(diagram.nodes[..3], before);
    assert_laid_out(&diagram);
    assert_eq!(
        diagram.nodes[3].bounds.map(|bounds| bounds.center()),
        Some(Point::new(150.0, 100.0))
    );
}

#[test]
fn a_sub_process_too_small_for_what_is_missing_in_it_is_laid_out_anew() {
    let mut diagram = without_interchange();
    let sub = diagram
        .nodes
        .iter_mut()
        .find(|node| node.id == "sub")
        .unwrap();
    sub.bounds = Some(Bounds::new(0.0, 0.0, 100.0, 80.0));
    layout(&mut diagram);
    assert_laid_out(&diagram);
}
