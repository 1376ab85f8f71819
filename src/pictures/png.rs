//! SVG to pixels. Owns the limits of a raster. Must never read a font or a picture from the machine that it runs on: the
//! same diagram is the same bytes everywhere.

use super::PictureError;
use super::fonts::{self, FAMILY};
use super::scene::Scene;
use resvg::{tiny_skia, usvg};

/// Longest edge of a picture in pixels.
const EDGE: f64 = 8192.0;
/// Most pixels of a picture: four bytes each while it is drawn.
const PIXELS: f64 = 16.0 * 1024.0 * 1024.0;
/// Most pixels painted in all, shape over shape: well below a second's work.
const PAINTED: f64 = 256.0 * 1024.0 * 1024.0;

/// How much smaller than one to one a picture has to be.
fn scale(scene: &Scene) -> f64 {
    let edge = (EDGE / scene.width).min(EDGE / scene.height);
    let pixels = (PIXELS / (scene.width * scene.height)).sqrt();
    let painted = (PAINTED / scene.painted.max(1.0)).sqrt();
    edge.min(pixels).min(painted).min(1.0)
}

/// Rasterises the SVG text of a scene.
pub fn render(scene: &Scene, svg: &str) -> Result<Vec<u8>, PictureError> {
    let options = usvg::Options {
        font_family: FAMILY.to_owned(),
        fontdb: fonts::database(),
        ..usvg::Options::default()
    };
    let raster = |error: String| PictureError::Raster(error);
    let tree = usvg::Tree::from_str(svg, &options).map_err(|error| raster(error.to_string()))?;
    let scale = scale(scene);
    // The limits keep both far below what the type holds.
    let pixels = |length: f64| (length * scale).floor().max(1.0) as u32;
    let mut pixmap = tiny_skia::Pixmap::new(pixels(scene.width), pixels(scene.height))
        .ok_or_else(|| raster("no memory for its pixels".to_owned()))?;
    let transform = tiny_skia::Transform::from_scale(scale as f32, scale as f32);
    resvg::render(&tree, transform, &mut pixmap.as_mut());
    pixmap
        .encode_png()
        .map_err(|error| raster(error.to_string()))
}
