//! SVG to pixels. Owns the limits of a raster. Must never hold more of its pixels than a band of rows, nor read a font
//! or a picture from the machine that it runs on.
//!
//! ```text
//! SVG ──▶ pieces: some elements each ──▶ tile: those that reach into it ──▶ band: tiles side by side ──▶ PNG
//! ```

use super::PictureError;
use super::fonts::{self, FAMILY};
use super::scene::Scene;
use super::svg;
use png::{BitDepth, ColorType, Compression, Encoder, EncodingError};
use resvg::tiny_skia::{Pixmap, PremultipliedColorU8, Rect, Transform};
use resvg::usvg;
use std::io::Write;

/// How large a picture may be; past it the picture is drawn smaller.
#[derive(Clone, Copy, Debug)]
pub struct Limits {
    /// Most pixels of a picture.
    pub pixels: f64,
    /// Most pixels painted in all, shape over shape.
    pub painted: f64,
}

/// Some seconds of work.
pub const LIMITS: Limits = Limits {
    pixels: 400e6,
    painted: 1_200e6,
};

/// Above this many pixels a picture takes long; those that are drawn at once must be few.
pub const LARGE: f64 = 16e6;
/// Pixels of a band, four bytes each.
const BAND: u32 = 16 * 1024 * 1024;
/// Widest tile in pixels: the rasteriser draws every shape again for each 8191 of a wider one.
const TILE: u32 = 8_000;
/// Elements of a piece: pieces are what a tile skips.
const PIECE: usize = 32;
/// Pixels around a shape that smoothing its edges may touch.
const SMOOTHED: f32 = 2.0;
/// Bytes of the file in a chunk.
const CHUNK: usize = 64 * 1024;

/// A picture that is measured, and not drawn yet.
pub struct Raster {
    svg: String,
    width: u32,
    height: u32,
    scale: f32,
}

impl Raster {
    /// Measures the SVG text of a scene.
    pub fn of(scene: &Scene, svg: String, limits: Limits) -> Self {
        let pixels = (limits.pixels / (scene.width * scene.height)).sqrt();
        let painted = (limits.painted / scene.painted.max(1.0)).sqrt();
        let scale = pixels.min(painted).min(1.0);
        // A scene is not wider than the type holds.
        let pixels = |length: f64| (length * scale).floor().max(1.0) as u32;
        Self {
            width: pixels(scene.width),
            height: pixels(scene.height),
            scale: scale as f32,
            svg,
        }
    }

    /// Width and height in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.width, self.height)
    }

    /// The PNG.
    pub fn draw(&self) -> Result<Vec<u8>, PictureError> {
        let pieces = self.pieces()?;
        self.encode(&pieces)
            .map_err(|error| raster(error.to_string()))
    }

    fn pieces(&self) -> Result<Vec<Piece>, PictureError> {
        let options = usvg::Options {
            font_family: FAMILY.to_owned(),
            fontdb: fonts::database(),
            ..usvg::Options::default()
        };
        let pieces = svg::pieces(&self.svg, PIECE).map(|text| {
            let tree = usvg::Tree::from_str(&text, &options);
            let tree = tree.map_err(|error| raster(error.to_string()))?;
            let reach = tree.root().abs_layer_bounding_box().to_rect();
            Ok(Piece { tree, reach })
        });
        pieces.collect()
    }

    fn encode(&self, pieces: &[Piece]) -> Result<Vec<u8>, EncodingError> {
        let mut png = Vec::new();
        let mut encoder = Encoder::new(&mut png, self.width, self.height);
        encoder.set_color(ColorType::Rgba);
        encoder.set_depth(BitDepth::Eight);
        if f64::from(self.width) * f64::from(self.height) > LARGE {
            encoder.set_compression(Compression::Fastest);
        }
        let mut writer = encoder.write_header()?;
        let mut rows = writer.stream_writer_with_size(CHUNK)?;
        let step = (BAND / self.width).clamp(1, self.height);
        for top in (0..self.height).step_by(step as usize) {
            let height = step.min(self.height - top);
            rows.write_all(&self.band(pieces, top, height)?)?;
        }
        rows.finish()?;
        writer.finish()?;
        Ok(png)
    }

    /// The bytes of some rows.
    fn band(&self, pieces: &[Piece], top: u32, height: u32) -> std::io::Result<Vec<u8>> {
        let pitch = self.width as usize * 4;
        let mut band = vec![0; pitch * height as usize];
        for left in (0..self.width).step_by(TILE as usize) {
            let width = TILE.min(self.width - left);
            let Some(tile) = self.tile(pieces, (left, top), (width, height))? else {
                continue;
            };
            let rows = tile.pixels().chunks_exact(width as usize);
            for (row, line) in rows.zip(band.chunks_exact_mut(pitch)) {
                straighten(row, &mut line[left as usize * 4..]);
            }
        }
        Ok(band)
    }

    /// A part of the picture; nothing when no piece reaches into it.
    fn tile(
        &self,
        pieces: &[Piece],
        (left, top): (u32, u32),
        (width, height): (u32, u32),
    ) -> std::io::Result<Option<Pixmap>> {
        let (x, y) = (left as f32, top as f32);
        let within = |piece: &&Piece| {
            let reach = piece.reach;
            let meets = |from: f32, to: f32, start: f32, length: u32| {
                from * self.scale - SMOOTHED < start + length as f32
                    && to * self.scale + SMOOTHED > start
            };
            meets(reach.left(), reach.right(), x, width)
                && meets(reach.top(), reach.bottom(), y, height)
        };
        let mut reaching = pieces.iter().filter(within).peekable();
        if reaching.peek().is_none() {
            return Ok(None);
        }
        let mut tile = Pixmap::new(width, height).ok_or(std::io::ErrorKind::OutOfMemory)?;
        let place = Transform::from_row(self.scale, 0.0, 0.0, self.scale, -x, -y);
        for piece in reaching {
            resvg::render(&piece.tree, place, &mut tile.as_mut());
        }
        Ok(Some(tile))
    }
}

/// Some elements, ready to be drawn.
struct Piece {
    tree: usvg::Tree,
    /// Where they lie, lines included.
    reach: Rect,
}

fn raster(error: String) -> PictureError {
    PictureError::Raster(error)
}

/// Writes pixels as PNG has them: colours not multiplied by their opacity.
fn straighten(pixels: &[PremultipliedColorU8], bytes: &mut [u8]) {
    for (pixel, bytes) in pixels.iter().zip(bytes.chunks_exact_mut(4)) {
        // Most of a picture is empty: it is so already.
        if pixel.alpha() > 0 {
            let colour = pixel.demultiply();
            bytes.copy_from_slice(&[colour.red(), colour.green(), colour.blue(), colour.alpha()]);
        }
    }
}
