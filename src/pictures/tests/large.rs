//! Pictures of large diagrams: one to one, whole, and bounded in area only.

use super::*;

fn size(diagram: &Diagram) -> (u32, u32) {
    super::super::raster(diagram, &Highlight::default())
        .unwrap()
        .0
        .size()
}

fn at(x: f64, y: f64) -> Node {
    node("a", user(), Some((x, y, 100.0, 80.0)))
}

fn of(nodes: Vec<Node>) -> Diagram {
    Diagram {
        nodes,
        ..Diagram::default()
    }
}

#[test]
fn a_picture_is_one_to_one_however_wide_or_high_it_is() {
    for (x, y) in [(59_890.0, 20.0), (20.0, 59_900.0), (19_000.0, 19_000.0)] {
        let expected = (x as u32 + 110, y as u32 + 90);
        assert_eq!(size(&of(vec![at(x, y)])), expected);
    }
}

#[test]
fn long_chains_and_many_branches_without_interchange_are_readable() {
    let tasks = |count: usize| {
        let ids = (0..count).map(|number| format!("t{number}"));
        of(ids.map(|id| node(&id, user(), None)).collect())
    };
    let mut chain = tasks(600);
    let link = |from: usize, to: usize| flow(&format!("t{from}"), &format!("t{to}"), &[]);
    chain.flows = (1..600).map(|number| link(number - 1, number)).collect();
    let (width, height) = size(&chain);
    assert!(width > 600 * 100 && height > 80, "{width}x{height}");
    let mut fan = tasks(201);
    fan.flows = (1..201).map(|number| link(0, number)).collect();
    let (width, height) = size(&fan);
    assert!(width > 200 && height > 200 * 80, "{width}x{height}");
}

#[test]
fn a_picture_beyond_the_largest_area_is_drawn_smaller_in_the_same_proportions() {
    let (width, height) = size(&of(vec![at(99_890.0, 49_910.0)]));
    let area = f64::from(width) * f64::from(height);
    assert!(area > 399e6 && area <= 400e6, "{width}x{height}");
    assert_eq!(width / height, 2);
}

#[test]
fn a_large_picture_has_no_seams_and_nothing_missing() {
    // It is drawn in two tiles side by side, of which each has two bands: the tasks lie on the borders between them.
    let (right, below) = (at(7_950.0, 20.0), at(20.0, 2_030.0));
    let diagram = of(vec![right, below, at(8_000.0, 2_100.0)]);
    let drawn = super::super::raster(&diagram, &Highlight::default()).unwrap();
    assert!(drawn.is_large());
    let pixmap = Pixmap::decode_png(&drawn.png().unwrap()).unwrap();
    assert_eq!((pixmap.width(), pixmap.height()), (8_110, 2_190));
    for x in 7_955..8_045 {
        assert_eq!(pixel(&pixmap, x, 20).red(), 187, "{x}");
        assert_eq!(pixel(&pixmap, x, 90).red(), 249, "{x}");
    }
    for y in 2_035..2_105 {
        assert_eq!(pixel(&pixmap, 20, y).red(), 187, "{y}");
        assert_eq!(pixel(&pixmap, 110, y).red(), 249, "{y}");
    }
    assert_eq!(pixel(&pixmap, 8_050, 2_100).red(), 187);
    assert_eq!(pixel(&pixmap, 4_000, 1_000).alpha(), 0);
    assert!(
        !super::super::raster(&approval(), &Highlight::default())
            .unwrap()
            .is_large()
    );
}
