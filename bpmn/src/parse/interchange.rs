//! Diagram interchange: the geometry of elements, by their id.
//!
//! Owns: reading numbers leniently; what is no finite number is dropped with a warning.
//! Never: keeps a model from being deployed.

use super::{
    complaints::{Complaints, shortened},
    xml::{Namespace, Node, local},
};
use crate::{
    diagnostic::code,
    diagram::{Bounds, Point},
};
use std::collections::BTreeMap;

/// The geometry of a node, a pool or a lane.
#[derive(Clone, Copy, Default)]
pub(super) struct Shape {
    pub bounds: Option<Bounds>,
    pub label: Option<Bounds>,
    pub is_expanded: Option<bool>,
    pub is_horizontal: Option<bool>,
}

/// The geometry of a line.
#[derive(Clone, Default)]
pub(super) struct Line {
    pub waypoints: Vec<Point>,
    pub label: Option<Bounds>,
}

/// All geometry of a file, by the id of what it shows. The first of several wins.
#[derive(Default)]
pub(super) struct Interchange<'a> {
    shapes: BTreeMap<&'a str, (Shape, &'a Node<'a>)>,
    lines: BTreeMap<&'a str, (Line, &'a Node<'a>)>,
}

impl<'a> Interchange<'a> {
    /// Reads every diagram of the file.
    pub fn read(root: &'a Node<'a>, complaints: &mut Complaints) -> Self {
        let mut interchange = Interchange::default();
        let planes = in_diagram(root, "BPMNDiagram").flat_map(|d| in_diagram(d, "BPMNPlane"));
        for plane in planes {
            for node in &plane.children {
                let element = node.attribute("bpmnElement").map(|id| local(id.trim()));
                match (node.namespace, node.local(), element) {
                    (Namespace::Diagram, "BPMNShape", Some(element)) => {
                        let shape = shape(node, complaints);
                        interchange.shapes.entry(element).or_insert((shape, node));
                    }
                    (Namespace::Diagram, "BPMNEdge", Some(element)) => {
                        let line = line(node, complaints);
                        interchange.lines.entry(element).or_insert((line, node));
                    }
                    _ => {}
                }
            }
        }
        interchange
    }

    /// The geometry of a node.
    pub fn shape(&self, id: &str) -> Shape {
        self.shapes
            .get(id)
            .map(|(shape, _)| *shape)
            .unwrap_or_default()
    }

    /// The geometry of a line.
    pub fn line(&self, id: &str) -> Line {
        self.lines
            .get(id)
            .map(|(line, _)| line.clone())
            .unwrap_or_default()
    }

    /// Warns of shapes and edges of what is not there.
    pub fn check(&self, exists: impl Fn(&str) -> bool, complaints: &mut Complaints) {
        let shapes = self.shapes.iter().map(|(id, (_, node))| (*id, *node));
        let lines = self.lines.iter().map(|(id, (_, node))| (*id, *node));
        for (id, node) in shapes.chain(lines).filter(|(id, _)| !exists(id)) {
            let message = format!("the diagram shows '{}', which is not there", shortened(id));
            complaints.warning(node, code::DIAGRAM_REFERENCE, message);
        }
    }
}

fn in_diagram<'n, 'a>(
    node: &'n Node<'a>,
    name: &'n str,
) -> impl Iterator<Item = &'n Node<'a>> + use<'n, 'a> {
    node.children
        .iter()
        .filter(move |child| child.namespace == Namespace::Diagram && child.local() == name)
}

fn shape(node: &Node<'_>, complaints: &mut Complaints) -> Shape {
    let flag = |name| node.attribute(name).map(|_| node.flag(name, false));
    Shape {
        bounds: bounds(node, complaints),
        label: label(node, complaints),
        is_expanded: flag("isExpanded"),
        is_horizontal: flag("isHorizontal"),
    }
}

fn line(node: &Node<'_>, complaints: &mut Complaints) -> Line {
    let waypoints = node
        .children
        .iter()
        .filter(|child| child.namespace == Namespace::Interchange && child.local() == "waypoint")
        .filter_map(|point| {
            Some(Point {
                x: number(point, "x", complaints)?,
                y: number(point, "y", complaints)?,
            })
        })
        .collect();
    Line {
        waypoints,
        label: label(node, complaints),
    }
}

fn label(node: &Node<'_>, complaints: &mut Complaints) -> Option<Bounds> {
    let label = in_diagram(node, "BPMNLabel").next()?;
    bounds(label, complaints)
}

fn bounds(node: &Node<'_>, complaints: &mut Complaints) -> Option<Bounds> {
    let bounds = node
        .children
        .iter()
        .find(|child| child.namespace == Namespace::Graphics && child.local() == "Bounds")?;
    Some(Bounds {
        x: number(bounds, "x", complaints)?,
        y: number(bounds, "y", complaints)?,
        width: number(bounds, "width", complaints)?,
        height: number(bounds, "height", complaints)?,
    })
}

fn number(node: &Node<'_>, name: &str, complaints: &mut Complaints) -> Option<f64> {
    let text = node.attribute(name).unwrap_or_default().trim();
    match text.parse::<f64>() {
        Ok(number) if number.is_finite() => Some(number),
        _ => {
            let message = format!("the coordinate {name} '{}' is no number", shortened(text));
            complaints.warning(node, code::DIAGRAM_COORDINATE, message);
            None
        }
    }
}
