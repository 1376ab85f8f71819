//! The SVG text as it grows. Owns number format, pens and text placement. Must never write a name unescaped.

use super::super::model::{Bounds, Point};
use super::super::text;
use super::icons::Ink;
use std::fmt;

/// Characters of names per picture: past it names are left out, since each glyph costs a path in PNG.
const CHARACTERS: usize = 50_000;

/// Size of names within activities, in pixels.
pub const NAME: f64 = 11.0;
/// Size of labels, in pixels.
pub const LABEL: f64 = 10.0;
/// Distance between lines of text, as a multiple of its size.
const LEADING: f64 = 1.28;
/// The colour of labels.
const LABEL_COLOUR: &str = "#7092be";

/// A number with at most two decimals.
#[derive(Clone, Copy)]
pub struct N(pub f64);

impl fmt::Display for N {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Adding zero turns minus zero into zero.
        let rounded = (self.0 * 100.0).round() / 100.0 + 0.0;
        write!(out, "{rounded}")
    }
}

/// How a shape is drawn.
#[derive(Clone, Copy)]
pub struct Pen {
    /// Colour of the line.
    pub line: &'static str,
    /// Width of the line in pixels.
    pub width: f64,
    /// What fills it.
    pub fill: &'static str,
    /// Lengths of dashes and gaps; empty: solid.
    pub dash: &'static str,
}

impl Pen {
    /// A solid line.
    pub fn new(line: &'static str, width: f64, fill: &'static str) -> Self {
        Self {
            line,
            width,
            fill,
            dash: "",
        }
    }

    /// The same pen, dashed.
    pub fn dashed(self, dash: &'static str) -> Self {
        Self { dash, ..self }
    }

    /// The same pen without a fill.
    pub fn unfilled(self) -> Self {
        Self {
            fill: "none",
            ..self
        }
    }
}

/// Where text stands.
#[derive(Clone, Copy)]
pub enum Anchor {
    /// It begins there.
    Start,
    /// Its middle is there.
    Middle,
}

/// The SVG text.
pub struct Canvas {
    out: String,
    dashes: bool,
    characters: usize,
}

impl Canvas {
    /// An empty picture.
    pub fn new(dashes: bool) -> Self {
        Self {
            out: String::new(),
            dashes,
            characters: CHARACTERS,
        }
    }

    /// The text written.
    pub fn finish(self) -> String {
        self.out
    }

    /// Appends markup. Must not be given names or ids.
    pub fn put(&mut self, markup: fmt::Arguments<'_>) {
        // Writing into a String cannot fail.
        let _ = fmt::Write::write_fmt(&mut self.out, markup);
    }

    /// Opens a group that carries an element's id, so that a page can find it.
    pub fn open(&mut self, class: &str, id: &str) {
        self.put(format_args!(r#"<g class="{class}" data-element="#));
        self.out.push('"');
        text::escape(&mut self.out, id);
        self.out.push_str("\">");
    }

    /// Closes the last group, and with it an element.
    pub fn close(&mut self) {
        self.out.push_str("</g>");
        self.end_line();
    }

    /// Ends an element: each has a line of its own.
    pub fn end_line(&mut self) {
        self.out.push('\n');
    }

    fn pen(&mut self, pen: Pen) {
        let Pen {
            line,
            width,
            fill,
            dash,
        } = pen;
        self.put(format_args!(
            r#" fill="{fill}" stroke="{line}" stroke-width="{}""#,
            N(width)
        ));
        if self.dashes && !dash.is_empty() {
            self.put(format_args!(r#" stroke-dasharray="{dash}""#));
        }
        self.out.push_str("/>");
    }

    /// A rectangle with rounded corners.
    pub fn rectangle(&mut self, bounds: Bounds, radius: f64, pen: Pen) {
        let Bounds {
            x,
            y,
            width,
            height,
        } = bounds;
        let (x, y, width, height) = (N(x), N(y), N(width), N(height));
        self.put(format_args!(
            r#"<rect x="{x}" y="{y}" width="{width}" height="{height}""#
        ));
        if radius > 0.0 {
            self.put(format_args!(r#" rx="{}""#, N(radius)));
        }
        self.pen(pen);
    }

    /// The ellipse that fills `bounds`, made smaller by `inset` on each side.
    pub fn ellipse(&mut self, bounds: Bounds, inset: f64, pen: Pen) {
        let center = bounds.center();
        let (rx, ry) = (bounds.width / 2.0 - inset, bounds.height / 2.0 - inset);
        self.put(format_args!(
            r#"<ellipse cx="{}" cy="{}" rx="{}" ry="{}""#,
            N(center.x),
            N(center.y),
            N(rx.max(0.5)),
            N(ry.max(0.5))
        ));
        self.pen(pen);
    }

    /// A polygon through the points.
    pub fn polygon(&mut self, points: &[Point], pen: Pen) {
        self.out.push_str("<polygon points=\"");
        for point in points {
            self.put(format_args!("{},{} ", N(point.x), N(point.y)));
        }
        self.out.truncate(self.out.trim_end().len());
        self.out.push('"');
        self.pen(pen);
    }

    /// A line given as path data.
    pub fn path(&mut self, data: &str, pen: Pen) {
        self.put(format_args!(r#"<path d="{data}""#));
        self.pen(pen);
    }

    /// An icon of `icons` with its top left corner there, `scale` times its 16 pixels.
    pub fn icon(&mut self, icon: &str, ink: Ink, at: Point, scale: f64, line: &str) {
        let fill = match ink {
            Ink::Outlined => "none",
            Ink::Filled => line,
        };
        let width = match ink {
            Ink::Outlined => 1.0,
            Ink::Filled => 0.3,
        };
        self.put(format_args!(
            r#"<g transform="translate({} {}) scale({})" fill="{fill}" stroke="{line}" stroke-width="{}" stroke-linejoin="round">"#,
            N(at.x),
            N(at.y),
            N(scale),
            N(width)
        ));
        self.out.push_str(&icon.replace("{line}", line));
        self.out.push_str("</g>");
    }

    /// Lines of text below one another, their block centred at `middle` from top to bottom.
    pub fn lines(&mut self, lines: &[String], middle: Point, anchor: Anchor, style: TextStyle) {
        let (size, attributes) = style.parts();
        let first = middle.y - (lines.len() as f64 - 1.0) / 2.0 * size * LEADING + size * 0.36;
        for (number, line) in lines.iter().enumerate() {
            let characters = line.chars().count();
            if characters > self.characters {
                return;
            }
            self.characters -= characters;
            let y = first + number as f64 * size * LEADING;
            let anchor = match anchor {
                Anchor::Start => "",
                Anchor::Middle => r#" text-anchor="middle""#,
            };
            self.put(format_args!(
                r#"<text x="{}" y="{}" font-size="{}"{anchor} {attributes}>"#,
                N(middle.x),
                N(y),
                N(size)
            ));
            text::escape(&mut self.out, line);
            self.out.push_str("</text>");
        }
    }

    /// The full name for those who point at the element; for names that did not fit.
    pub fn title(&mut self, name: &str) {
        self.out.push_str("<title>");
        text::escape(&mut self.out, name);
        self.out.push_str("</title>");
    }
}

/// Which text it is.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum TextStyle {
    /// The name of an activity or a pool.
    Name,
    /// The name of anything else.
    Label,
    /// A remark.
    Remark,
}

impl TextStyle {
    fn parts(self) -> (f64, String) {
        match self {
            Self::Name => (NAME, r##"fill="#000" font-weight="bold""##.to_owned()),
            Self::Label => (
                LABEL,
                format!(r#"fill="{LABEL_COLOUR}" font-style="italic""#),
            ),
            Self::Remark => (NAME, r##"fill="#000""##.to_owned()),
        }
    }

    /// The size of the text in pixels.
    pub fn size(self) -> f64 {
        match self {
            Self::Name | Self::Remark => NAME,
            Self::Label => LABEL,
        }
    }

    /// The height of a line in pixels.
    pub fn line_height(self) -> f64 {
        self.size() * LEADING
    }
}
