//! XML as a tree: names with their namespaces resolved, attributes, text, and the place of every element.
//!
//! Owns: well-formedness, encodings, and the bounds on size, depth and numbers; time and memory are linear in the input.
//! Never: knows what an element means, reads a DOCTYPE, or expands an entity that XML does not define itself.
//!
//! ```text
//!  bytes ── decode ──▶ text ── build ──▶ Node ─┬─ attributes
//!                                              ├─ text, CDATA included
//!                                              └─ children
//! ```

use std::borrow::Cow;

mod build;
mod decode;

pub(super) use build::build;
pub(super) use decode::decode;

/// The largest model, in bytes. The largest seen among 1,907 real ones had 149 KB.
pub(super) const MAX_BYTES: usize = 16 << 20;
/// The deepest nesting; readers recurse along it.
pub(super) const MAX_DEPTH: usize = 256;
/// The most elements: at some 200 bytes each, the tree stays below 50 MB.
pub(super) const MAX_ELEMENTS: usize = 200_000;
/// The most attributes of one element.
pub(super) const MAX_ATTRIBUTES: usize = 1_000;
/// The most attributes of the whole model.
pub(super) const MAX_TOTAL_ATTRIBUTES: usize = 1_000_000;

/// The namespaces that mean something here.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Namespace {
    /// None at all, as attributes without a prefix have.
    Empty,
    /// BPMN 2.0's model.
    Bpmn,
    /// Its diagrams.
    Diagram,
    /// Bounds.
    Graphics,
    /// Waypoints.
    Interchange,
    /// Activiti's extensions, under its own name, Flowable's or Camunda's.
    Extension,
    /// Anything else.
    Other,
}

impl Namespace {
    fn named(uri: &str) -> Namespace {
        match uri {
            "" => Namespace::Empty,
            "http://www.omg.org/spec/BPMN/20100524/MODEL" => Namespace::Bpmn,
            "http://www.omg.org/spec/BPMN/20100524/DI" => Namespace::Diagram,
            "http://www.omg.org/spec/DD/20100524/DC" => Namespace::Graphics,
            "http://www.omg.org/spec/DD/20100524/DI" => Namespace::Interchange,
            "http://activiti.org/bpmn"
            | "http://flowable.org/bpmn"
            | "http://camunda.org/schema/1.0/bpmn" => Namespace::Extension,
            _ => Namespace::Other,
        }
    }
}

/// Why a text is not XML that is read here; always refused.
#[derive(Debug)]
pub(super) struct XmlError {
    /// Line, from 1.
    pub line: u32,
    /// Column in characters, from 1.
    pub column: u32,
    /// One of `diagnostic::code`.
    pub code: &'static str,
    /// For people.
    pub message: String,
}

/// An attribute; `xmlns` declarations are not among them.
pub(super) struct Attribute<'a> {
    /// Its namespace: `Empty` without a prefix.
    pub namespace: Namespace,
    /// Its name as written, prefix included.
    pub name: &'a str,
    /// Its value, normalised.
    pub value: Cow<'a, str>,
}

/// An element.
pub(super) struct Node<'a> {
    /// Its namespace.
    pub namespace: Namespace,
    /// Its name as written, prefix included.
    pub name: &'a str,
    /// Its attributes as written.
    pub attributes: Vec<Attribute<'a>>,
    /// Its elements as written.
    pub children: Vec<Node<'a>>,
    /// Its own text, CDATA included, that of its elements not.
    pub text: String,
    /// Line of the tag, from 1.
    pub line: u32,
    /// Column of the tag in characters, from 1.
    pub column: u32,
}

/// The part of a name behind its prefix.
pub(super) fn local(name: &str) -> &str {
    name.split_once(':').map_or(name, |(_, local)| local)
}

impl<'a> Node<'a> {
    /// Its name without the prefix.
    pub fn local(&self) -> &'a str {
        local(self.name)
    }

    /// Whether it is this element of BPMN.
    pub fn is(&self, name: &str) -> bool {
        self.namespace == Namespace::Bpmn && self.local() == name
    }

    /// An attribute without namespace, empty or not.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.find(Namespace::Empty, name)
    }

    /// An attribute without namespace that says something.
    pub fn given(&self, name: &str) -> Option<&str> {
        self.attribute(name).filter(|value| !value.is_empty())
    }

    /// An attribute of Activiti's that says something.
    pub fn extension(&self, name: &str) -> Option<&str> {
        self.find(Namespace::Extension, name)
            .filter(|value| !value.is_empty())
    }

    /// A boolean attribute without namespace.
    pub fn flag(&self, name: &str, default: bool) -> bool {
        truth(self.attribute(name), default)
    }

    /// A boolean attribute of Activiti's.
    pub fn extension_flag(&self, name: &str, default: bool) -> bool {
        truth(self.extension(name), default)
    }

    /// Its elements of BPMN with this name.
    pub fn all<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node<'a>> {
        self.children.iter().filter(move |child| child.is(name))
    }

    /// The first of them.
    pub fn first(&self, name: &str) -> Option<&Node<'a>> {
        self.children.iter().find(|child| child.is(name))
    }

    /// The text of the first of them, trimmed, when there is any.
    pub fn first_text(&self, name: &str) -> Option<&str> {
        self.first(name)
            .map(|child| child.text.trim())
            .filter(|text| !text.is_empty())
    }

    /// Activiti's extension elements with this name.
    pub fn extensions<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node<'a>> {
        self.all("extensionElements")
            .flat_map(|list| list.children.iter())
            .filter(move |child| child.namespace == Namespace::Extension && child.local() == name)
    }

    /// Children in Activiti's namespace with this name.
    pub fn extension_children<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'n Node<'a>> {
        self.children
            .iter()
            .filter(move |child| child.namespace == Namespace::Extension && child.local() == name)
    }

    fn find(&self, namespace: Namespace, name: &str) -> Option<&str> {
        self.attributes
            .iter()
            .find(|attribute| attribute.namespace == namespace && local(attribute.name) == name)
            .map(|attribute| &*attribute.value)
    }
}

fn truth(text: Option<&str>, default: bool) -> bool {
    match text.map(str::trim) {
        None | Some("") => default,
        Some(text) => text.eq_ignore_ascii_case("true") || text == "1",
    }
}
