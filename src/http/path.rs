//! Percent-decoding, and the parameters that a route's pattern takes out of a path. Owns the rule that an encoded
//! slash never splits a segment; must never touch dots or case.

use std::borrow::Cow;

use hyper::Uri;
use smallvec::SmallVec;

use super::Fault;

/// Stands for an encoded slash while a decoded path is matched; an encoded NUL is refused, so it is free.
const SLASH: u8 = 0;

/// The values of a matched pattern's parameters, decoded.
#[derive(Clone, Debug)]
pub struct Params {
    text: Text,
    values: SmallVec<[(&'static str, u32, u32); 4]>,
}

#[derive(Clone, Debug)]
enum Text {
    /// Nothing was encoded: the values lie in the target itself.
    Raw(Uri),
    Decoded(Box<str>),
}

impl Params {
    /// The value of the pattern's `{name}`; empty when the pattern has no such parameter, which is a bug of the table.
    pub fn get(&self, name: &str) -> &str {
        let found = self.values.iter().find(|(key, ..)| *key == name);
        debug_assert!(found.is_some(), "the route's pattern has no {{{name}}}");
        found.map_or("", |(_, start, end)| {
            &self.text()[*start as usize..*end as usize]
        })
    }

    fn text(&self) -> &str {
        match &self.text {
            Text::Raw(uri) => uri.path(),
            Text::Decoded(text) => text,
        }
    }

    /// `places` are those of the values in `path`, which is `decoded(uri.path())`.
    pub(super) fn new(
        uri: &Uri,
        path: &str,
        names: &[&'static str],
        places: impl Iterator<Item = (u32, u32)>,
    ) -> Self {
        let named = names.iter().zip(places);
        let values = named
            .map(|(name, (start, end))| (*name, start, end))
            .collect();
        let text = if std::ptr::eq(path, uri.path()) {
            Text::Raw(uri.clone())
        } else {
            Text::Decoded(restored(path))
        };
        Self { text, values }
    }
}

/// Where slices of a text lie in it. Lower-case letters lie where the upper-case ones did.
pub(super) fn places<'m>(
    text: &'m str,
    slices: impl Iterator<Item = &'m str>,
) -> impl Iterator<Item = (u32, u32)> {
    let base = text.as_ptr() as usize;
    slices.map(move |slice| {
        let start = slice.as_ptr() as usize - base;
        (start as u32, (start + slice.len()) as u32)
    })
}

/// The path with every segment decoded, for matching: an encoded slash is left as a placeholder.
pub(super) fn decoded(raw: &str) -> Result<Cow<'_, str>, Fault> {
    if !raw.as_bytes().contains(&b'%') {
        return Ok(Cow::Borrowed(raw));
    }
    let mut bytes = Vec::with_capacity(raw.len());
    for (index, segment) in raw.split('/').enumerate() {
        if index > 0 {
            bytes.push(b'/');
        }
        let start = bytes.len();
        decode(segment.as_bytes(), false, &mut bytes)?;
        if bytes[start..].contains(&SLASH) {
            return Err(Fault::malformed("the path has an encoded NUL"));
        }
        for byte in &mut bytes[start..] {
            if *byte == b'/' {
                *byte = SLASH;
            }
        }
    }
    String::from_utf8(bytes)
        .map(Cow::Owned)
        .map_err(|_| Fault::malformed("the path is not valid UTF-8"))
}

/// A decoded path's text with the placeholders turned back into slashes; same length.
pub(super) fn restored(decoded: &str) -> Box<str> {
    decoded.replace(char::from(SLASH), "/").into_boxed_str()
}

/// Appends `encoded` decoded to `out`; `plus` also turns `+` into a space.
pub(super) fn decode(encoded: &[u8], plus: bool, out: &mut Vec<u8>) -> Result<(), Fault> {
    let mut rest = encoded.iter();
    while let Some(byte) = rest.next() {
        out.push(match byte {
            b'%' => match (rest.next().and_then(hex), rest.next().and_then(hex)) {
                (Some(high), Some(low)) => high << 4 | low,
                _ => return Err(Fault::malformed("malformed percent-encoding")),
            },
            b'+' if plus => b' ',
            other => *other,
        });
    }
    Ok(())
}

fn hex(byte: &u8) -> Option<u8> {
    char::from(*byte)
        .to_digit(16)
        .and_then(|digit| u8::try_from(digit).ok())
}
