//! JSON written by hand into one buffer: answers are small, many, and measured against an echo.
//!
//! Owns: escaping, ids, instants and variables as text. Never: builds a tree of values.

use base64::{Engine as _, engine::general_purpose::STANDARD};
use codec::{Id, RootId, Value, instant};
use std::{fmt::Write as _, ops::Range};

/// A member's name as it is written, comma, quotes and colon around it, in one piece; and with null. Made by `key!`.
#[derive(Clone, Copy)]
pub struct Key {
    name: &'static str,
    null: &'static str,
}

impl Key {
    /// Of `,"name":` and `,"name":null`.
    pub const fn of(name: &'static str, null: &'static str) -> Self {
        Key { name, null }
    }
}

/// A member's name: `key!("id")`.
macro_rules! key {
    ($name:literal) => {
        $crate::api::json::Key::of(
            concat!(",\"", $name, "\":"),
            concat!(",\"", $name, "\":null"),
        )
    };
}
pub(crate) use key;

/// An object that is being written.
pub struct Object<'o> {
    out: &'o mut String,
    first: bool,
}

impl<'o> Object<'o> {
    /// `{`
    pub fn begin(out: &'o mut String) -> Self {
        out.push('{');
        Object { out, first: true }
    }

    /// One that has members already.
    pub fn go_on(out: &'o mut String) -> Self {
        Object { out, first: false }
    }

    /// `}`
    pub fn end(self) {
        self.out.push('}');
    }

    /// The name of a member; its value is to be written into what is returned.
    #[inline(always)]
    pub fn name(&mut self, name: Key) -> &mut String {
        // The first member has no comma before it. Inlined, the lengths are constants and the copies a few moves.
        if std::mem::take(&mut self.first) {
            self.out.push_str(&name.name[1..]);
        } else {
            self.out.push_str(name.name);
        }
        self.out
    }

    /// Members that are JSON already, each behind its comma.
    pub fn members(&mut self, members: &str) {
        self.out.push_str(members);
    }

    /// Members that `push` writes; where they lie in the output, the comma before them with them.
    #[inline(always)]
    pub fn noted(&mut self, push: impl FnOnce(&mut Self)) -> Range<usize> {
        let start = self.out.len();
        push(self);
        start..self.out.len()
    }

    /// Text.
    #[inline(always)]
    pub fn text(&mut self, name: Key, value: &str) {
        push_text(value, self.name(name));
    }

    /// Text or null.
    #[inline(always)]
    pub fn optional_text(&mut self, name: Key, value: Option<&str>) {
        match value {
            Some(value) => self.text(name, value),
            None => self.null(name),
        }
    }

    /// An id.
    #[inline(always)]
    pub fn id(&mut self, name: Key, id: Id) {
        let out = self.name(name);
        out.push('"');
        push_id(id, out);
        out.push('"');
    }

    /// An id inside a root whose text is at hand; where that text begins in the output.
    #[inline(always)]
    pub fn id_in(&mut self, name: Key, root: &RootText, number: u32) -> usize {
        let out = self.name(name);
        out.push('"');
        let start = out.len();
        root.push(number, out);
        out.push('"');
        start
    }

    /// An id or null.
    #[inline(always)]
    pub fn optional_id(&mut self, name: Key, id: Option<Id>) {
        match id {
            Some(id) => self.id(name, id),
            None => self.null(name),
        }
    }

    /// An instant, from milliseconds since 1970; where its text lies in the output.
    #[inline(always)]
    pub fn instant(&mut self, name: Key, ms: i64) -> Range<usize> {
        let out = self.name(name);
        out.push('"');
        let start = out.len();
        instant::push_rfc3339(ms, out);
        let text = start..out.len();
        out.push('"');
        text
    }

    /// An instant or null; where the instant's text lies in the output.
    #[inline(always)]
    pub fn optional_instant(&mut self, name: Key, ms: Option<i64>) -> Option<Range<usize>> {
        if ms.is_none() {
            self.null(name);
        }
        ms.map(|ms| self.instant(name, ms))
    }

    /// A whole number.
    #[inline(always)]
    pub fn number(&mut self, name: Key, number: i64) {
        push_number(number, self.name(name));
    }

    /// A whole number or null.
    #[inline(always)]
    pub fn optional_number(&mut self, name: Key, number: Option<i64>) {
        match number {
            Some(number) => self.number(name, number),
            None => self.null(name),
        }
    }

    /// A boolean.
    #[inline(always)]
    pub fn boolean(&mut self, name: Key, truth: bool) {
        self.name(name)
            .push_str(if truth { "true" } else { "false" });
    }

    /// Null.
    #[inline(always)]
    pub fn null(&mut self, name: Key) {
        if std::mem::take(&mut self.first) {
            self.out.push_str(&name.null[1..]);
        } else {
            self.out.push_str(name.null);
        }
    }
}

/// A whole number.
pub fn push_number(number: i64, out: &mut String) {
    out.push_str(itoa::Buffer::new().format(number));
}

/// A string with its quotes.
pub fn push_text(text: &str, out: &mut String) {
    out.push('"');
    if is_plain(text.as_bytes()) {
        out.push_str(text);
    } else {
        for character in text.chars() {
            push_escaped(character, out);
        }
    }
    out.push('"');
}

/// Whether no byte needs escaping; eight at a time, as most texts are a few words long.
fn is_plain(bytes: &[u8]) -> bool {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    const HIGH: u64 = ONES << 7;
    // The high bit of some byte is set when one is below `bound`, which is at most 0x80; bytes from 0x80 on never are.
    let below = |word: u64, bound: u64| word.wrapping_sub(ONES * bound) & !word & HIGH;
    let special = |word: u64| {
        let quote = below(word ^ (ONES * u64::from(b'"')), 1);
        let backslash = below(word ^ (ONES * u64::from(b'\\')), 1);
        below(word, 0x20) | quote | backslash
    };
    let (words, rest) = bytes.as_chunks::<8>();
    let mut last = [b' '; 8];
    last[..rest.len()].copy_from_slice(rest);
    let found = words.iter().chain([&last]);
    found.fold(0, |all, word| all | special(u64::from_ne_bytes(*word))) == 0
}

fn push_escaped(character: char, out: &mut String) {
    match character {
        '"' => out.push_str("\\\""),
        '\\' => out.push_str("\\\\"),
        '\n' => out.push_str("\\n"),
        '\r' => out.push_str("\\r"),
        '\t' => out.push_str("\\t"),
        control if (control as u32) < 0x20 => {
            // Writing to a string cannot fail.
            let _ = write!(out, "\\u{:04x}", control as u32);
        }
        other => out.push(other),
    }
}

/// An id as `Display` gives it, faster.
pub fn push_id(id: Id, out: &mut String) {
    RootText::of(id.root).push(id.number, out);
}

/// A root's id as text, for rows with several ids of one root. Aligned, as text is checked by words.
#[repr(align(16))]
pub struct RootText(pub [u8; 32]);

impl RootText {
    /// Of a root.
    pub fn of(root: RootId) -> Self {
        let mut text = [0; 32];
        for (n, digits) in text.as_chunks_mut().0.iter_mut().enumerate() {
            *digits = hex((root.0 >> (96 - 32 * n)) as u32);
        }
        RootText(text)
    }

    fn push(&self, number: u32, out: &mut String) {
        // Digits are always text.
        out.push_str(std::str::from_utf8(&self.0).unwrap_or_default());
        if number > 0 {
            out.push('-');
            push_number(i64::from(number), out);
        }
    }
}

/// Eight digits at once: each half of a byte gets a byte of its own, and what is above 9 becomes a letter.
fn hex(number: u32) -> [u8; 8] {
    const ONES: u64 = u64::from_ne_bytes([1; 8]);
    let spread = u64::from(number);
    let spread = (spread | spread << 16) & 0x0000_ffff_0000_ffff;
    let spread = (spread | spread << 8) & 0x00ff_00ff_00ff_00ff;
    let spread = (spread | spread << 4) & 0x0f0f_0f0f_0f0f_0f0f;
    let letters = ((spread + ONES * 6) >> 4) & ONES;
    (spread + ONES * u64::from(b'0') + letters * u64::from(b'a' - b'0' - 10)).to_be_bytes()
}

/// Variables as one object.
pub fn push_variables(variables: &[(String, Value)], out: &mut String) {
    out.push('{');
    for (n, (name, value)) in variables.iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push_text(name, out);
        out.push(':');
        push_value(value, out);
    }
    out.push('}');
}

/// A value; dates and bytes are typed.
pub fn push_value(value: &Value, out: &mut String) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(true) => out.push_str("true"),
        Value::Bool(false) => out.push_str("false"),
        Value::Int(number) => push_number(*number, out),
        Value::BigInt(digits) => out.push_str(digits),
        // A value never holds a double that is not finite, so this is JSON.
        Value::Double(number) => {
            let _ = write!(out, "{number:?}");
        }
        Value::String(text) => push_text(text, out),
        Value::Date(ms) => {
            out.push_str("{\"type\":\"date\",\"value\":\"");
            instant::push_rfc3339(*ms, out);
            out.push_str("\"}");
        }
        Value::Bytes(bytes) => {
            out.push_str("{\"type\":\"bytes\",\"value\":\"");
            STANDARD.encode_string(bytes, out);
            out.push_str("\"}");
        }
        Value::List(items) => {
            out.push('[');
            for (n, item) in items.iter().enumerate() {
                if n > 0 {
                    out.push(',');
                }
                push_value(item, out);
            }
            out.push(']');
        }
        Value::Map(entries) => push_variables(entries, out),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_written_as_the_codec_writes_them() {
        let rows = [
            Value::Null,
            Value::Bool(false),
            Value::Int(-7),
            Value::BigInt("123456789012345678901234567890".into()),
            Value::Double(1e21),
            Value::Double(0.1),
            Value::from("a\"b\\c\n\t\r\u{1}\u{7f}é任务"),
            Value::Date(1_779_345_012_345),
            Value::Bytes(vec![1, 2, 255]),
            Value::List(vec![
                Value::Null,
                Value::Map(vec![("k\"".into(), Value::Int(1))]),
            ]),
        ];
        for value in rows {
            let mut out = String::new();
            push_value(&value, &mut out);
            let read: serde_json::Value = serde_json::from_str(&out).expect(&out);
            let back = codec::json::from_json(read).expect(&out);
            assert_eq!(back, value, "{out}");
        }
    }

    #[test]
    fn every_byte_that_needs_escaping_is_found_wherever_it_stands() {
        for length in 1..=20 {
            for (place, byte) in (0..length).flat_map(|place| (0..=255).map(move |b| (place, b))) {
                for around in [b' ', 0xff] {
                    let mut bytes = vec![around; length];
                    bytes[place] = byte;
                    let plain = byte >= 0x20 && byte != b'"' && byte != b'\\';
                    assert_eq!(is_plain(&bytes), plain, "{byte} at {place} of {length}");
                }
            }
        }
        assert!(is_plain(b""));
    }

    #[test]
    fn ids_are_written_as_they_are_displayed() {
        let root = RootId(0x0198_c1c2_e3f4_7a5b_8c6d_9e0f_1a2b_3c4d);
        for id in [root.instance(), root.child(1), root.child(u32::MAX)] {
            let mut out = String::new();
            push_id(id, &mut out);
            assert_eq!(out, id.to_string());
        }
    }
}
