//! What pictures promise: exact SVG, and pixels where they belong. Owns the diagrams that the tests share; must never
//! compare whole rasters, which change with the rasteriser.

#![allow(clippy::unwrap_used)] // A test that cannot unwrap has failed.

mod hostile;
mod large;
mod layouts;

use super::*;
use expect_test::expect;
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8};
use std::collections::BTreeSet;

fn node(id: &str, kind: NodeKind, bounds: Option<(f64, f64, f64, f64)>) -> Node {
    let mut node = Node::new(id, kind);
    node.name = id.to_owned();
    node.bounds = bounds.map(|(x, y, width, height)| Bounds::new(x, y, width, height));
    node
}

fn event(position: Position) -> NodeKind {
    NodeKind::Event {
        position,
        definition: Definition::None,
    }
}

fn user() -> NodeKind {
    NodeKind::Task(TaskKind::User)
}

fn sub_process(expanded: bool) -> NodeKind {
    NodeKind::SubProcess {
        variant: SubProcessKind::Embedded,
        expanded,
    }
}

fn flow(source: &str, target: &str, waypoints: &[(f64, f64)]) -> Edge {
    let mut flow = Edge::new(format!("{source}-{target}"), source, target);
    flow.waypoints = waypoints.iter().map(|&(x, y)| Point::new(x, y)).collect();
    flow
}

fn ids(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|&id| id.to_owned()).collect()
}

/// start ─▶ 审批 ─▶ end, with interchange.
fn approval() -> Diagram {
    Diagram {
        nodes: vec![
            node(
                "start",
                event(Position::Start),
                Some((20.0, 42.0, 36.0, 36.0)),
            ),
            node("审批", user(), Some((100.0, 20.0, 100.0, 80.0))),
            node("end", event(Position::End), Some((244.5, 42.0, 36.0, 36.0))),
        ],
        flows: vec![
            flow("start", "审批", &[(56.0, 60.0), (100.0, 60.0)]),
            flow("审批", "end", &[(200.0, 60.0), (244.5, 60.0)]),
        ],
        lanes: Vec::new(),
    }
}

fn png(diagram: &Diagram, highlight: &Highlight) -> Result<Vec<u8>, PictureError> {
    super::raster(diagram, highlight)?.png()
}

fn raster(diagram: &Diagram, highlight: &Highlight) -> Pixmap {
    Pixmap::decode_png(&png(diagram, highlight).unwrap()).unwrap()
}

fn pixel(pixmap: &Pixmap, x: u32, y: u32) -> PremultipliedColorU8 {
    pixmap.pixel(x, y).unwrap()
}

#[test]
fn a_small_process_is_exactly_this_svg() {
    let highlight = Highlight {
        mode: Mode::Path,
        active: ids(&["审批"]),
        finished: ids(&["start"]),
        taken_flows: ids(&["start-审批"]),
        incidents: ids(&["审批"]),
    };
    let expected = expect![[r##"
        <svg xmlns="http://www.w3.org/2000/svg" width="290" height="110" viewBox="-0.5 -0.5 290 110" font-family="'Noto Sans CJK SC','Noto Sans SC','Microsoft YaHei','PingFang SC',sans-serif">
        <g class="flow" data-element="start-审批"><path d="M56 60L95.5 60" fill="none" stroke="#2e8b57" stroke-width="2"/><polygon points="100,60 91,56.4 91,63.6" fill="#2e8b57" stroke="#2e8b57" stroke-width="1"/></g>
        <g class="flow" data-element="审批-end"><path d="M200 60L240 60" fill="none" stroke="#585858" stroke-width="1"/><polygon points="244.5,60 235.5,56.4 235.5,63.6" fill="#585858" stroke="#585858" stroke-width="1"/></g>
        <g class="node" data-element="start"><ellipse cx="38" cy="60" rx="18" ry="18" fill="#fff" stroke="#2e8b57" stroke-width="2"/><text x="38" y="91" font-size="10" text-anchor="middle" fill="#7092be" font-style="italic">start</text></g>
        <g class="node" data-element="审批"><rect x="100" y="20" width="100" height="80" rx="3" fill="#f9f9f9" stroke="#bbb" stroke-width="1"/><g transform="translate(105 25) scale(1)" fill="none" stroke="#585858" stroke-width="1" stroke-linejoin="round"><path d="M2 14.5v-1.8c0-2.6 2-4.2 4.2-4.7L8 10l1.8-2c2.2.5 4.2 2.1 4.2 4.7v1.8z"/><circle cx="8" cy="4.6" r="3.1"/></g><text x="150" y="63.96" font-size="11" text-anchor="middle" fill="#000" font-weight="bold">审批</text></g>
        <g class="node" data-element="end"><ellipse cx="262.5" cy="60" rx="17" ry="17" fill="#fff" stroke="#585858" stroke-width="3"/><text x="262.5" y="91" font-size="10" text-anchor="middle" fill="#7092be" font-style="italic">end</text></g>
        <rect x="100" y="20" width="100" height="80" rx="10" fill="none" stroke="#f00" stroke-width="3"/>
        <ellipse cx="200" cy="20" rx="8" ry="8" fill="#d92d20" stroke="#fff" stroke-width="1.5"/><path d="M200 15.5v5.5" fill="none" stroke="#fff" stroke-width="2"/><ellipse cx="200" cy="23.8" rx="1.2" ry="1.2" fill="#fff" stroke="none" stroke-width="0"/>
        </svg>
    "##]];
    expected.assert_eq(&svg(&approval(), &highlight).unwrap());
}

#[test]
fn names_cannot_break_out_of_the_markup() {
    let mut diagram = approval();
    diagram.nodes[1].id = "\"/><script>&'".to_owned();
    diagram.nodes[1].name = "<b>&\"'\u{0}\u{FFFF}]]>".to_owned();
    diagram.flows.clear();
    let text = svg(&diagram, &Highlight::default()).unwrap();
    assert!(
        !text.contains("<script") && !text.contains("<b>") && !text.contains('\u{0}'),
        "{text}"
    );
    assert!(text.contains("&lt;b&gt;&amp;&quot;&#39; ]]&gt;"), "{text}");
    raster(&diagram, &Highlight::default());
}

#[test]
fn the_canvas_ends_ten_pixels_after_the_outermost_element_and_begins_at_zero() {
    let rows = [
        ((20.0, 20.0, 100.0, 80.0), (130, 110)),
        ((20.0, 20.0, 100.75, 80.5), (130, 110)),
        ((-300.0, -50.0, 100.0, 80.0), (110, 90)),
        ((5000.0, 20.0, 100.0, 80.0), (5110, 110)),
    ];
    for ((x, y, width, height), expected) in rows {
        let diagram = Diagram {
            nodes: vec![node("a", user(), Some((x, y, width, height)))],
            ..Diagram::default()
        };
        let pixmap = raster(&diagram, &Highlight::default());
        assert_eq!(
            (pixmap.width(), pixmap.height()),
            expected,
            "{x} {y} {width} {height}"
        );
    }
}

#[test]
fn highlights_are_red_on_active_and_green_on_finished_nodes_and_the_rest_is_transparent() {
    let finished = (46, 139, 87, 255);
    let highlight = |mode| Highlight {
        mode,
        active: ids(&["审批"]),
        finished: ids(&["start"]),
        taken_flows: ids(&["start-审批"]),
        incidents: BTreeSet::new(),
    };
    let colours = |mode| {
        let pixmap = raster(&approval(), &highlight(mode));
        let at = |x, y| {
            let pixel = pixel(&pixmap, x, y);
            (pixel.red(), pixel.green(), pixel.blue(), pixel.alpha())
        };
        // The task's upper border, the flow to it, a place where nothing is.
        [at(150, 20), at(75, 60), at(5, 5)]
    };
    let red = (255, 0, 0, 255);
    let [border, flow, nothing] = colours(Mode::Path);
    assert_eq!((border, nothing), (red, (0, 0, 0, 0)));
    assert_eq!(flow, finished);
    let [border, flow, _] = colours(Mode::Active);
    assert_eq!(border, red);
    assert_ne!(flow, finished);
    let [border, ..] = colours(Mode::None);
    assert_eq!(border, (187, 187, 187, 255));
}

#[test]
fn chinese_names_have_glyphs_of_their_own() {
    let dark = |name: &str| {
        let mut diagram = approval();
        diagram.nodes[1].name = name.to_owned();
        let pixmap = raster(&diagram, &Highlight::default());
        let area = (105..195).flat_map(|x| (45..75).map(move |y| (x, y)));
        let is_dark = |&(x, y): &(u32, u32)| pixel(&pixmap, x, y).red() < 100;
        area.filter(is_dark).collect::<Vec<_>>()
    };
    assert!(dark("").is_empty());
    let (one, other) = (dark("采购经理审批"), dark("调整申请流程"));
    assert!(
        one.len() > 100 && other.len() > 100,
        "{} {}",
        one.len(),
        other.len()
    );
    assert_ne!(one, other);
}

#[test]
fn an_active_node_in_a_collapsed_sub_process_is_shown_on_the_sub_process() {
    let mut inner = node("inner", user(), Some((400.0, 400.0, 100.0, 80.0)));
    inner.parent = Some("outer".to_owned());
    let outer = node("outer", sub_process(false), Some((20.0, 20.0, 100.0, 80.0)));
    let diagram = Diagram {
        nodes: vec![outer, inner],
        ..Diagram::default()
    };
    let highlight = Highlight {
        mode: Mode::Active,
        active: ids(&["inner"]),
        ..Highlight::default()
    };
    let pixmap = raster(&diagram, &highlight);
    assert_eq!((pixmap.width(), pixmap.height()), (130, 110));
    assert_eq!(pixel(&pixmap, 70, 20).red(), 255);
}

fn all_kinds() -> Vec<NodeKind> {
    use {Definition as D, GatewayKind as G, Position as P, SubProcessKind as S, TaskKind as T};
    let mut kinds = vec![
        NodeKind::CallActivity,
        NodeKind::DataObject,
        NodeKind::DataStore,
        NodeKind::TextAnnotation,
        NodeKind::Group,
    ];
    for position in [P::Start, P::Catch, P::Throw, P::Boundary, P::End] {
        let some = [
            D::None,
            D::Message,
            D::Timer,
            D::Signal,
            D::Error,
            D::Escalation,
            D::Link,
        ];
        let more = [D::Compensation, D::Conditional, D::Terminate, D::Cancel];
        let several = [D::Multiple, D::ParallelMultiple];
        let all = some.into_iter().chain(more).chain(several);
        kinds.extend(all.map(|definition| NodeKind::Event {
            position,
            definition,
        }));
    }
    let people = [T::Plain, T::User, T::Manual, T::BusinessRule];
    let machines = [T::Service, T::Script, T::Send, T::Receive, T::Robot];
    kinds.extend(people.into_iter().chain(machines).map(NodeKind::Task));
    let gateways = [
        G::Exclusive,
        G::Parallel,
        G::Inclusive,
        G::EventBased,
        G::Complex,
    ];
    kinds.extend(gateways.map(NodeKind::Gateway));
    for variant in [S::Embedded, S::Event, S::Transaction, S::AdHoc] {
        kinds.extend([true, false].map(|expanded| NodeKind::SubProcess { variant, expanded }));
    }
    kinds
}

#[test]
fn every_kind_of_node_is_drawn_in_its_own_way() {
    let mut seen = BTreeSet::new();
    for kind in all_kinds() {
        let diagram = Diagram {
            nodes: vec![node("n", kind, Some((10.0, 10.0, 60.0, 60.0)))],
            ..Diagram::default()
        };
        let pixmap = raster(&diagram, &Highlight::default());
        assert!(
            pixmap.pixels().iter().any(|pixel| pixel.alpha() == 255),
            "{kind:?}"
        );
        seen.insert(svg(&diagram, &Highlight::default()).unwrap());
    }
    // Catching and boundary events look alike, throwing ones too when they throw nothing; all else differs.
    assert_eq!(seen.len(), all_kinds().len() - 13 - 1);
}

#[test]
fn every_kind_of_flow_is_drawn_in_its_own_way() {
    let condition = [Condition::None, Condition::Expression, Condition::Default];
    let mut kinds: Vec<EdgeKind> = condition.map(EdgeKind::Sequence).to_vec();
    kinds.extend([
        EdgeKind::Message,
        EdgeKind::Association,
        EdgeKind::DirectedAssociation,
    ]);
    let drawn: BTreeSet<String> = (kinds.iter())
        .map(|&kind| {
            let mut diagram = approval();
            diagram.flows[1].kind = kind;
            svg(&diagram, &Highlight::default()).unwrap()
        })
        .collect();
    assert_eq!(drawn.len(), kinds.len());
}
