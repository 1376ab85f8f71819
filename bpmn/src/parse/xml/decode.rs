//! Bytes to text by byte order mark or declared encoding.
//! Never: replaces what it cannot decode; damaged text is refused.

use super::{MAX_BYTES, XmlError};
use crate::diagnostic::code;
use encoding_rs::{Encoding, UTF_8};
use std::borrow::Cow;

/// The declaration stands at the very beginning; an encoding named later is not one.
const DECLARATION_BYTES: usize = 256;

/// Decodes a model; without mark and declaration it is UTF-8.
pub(in crate::parse) fn decode(bytes: &[u8]) -> Result<Cow<'_, str>, XmlError> {
    if bytes.len() > MAX_BYTES {
        let message = format!("the model is larger than {MAX_BYTES} bytes");
        return Err(refused(code::XML_LIMIT, message));
    }
    let (encoding, bytes) = match Encoding::for_bom(bytes) {
        Some((encoding, length)) => (encoding, &bytes[length..]),
        None => (declared(bytes)?, bytes),
    };
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .ok_or_else(|| {
            let message = format!("the text is not {}", encoding.name());
            refused(code::XML_ENCODING, message)
        })
}

fn declared(bytes: &[u8]) -> Result<&'static Encoding, XmlError> {
    let head = &bytes[..bytes.len().min(DECLARATION_BYTES)];
    if !head.starts_with(b"<?xml") {
        return Ok(UTF_8);
    }
    let head = String::from_utf8_lossy(head);
    let declaration = head.split("?>").next().unwrap_or_default();
    let Some((_, rest)) = declaration.split_once("encoding") else {
        return Ok(UTF_8);
    };
    let value = rest.trim_start().trim_start_matches('=').trim_start();
    let label = match value.chars().next() {
        Some(quote @ ('"' | '\'')) => value[1..].split(quote).next().unwrap_or_default(),
        _ => "",
    };
    match Encoding::for_label(label.as_bytes()) {
        // The declaration was readable byte by byte, so it is no UTF-16, whatever it says.
        Some(encoding) if encoding.is_ascii_compatible() => Ok(encoding),
        Some(_) => Ok(UTF_8),
        None => Err(refused(
            code::XML_ENCODING,
            format!("the encoding '{label}' is not known"),
        )),
    }
}

fn refused(code: &'static str, message: String) -> XmlError {
    XmlError {
        line: 1,
        column: 1,
        code,
        message,
    }
}
