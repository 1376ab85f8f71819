//! Uploads: multipart bodies and zip archives.
//!
//! Owns: their bytes. Never: corrects what a test wants to be wrong.

use super::http::Request;
use std::io::{Cursor, Write};
use zip::{ZipWriter, write::SimpleFileOptions};

const BOUNDARY: &str = "----loomwork-test-boundary-7d1f";

/// One part of a multipart body.
#[derive(Clone, Debug)]
pub struct Part<'a> {
    /// The field's name.
    pub name: &'a str,
    /// The file's name; none: not a file.
    pub file_name: Option<&'a str>,
    /// The content type; none: the part says nothing.
    pub content_type: Option<&'a str>,
    /// The content.
    pub content: &'a [u8],
}

impl<'a> Part<'a> {
    /// The part `file` as most clients send a model.
    pub fn model(file_name: &'a str, content: &'a [u8]) -> Part<'a> {
        Part {
            name: "file",
            file_name: Some(file_name),
            content_type: Some("text/xml"),
            content,
        }
    }
}

/// A POST of these parts.
pub fn multipart(path: &str, parts: &[Part]) -> Request {
    let mut body = Vec::new();
    for part in parts {
        let mut head = format!(
            "--{BOUNDARY}\r\nContent-Disposition: form-data; name=\"{}\"",
            part.name
        );
        if let Some(name) = part.file_name {
            head.push_str(&format!("; filename=\"{name}\""));
        }
        head.push_str("\r\n");
        if let Some(kind) = part.content_type {
            head.push_str(&format!("Content-Type: {kind}\r\n"));
        }
        head.push_str("\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(part.content);
        body.extend_from_slice(b"\r\n");
    }
    body.extend_from_slice(format!("--{BOUNDARY}--\r\n").as_bytes());
    Request::post(path).body(&format!("multipart/form-data; boundary={BOUNDARY}"), body)
}

/// A zip archive of these entries; a name that ends in `/` is a directory.
pub fn zip_of(entries: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in entries {
        let options = SimpleFileOptions::default();
        let added = if name.ends_with('/') {
            writer.add_directory(*name, options)
        } else {
            writer
                .start_file(*name, options)
                .and_then(|()| Ok(writer.write_all(content)?))
        };
        added.unwrap_or_else(|error| panic!("zip entry {name}: {error}"));
    }
    match writer.finish() {
        Ok(bytes) => bytes.into_inner(),
        Err(error) => panic!("zip: {error}"),
    }
}
