//! Answers as JSON: camelCase, without nulls, written by hand into one buffer; and the fields that every resource has.
//!
//! Owns: how ids, instants, labels and eTags look. Never: builds a tree of values, or writes null.

use crate::api::json::{push_number, push_text};
use codec::instant;
use org::Guid;
use rpa::{
    argument::{Argument, Source, SourcedArgument},
    terms::{Label, Meta},
};
use std::fmt::Write as _;

/// An object that is being written. Names need no escaping.
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

    /// `}`
    pub fn end(self) {
        self.out.push('}');
    }

    /// The name of a member; its value is to be written into what is returned.
    pub fn name(&mut self, name: &'static str) -> &mut String {
        if !std::mem::take(&mut self.first) {
            self.out.push(',');
        }
        self.out.push('"');
        self.out.push_str(name);
        self.out.push_str("\":");
        self.out
    }

    /// Text.
    pub fn text(&mut self, name: &'static str, value: &str) {
        push_text(value, self.name(name));
    }

    /// Text, or nothing.
    pub fn maybe_text(&mut self, name: &'static str, value: Option<&str>) {
        if let Some(value) = value {
            self.text(name, value);
        }
    }

    /// An id.
    pub fn id(&mut self, name: &'static str, id: impl AnyGuid) {
        push_id(id, self.name(name));
    }

    /// An id, or nothing.
    pub fn maybe_id(&mut self, name: &'static str, id: Option<impl AnyGuid>) {
        if let Some(id) = id {
            self.id(name, id);
        }
    }

    /// Ids.
    pub fn ids(&mut self, name: &'static str, ids: impl IntoIterator<Item = impl AnyGuid>) {
        array(self.name(name), ids, push_id);
    }

    /// An instant, from milliseconds since 1970.
    pub fn instant(&mut self, name: &'static str, ms: i64) {
        let out = self.name(name);
        out.push('"');
        instant::push_rfc3339(ms, out);
        out.push('"');
    }

    /// An instant, or nothing.
    pub fn maybe_instant(&mut self, name: &'static str, ms: Option<i64>) {
        if let Some(ms) = ms {
            self.instant(name, ms);
        }
    }

    /// A whole number.
    pub fn number(&mut self, name: &'static str, number: i64) {
        push_number(number, self.name(name));
    }

    /// A whole number, or nothing.
    pub fn maybe_number(&mut self, name: &'static str, number: Option<i64>) {
        if let Some(number) = number {
            self.number(name, number);
        }
    }

    /// How many.
    pub fn count(&mut self, name: &'static str, count: usize) {
        self.number(name, i64::try_from(count).unwrap_or(i64::MAX));
    }

    /// A boolean.
    pub fn boolean(&mut self, name: &'static str, truth: bool) {
        self.name(name)
            .push_str(if truth { "true" } else { "false" });
    }

    /// A boolean, or nothing.
    pub fn maybe_boolean(&mut self, name: &'static str, truth: Option<bool>) {
        if let Some(truth) = truth {
            self.boolean(name, truth);
        }
    }

    /// An array of texts.
    pub fn texts<T: AsRef<str>>(&mut self, name: &'static str, texts: impl IntoIterator<Item = T>) {
        array(self.name(name), texts, |text, out| {
            push_text(text.as_ref(), out);
        });
    }

    /// An object of texts by key.
    pub fn pairs<K: AsRef<str>, V: AsRef<str>>(
        &mut self,
        name: &'static str,
        pairs: impl IntoIterator<Item = (K, V)>,
    ) {
        let out = self.name(name);
        out.push('{');
        for (n, (key, value)) in pairs.into_iter().enumerate() {
            if n > 0 {
                out.push(',');
            }
            push_text(key.as_ref(), out);
            out.push(':');
            push_text(value.as_ref(), out);
        }
        out.push('}');
    }

    /// An array of whatever `push` writes.
    pub fn list<T>(
        &mut self,
        name: &'static str,
        items: impl IntoIterator<Item = T>,
        push: impl FnMut(T, &mut String),
    ) {
        array(self.name(name), items, push);
    }

    /// Name, description, tags, properties.
    pub fn label(&mut self, label: &Label) {
        self.text("name", &label.name);
        self.maybe_text("description", label.description.as_deref());
        self.texts("tags", &label.tags);
        let properties = label.properties.iter();
        self.pairs("properties", properties.map(|(key, value)| (key, value)));
    }

    /// Company, department, makers, eTag, and what kind of resource it is below its department.
    pub fn meta(&mut self, resource_type: &str, company: Guid, meta: &Meta) {
        self.place(resource_type, company, meta.department);
        self.stamp("createdAt", "createdBy", "createdByName", &meta.created);
        if let Some(modified) = &meta.modified {
            self.stamp("modifiedAt", "modifiedBy", "modifiedByName", modified);
        }
        self.text("eTag", &meta.etag());
    }

    /// Company and department of a resource, under their names of both generations.
    pub fn place(&mut self, resource_type: &str, company: Guid, department: rpa::Guid) {
        self.id("companyId", company);
        self.id("departmentId", department);
        self.id("tenantId", company);
        self.id("resourceGroupId", department);
        self.text("resourceType", resource_type);
        self.text("parentResourceType", "Department");
        self.id("parentId", department);
    }

    /// When and by whom.
    pub fn stamp(
        &mut self,
        at: &'static str,
        by: &'static str,
        by_name: &'static str,
        stamp: &rpa::terms::Stamp,
    ) {
        self.instant(at, stamp.at_ms);
        self.id(by, stamp.by);
        self.text(by_name, &stamp.by_name);
    }

    /// What `org` keeps of its things: notes, makers, eTag. The name is another field there.
    pub fn common(&mut self, common: &org::Common) {
        self.maybe_text("description", common.description.as_deref());
        self.texts("tags", &common.tags);
        self.pairs("properties", &common.properties);
        let stamp = |stamp: &org::Stamp| rpa::terms::Stamp {
            at_ms: stamp.at_ms,
            by: rpa::Guid(stamp.by.0),
            by_name: stamp.by_name.clone(),
        };
        self.stamp(
            "createdAt",
            "createdBy",
            "createdByName",
            &stamp(&common.created),
        );
        if let Some(modified) = &common.modified {
            self.stamp(
                "modifiedAt",
                "modifiedBy",
                "modifiedByName",
                &stamp(modified),
            );
        }
        self.text("eTag", &common.revision.to_string());
    }

    /// Arguments.
    pub fn arguments<'a>(
        &mut self,
        name: &'static str,
        arguments: impl IntoIterator<Item = &'a Argument>,
    ) {
        self.list(name, arguments, |argument, out| {
            push_argument(argument, None, out);
        });
    }

    /// Arguments that say where their values come from.
    pub fn sourced_arguments<'a>(
        &mut self,
        name: &'static str,
        arguments: impl IntoIterator<Item = &'a SourcedArgument>,
    ) {
        self.list(name, arguments, |sourced, out| {
            push_argument(&sourced.argument, Some(sourced.source), out);
        });
    }
}

/// `[…]`
pub fn array<T>(
    out: &mut String,
    items: impl IntoIterator<Item = T>,
    mut push: impl FnMut(T, &mut String),
) {
    out.push('[');
    for (n, item) in items.into_iter().enumerate() {
        if n > 0 {
            out.push(',');
        }
        push(item, out);
    }
    out.push(']');
}

fn push_argument(argument: &Argument, source: Option<Source>, out: &mut String) {
    let mut object = Object::begin(out);
    object.text("name", &argument.name);
    object.text("type", &argument.type_name);
    object.text("shortType", argument.short_type());
    object.text("direction", argument.direction.name());
    object.maybe_text("defaultValue", argument.value.as_deref());
    object.maybe_boolean("allowEdit", argument.allow_edit);
    if let Some(source) = source {
        let source = match source {
            Source::Value => "value",
            Source::Previous => "previous",
        };
        object.text("source", source);
    }
    if let Some(asset) = &argument.asset {
        let mut content = Object::begin(object.name("assetContent"));
        content.text("name", &asset.name);
        content.maybe_text("description", asset.description.as_deref());
        content.boolean("isRequiredEncryption", asset.is_required_encryption);
        content.end();
    }
    object.end();
}

/// An id of either crate.
pub trait AnyGuid {
    /// Its 128 bits.
    fn bits(&self) -> u128;
}

impl AnyGuid for Guid {
    fn bits(&self) -> u128 {
        self.0
    }
}

impl AnyGuid for rpa::Guid {
    fn bits(&self) -> u128 {
        self.0
    }
}

impl<T: AnyGuid> AnyGuid for &T {
    fn bits(&self) -> u128 {
        (*self).bits()
    }
}

fn push_id(id: impl AnyGuid, out: &mut String) {
    // Writing to a string cannot fail.
    let _ = write!(out, "\"{}\"", rpa::Guid(id.bits()));
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_absent_is_left_out_and_the_rest_is_json() {
        let mut out = String::new();
        let mut object = Object::begin(&mut out);
        object.maybe_text("a", None);
        object.text("b", "\"\n任务");
        object.maybe_id("c", None::<Guid>);
        object.id("d", rpa::Guid(0xabc));
        object.instant("e", 1_659_096_829_775);
        object.ids("f", [Guid(1)]);
        object.pairs("g", [("k", "v")]);
        object.texts("h", &[] as &[String]);
        object.end();
        let expected = "{\"b\":\"\\\"\\n任务\",\"d\":\"00000000-0000-0000-0000-000000000abc\",\
             \"e\":\"2022-07-29T12:13:49.775Z\",\"f\":[\"00000000-0000-0000-0000-000000000001\"],\
             \"g\":{\"k\":\"v\"},\"h\":[]}";
        assert_eq!(out, expected);
    }
}
