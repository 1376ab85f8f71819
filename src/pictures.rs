//! Pictures of processes: one renderer makes SVG text, and PNG is that SVG in pixels.
//!
//! ```text
//! Diagram ──▶ scene: checked, laid out where geometry is missing, shifted ──▶ svg ──▶ raster: measured ──▶ png
//! ```
//!
//! Owns how a process looks. Must never know the engine: callers fill in the plain data of `model`. Neither
//! coordinates nor names are trusted: time and memory are bounded for any diagram.

mod fonts;
mod geometry;
mod layout;
mod model;
mod png;
mod scene;
mod svg;
mod text;
mod tree;

#[cfg(test)]
mod tests;

pub use layout::layout;
pub use model::{
    Bounds, Condition, Definition, Diagram, Edge, EdgeKind, GatewayKind, Highlight, Lane, Mode,
    Node, NodeKind, Point, Position, Repetition, SubProcessKind, TaskKind,
};

/// Why there is no picture.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum PictureError {
    /// A coordinate is infinite or not a number.
    #[error("the geometry of {element} is not finite")]
    NotFinite {
        /// The id of the element.
        element: String,
    },
    /// The diagram has more parts than a picture can show.
    #[error("{count} nodes, flows and waypoints are more than the {limit} that a picture shows")]
    TooManyElements {
        /// How many it has.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// The rasteriser refused what the renderer wrote.
    #[error("the picture cannot be rasterised: {0}")]
    Raster(String),
}

/// The diagram as SVG, with what `highlight` emphasises. What has no geometry is laid out first.
///
/// # Errors
/// When a coordinate is not finite or the diagram has too many elements.
pub fn svg(diagram: &Diagram, highlight: &Highlight) -> Result<String, PictureError> {
    Ok(svg::render(&scene::Scene::of(diagram)?, highlight))
}

/// The diagram with what `highlight` emphasises, ready to become a PNG: one pixel for each unit, on a transparent
/// background. Pictures past the limits of `png` are drawn smaller.
///
/// # Errors
/// As for [`svg`].
pub fn raster(diagram: &Diagram, highlight: &Highlight) -> Result<Raster, PictureError> {
    raster_within(diagram, highlight, png::LIMITS)
}

fn raster_within(
    diagram: &Diagram,
    highlight: &Highlight,
    limits: png::Limits,
) -> Result<Raster, PictureError> {
    let scene = scene::Scene::of(diagram)?;
    let svg = svg::render(&scene, highlight);
    Ok(Raster(png::Raster::of(&scene, svg, limits)))
}

/// A picture that is measured, and not drawn yet.
pub struct Raster(png::Raster);

impl Raster {
    /// Whether drawing it takes seconds and much memory.
    pub fn is_large(&self) -> bool {
        let (width, height) = self.0.size();
        f64::from(width) * f64::from(height) > png::LARGE
    }

    /// Draws it.
    ///
    /// # Errors
    /// When the rasteriser refuses the picture.
    pub fn png(&self) -> Result<Vec<u8>, PictureError> {
        self.0.draw()
    }
}
