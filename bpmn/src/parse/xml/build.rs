//! Text to tree, in one pass.
//! Never: recurses; depth is a number here.

use super::{
    Attribute, MAX_ATTRIBUTES, MAX_DEPTH, MAX_ELEMENTS, MAX_TOTAL_ATTRIBUTES, Namespace, Node,
    XmlError,
};
use crate::diagnostic::code;
use quick_xml::{
    Reader, XmlVersion,
    escape::resolve_predefined_entity,
    events::{BytesRef, BytesStart, Event},
};
use std::{
    borrow::Cow,
    collections::{BTreeMap, BTreeSet},
};

/// Reads a document: its root element.
pub(in crate::parse) fn build(text: &str) -> Result<Node<'_>, XmlError> {
    let mut builder = Builder::new();
    let mut reader = Reader::from_str(text);
    loop {
        let begin = offset(reader.buffer_position());
        let event = reader.read_event();
        builder.place.advance(text, begin);
        match event {
            Ok(Event::Eof) => return builder.finish(),
            Ok(event) => builder.take(event, &text[begin..])?,
            Err(error) => {
                builder.place.advance(text, offset(reader.error_position()));
                return Err(builder.error(code::XML_SYNTAX, error.to_string()));
            }
        }
    }
}

fn offset(position: u64) -> usize {
    usize::try_from(position).unwrap_or(usize::MAX)
}

/// Line and column of an offset that only grows, so that all of them together cost one pass.
struct Place {
    offset: usize,
    line: u32,
    column: u32,
}

impl Place {
    fn advance(&mut self, text: &str, offset: usize) {
        let end = offset.min(text.len());
        for byte in &text.as_bytes()[self.offset.min(end)..end] {
            match byte {
                b'\n' => {
                    self.line += 1;
                    self.column = 1;
                }
                // Bytes that continue a character are not counted.
                0x80..=0xBF => {}
                _ => self.column += 1,
            }
        }
        self.offset = self.offset.max(end);
    }
}

struct Builder<'a> {
    place: Place,
    open: Vec<Open<'a>>,
    root: Option<Node<'a>>,
    elements: usize,
    attributes: usize,
    /// What each prefix means, innermost last.
    bindings: BTreeMap<&'a str, Vec<Namespace>>,
}

/// An element whose end tag has not come, and the prefixes it declares.
struct Open<'a> {
    node: Node<'a>,
    prefixes: Vec<&'a str>,
}

impl<'a> Builder<'a> {
    fn new() -> Self {
        Builder {
            place: Place {
                offset: 0,
                line: 1,
                column: 1,
            },
            open: Vec::new(),
            root: None,
            elements: 0,
            attributes: 0,
            bindings: BTreeMap::from([("xml", vec![Namespace::Other])]),
        }
    }

    fn error(&self, code: &'static str, message: impl Into<String>) -> XmlError {
        XmlError {
            line: self.place.line,
            column: self.place.column,
            code,
            message: message.into(),
        }
    }

    /// `rest` is the document from the event's first byte on; names are borrowed from it.
    fn take(&mut self, event: Event<'a>, rest: &'a str) -> Result<(), XmlError> {
        match event {
            Event::Start(tag) => self.start(&tag, rest),
            Event::Empty(tag) => {
                self.start(&tag, rest)?;
                self.end();
                Ok(())
            }
            Event::End(_) => {
                self.end();
                Ok(())
            }
            Event::Text(text) => self.text(&text.xml10_content()),
            Event::CData(text) => self.text(&text.xml10_content()),
            Event::GeneralRef(reference) => self.reference(&reference),
            Event::DocType(_) => {
                Err(self.error(code::XML_DOCTYPE, "a DOCTYPE is not allowed in a model"))
            }
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => Ok(()),
            // The caller's loop ends with it.
            Event::Eof => Ok(()),
        }
    }

    fn start(&mut self, tag: &BytesStart<'_>, rest: &'a str) -> Result<(), XmlError> {
        self.elements += 1;
        if self.elements > MAX_ELEMENTS {
            let message = format!("the model has more than {MAX_ELEMENTS} elements");
            return Err(self.error(code::XML_LIMIT, message));
        }
        if self.open.len() >= MAX_DEPTH {
            let message = format!("elements are nested deeper than {MAX_DEPTH}");
            return Err(self.error(code::XML_LIMIT, message));
        }
        if self.open.is_empty() && self.root.is_some() {
            return Err(self.error(code::XML_SYNTAX, "there is more than one root element"));
        }
        // The tag's text stands right behind its bracket: borrowed from the document, it outlives the event.
        let content = &rest[1..1 + tag.len()];
        let name = &content[..tag.name().as_ref().len()];
        let written = BytesStart::from_content(content, name.len());
        let raw = self.raw_attributes(&written, content)?;
        let prefixes = self.declare(&raw);
        let attributes = self.resolve_attributes(raw)?;
        let namespace = match name.split_once(':') {
            Some((prefix, _)) => self.lookup(prefix)?,
            None => self.binding("").unwrap_or(Namespace::Empty),
        };
        self.open.push(Open {
            node: Node {
                namespace,
                name,
                attributes,
                children: Vec::new(),
                text: String::new(),
                line: self.place.line,
                column: self.place.column,
            },
            prefixes,
        });
        Ok(())
    }

    fn raw_attributes(
        &mut self,
        tag: &BytesStart<'_>,
        content: &'a str,
    ) -> Result<Vec<(&'a str, Cow<'a, str>)>, XmlError> {
        let mut list = Vec::new();
        let mut names = BTreeSet::new();
        // Its own check for duplicates compares each with each.
        for attribute in tag.attributes().with_checks(false) {
            let attribute =
                attribute.map_err(|error| self.error(code::XML_SYNTAX, error.to_string()))?;
            self.attributes += 1;
            if list.len() >= MAX_ATTRIBUTES || self.attributes > MAX_TOTAL_ATTRIBUTES {
                let message = format!(
                    "more than {MAX_ATTRIBUTES} attributes in an element or {MAX_TOTAL_ATTRIBUTES} in the model"
                );
                return Err(self.error(code::XML_LIMIT, message));
            }
            let key = attribute.key.into_inner();
            let name = within(content, key).unwrap_or_default();
            if !names.insert(name) {
                let message = format!("the attribute '{key}' is there twice");
                return Err(self.error(code::XML_SYNTAX, message));
            }
            if attribute.value.contains('<') {
                let message = format!("'<' in the value of attribute '{key}'");
                return Err(self.error(code::XML_SYNTAX, message));
            }
            let value = attribute
                .normalized_value(XmlVersion::Explicit1_0)
                .map_err(|error| self.error(code::XML_ENTITY, error.to_string()))?;
            let value = match within(content, &value) {
                Some(text) => Cow::Borrowed(text),
                None => Cow::Owned(value.into_owned()),
            };
            self.check_characters(&value)?;
            list.push((name, value));
        }
        Ok(list)
    }

    /// Puts the element's `xmlns` declarations in force; returns the prefixes.
    fn declare(&mut self, raw: &[(&'a str, Cow<'a, str>)]) -> Vec<&'a str> {
        let mut prefixes = Vec::new();
        for (name, value) in raw {
            let prefix = match *name {
                "xmlns" => "",
                name => match name.strip_prefix("xmlns:") {
                    Some(prefix) => prefix,
                    None => continue,
                },
            };
            let namespace = Namespace::named(value.trim());
            self.bindings.entry(prefix).or_default().push(namespace);
            prefixes.push(prefix);
        }
        prefixes
    }

    fn resolve_attributes(
        &self,
        raw: Vec<(&'a str, Cow<'a, str>)>,
    ) -> Result<Vec<Attribute<'a>>, XmlError> {
        raw.into_iter()
            .filter(|(name, _)| *name != "xmlns" && !name.starts_with("xmlns:"))
            .map(|(name, value)| {
                let namespace = match name.split_once(':') {
                    Some((prefix, _)) => self.lookup(prefix)?,
                    None => Namespace::Empty,
                };
                Ok(Attribute {
                    namespace,
                    name,
                    value,
                })
            })
            .collect()
    }

    fn binding(&self, prefix: &str) -> Option<Namespace> {
        self.bindings.get(prefix)?.last().copied()
    }

    fn lookup(&self, prefix: &str) -> Result<Namespace, XmlError> {
        self.binding(prefix).ok_or_else(|| {
            let message = format!("no xmlns declares the prefix '{prefix}'");
            self.error(code::XML_PREFIX, message)
        })
    }

    fn end(&mut self) {
        let Some(Open { mut node, prefixes }) = self.open.pop() else {
            return;
        };
        for prefix in prefixes {
            if let Some(meanings) = self.bindings.get_mut(prefix) {
                meanings.pop();
            }
        }
        node.children.shrink_to_fit();
        match self.open.last_mut() {
            Some(parent) => parent.node.children.push(node),
            None => self.root = Some(node),
        }
    }

    fn text(&mut self, text: &str) -> Result<(), XmlError> {
        self.check_characters(text)?;
        match self.open.last_mut() {
            Some(open) => open.node.text.push_str(text),
            None if text.trim().is_empty() => {}
            None => {
                return Err(self.error(code::XML_SYNTAX, "text outside of the root element"));
            }
        }
        Ok(())
    }

    fn reference(&mut self, reference: &BytesRef<'_>) -> Result<(), XmlError> {
        let character = reference
            .resolve_char_ref()
            .map_err(|error| self.error(code::XML_SYNTAX, error.to_string()))?;
        if let Some(character) = character {
            return self.text(character.encode_utf8(&mut [0; 4]));
        }
        match resolve_predefined_entity(reference) {
            Some(text) => self.text(text),
            None => {
                let name: String = reference.chars().take(40).collect();
                let message = format!("the entity '&{name};' is not defined");
                Err(self.error(code::XML_ENTITY, message))
            }
        }
    }

    fn check_characters(&self, text: &str) -> Result<(), XmlError> {
        let forbidden = |byte: u8| byte < 0x20 && !matches!(byte, b'\t' | b'\n' | b'\r');
        match text.bytes().find(|byte| forbidden(*byte)) {
            None => Ok(()),
            Some(byte) => {
                let message = format!("the character U+{byte:04X} is not allowed in XML");
                Err(self.error(code::XML_SYNTAX, message))
            }
        }
    }

    fn finish(self) -> Result<Node<'a>, XmlError> {
        if let Some(open) = self.open.last() {
            let message = format!("the end tag of '{}' is missing", open.node.name);
            return Err(self.error(code::XML_SYNTAX, message));
        }
        match self.root {
            Some(root) => Ok(root),
            None => Err(self.error(code::XML_SYNTAX, "there is no element")),
        }
    }
}

/// The same text as a slice of the document, when that is where it lies.
fn within<'a>(document: &'a str, part: &str) -> Option<&'a str> {
    let begin = (part.as_ptr() as usize).checked_sub(document.as_ptr() as usize)?;
    document.get(begin..begin.checked_add(part.len())?)
}
