//! Diagrams made to hurt: refused or drawn in bounded time and memory. Must never depend on how fast the machine is by
//! less than an order of magnitude.

use super::*;
use std::time::{Duration, Instant};

#[test]
fn geometry_that_is_not_finite_is_refused() {
    for value in [f64::NAN, f64::INFINITY, f64::NEG_INFINITY] {
        let mut by_bounds = approval();
        by_bounds.nodes[1].bounds = Some(Bounds::new(0.0, value, 1.0, 1.0));
        let mut by_waypoint = approval();
        by_waypoint.flows[0].waypoints[1].x = value;
        for (diagram, element) in [(by_bounds, "审批"), (by_waypoint, "start-审批")] {
            let expected = PictureError::NotFinite {
                element: element.to_owned(),
            };
            assert_eq!(svg(&diagram, &Highlight::default()), Err(expected.clone()));
            assert_eq!(png(&diagram, &Highlight::default()), Err(expected));
        }
    }
}

#[test]
fn too_many_elements_are_refused() {
    let nodes = (0..20_001)
        .map(|n| node(&n.to_string(), user(), None))
        .collect();
    let diagram = Diagram {
        nodes,
        ..Diagram::default()
    };
    let expected = PictureError::TooManyElements {
        count: 20_001,
        limit: 20_000,
    };
    assert_eq!(png(&diagram, &Highlight::default()), Err(expected));
}

/// Far above what it takes, far below what unbounded work would.
const PATIENCE: Duration = Duration::from_secs(60);

/// A fraction of what a server allows: these tests run without optimisation.
const SMALL: png::Limits = png::Limits {
    pixels: 16e6,
    painted: 256e6,
};

fn assert_bounded(what: &str, diagram: &Diagram) {
    let start = Instant::now();
    let drawn = raster_within(diagram, &Highlight::default(), SMALL).unwrap();
    let pixmap = Pixmap::decode_png(&drawn.png().unwrap()).unwrap();
    assert!(pixmap.width() * pixmap.height() <= 16_000_000, "{what}");
    assert!(
        start.elapsed() < PATIENCE,
        "{what} took {:?}",
        start.elapsed()
    );
}

#[test]
fn hostile_sizes_are_drawn_smaller() {
    for size in [9_000.0, 1e9, f64::MAX] {
        for place in [0.0, f64::MIN] {
            let kinds = [
                user(),
                event(Position::Start),
                NodeKind::Group,
                sub_process(true),
            ];
            let nodes = kinds.iter().enumerate().map(|(number, &kind)| {
                node(&number.to_string(), kind, Some((place, place, size, size)))
            });
            let line = [(0.0, 0.0), (size, size), (place, size), (size, 0.0)];
            let mut association = flow("0", "3", &line);
            association.kind = EdgeKind::Association;
            let flows = vec![association, flow("0", "1", &[])];
            let diagram = Diagram {
                nodes: nodes.collect(),
                flows,
                lanes: Vec::new(),
            };
            assert_bounded(&format!("{size} at {place}"), &diagram);
        }
    }
}

#[test]
fn hostile_shapes_are_laid_out_and_drawn_in_bounded_time() {
    let named = |count: usize| {
        (0..count)
            .map(|n| node(&n.to_string(), user(), None))
            .collect()
    };
    let link = |from: usize, to: usize| flow(&from.to_string(), &to.to_string(), &[]);
    let rows: Vec<(&str, Vec<Edge>)> = vec![
        ("a chain", (1..800).map(|n| link(n - 1, n)).collect()),
        ("a fan", (1..800).map(|n| link(0, n)).collect()),
        (
            "a ladder of returns",
            (1..800)
                .flat_map(|n| [link(n - 1, n), link(n, n / 2)])
                .collect(),
        ),
        (
            "a bundle of long lines",
            (1..800)
                .flat_map(|n| [link(n - 1, n), link(0, n)])
                .collect(),
        ),
    ];
    for (what, flows) in rows {
        assert_bounded(
            what,
            &Diagram {
                nodes: named(800),
                flows,
                lanes: Vec::new(),
            },
        );
    }
    let mut nested: Vec<Node> = (0..300)
        .map(|n| node(&n.to_string(), sub_process(true), None))
        .collect();
    for (number, inner) in nested.iter_mut().enumerate().skip(1) {
        inner.parent = Some((number - 1).to_string());
    }
    assert_bounded(
        "deep nesting",
        &Diagram {
            nodes: nested,
            ..Diagram::default()
        },
    );
    let large = (0..800).map(|n| node(&n.to_string(), user(), Some((0.0, 0.0, 4e3, 4e3))));
    assert_bounded(
        "shape over shape",
        &Diagram {
            nodes: large.collect(),
            ..Diagram::default()
        },
    );
}
