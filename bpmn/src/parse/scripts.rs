//! Scripts of script tasks and script listeners, and which languages run here.
//! Never: parses JavaScript; it is checked when it runs.

use super::{complaints::shortened, process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{Kind, Script, ScriptLanguage, ScriptTask},
};
use std::sync::Arc;

/// `scriptTask`.
pub(super) fn task(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Kind> {
    let language = language(reader, node, node.given("scriptFormat").unwrap_or("juel"));
    let source = node.first("script").map(|script| script.text.as_str());
    let Some(source) = source.filter(|text| !text.trim().is_empty()) else {
        let message = "a script task needs a script";
        reader.complaints.error(node, code::MISSING_SCRIPT, message);
        return None;
    };
    let result = node
        .extension("resultVariable")
        .or(node.extension("resultVariableName"));
    let mut script = build(reader, node, language?, source);
    script.result_variable = result.map(str::to_owned);
    script.auto_store_variables = node.extension_flag("autoStoreVariables", false);
    Some(Kind::ScriptTask(Box::new(ScriptTask {
        script: Arc::new(script),
    })))
}

/// A script listener: its fields `script`, `language` and `resultVariable`.
pub(super) fn listener(reader: &mut ProcessReader<'_, '_>, node: &Node<'_>) -> Option<Script> {
    let (Some(source), Some(named)) = (field(node, "script"), field(node, "language")) else {
        let message = "a script listener needs the fields 'script' and 'language'";
        reader.complaints.error(node, code::MISSING_SCRIPT, message);
        return None;
    };
    let language = language(reader, node, named.trim())?;
    let mut script = build(reader, node, language, source);
    script.result_variable = field(node, "resultVariable").map(|name| name.trim().to_owned());
    Some(script)
}

/// The text of `activiti:field`, in whichever of its four forms.
fn field<'n>(node: &'n Node<'_>, name: &str) -> Option<&'n str> {
    let field = node
        .extension_children("field")
        .find(|field| field.attribute("name") == Some(name))?;
    field_text(field)
}

/// The text of one `activiti:field`.
pub(super) fn field_text<'n>(field: &'n Node<'_>) -> Option<&'n str> {
    let nested = |name| {
        let child = field.children.iter().find(|child| child.local() == name)?;
        Some(child.text.as_str())
    };
    field
        .given("stringValue")
        .or_else(|| field.given("expression"))
        .or_else(|| nested("string"))
        .or_else(|| nested("expression"))
        .filter(|text| !text.trim().is_empty())
}

fn build(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    language: ScriptLanguage,
    source: &str,
) -> Script {
    let juel = match language {
        ScriptLanguage::Juel => Some(reader.script(node, source)),
        ScriptLanguage::JavaScript => {
            reader.has_scripts = true;
            None
        }
    };
    Script {
        language,
        source: source.to_owned(),
        juel,
        result_variable: None,
        auto_store_variables: false,
    }
}

fn language(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
    name: &str,
) -> Option<ScriptLanguage> {
    match name {
        "juel" => Some(ScriptLanguage::Juel),
        // The names of Java's own engine.
        "javascript" | "JavaScript" | "ecmascript" | "ECMAScript" | "js" | "JS" | "nashorn"
        | "Nashorn" => Some(ScriptLanguage::JavaScript),
        other => {
            let message = format!(
                "scripts in '{}' cannot run here; 'javascript' and 'juel' can",
                shortened(other)
            );
            reader
                .complaints
                .error(node, code::SCRIPT_LANGUAGE, message);
            None
        }
    }
}
