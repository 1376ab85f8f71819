//! The arguments that an entry's XAML declares: the fallback where `arguments.json` has none.
//!
//! Owns: `x:Members` and the literal defaults beside it. Never: understands the rest of the workflow.
//!
//! ```text
//!  <x:Members><x:Property Name="a" Type="InArgument(x:Int32)"/></x:Members>
//!  <this:Main.a><InArgument x:TypeArguments="x:Int32"><Literal>1</Literal></InArgument></this:Main.a>
//! ```

use crate::{argument::Argument, terms::Direction};
use quick_xml::{
    Reader,
    events::{BytesStart, Event},
};

/// Depth of the elements: far above real workflows.
const DEPTH: usize = 512;

/// The declared arguments with their literal defaults; the error says what is wrong with the XML.
pub(super) fn arguments(text: &str) -> Result<Vec<Argument>, String> {
    let mut reader = Reader::from_str(text);
    let mut arguments: Vec<Argument> = Vec::new();
    let mut path: Vec<String> = Vec::new();
    let mut literal = String::new();
    loop {
        match reader.read_event().map_err(|error| error.to_string())? {
            Event::Start(element) => {
                declare(&element, &path, &mut arguments)?;
                path.push(local(&element));
                literal.clear();
                if path.len() > DEPTH {
                    return Err("it is nested too deeply".to_owned());
                }
            }
            Event::Empty(element) => {
                declare(&element, &path, &mut arguments)?;
                if local(&element) == "Literal"
                    && let Some(value) = attribute(&element, "Value")?
                {
                    set_default(&path, &value, &mut arguments);
                }
            }
            Event::Text(found) => literal.push_str(&found),
            Event::CData(found) => literal.push_str(&found),
            Event::GeneralRef(found) => {
                let text = quick_xml::escape::unescape(&format!("&{};", &*found))
                    .map_err(|error| error.to_string())?
                    .into_owned();
                literal.push_str(&text);
            }
            Event::End(_) => {
                if path.pop().is_some_and(|name| name == "Literal") {
                    set_default(&path, literal.trim(), &mut arguments);
                }
            }
            Event::DocType(_) => return Err("it has a DOCTYPE".to_owned()),
            Event::Eof if path.is_empty() => return Ok(arguments),
            Event::Eof => return Err("it ends early".to_owned()),
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
        }
    }
}

fn local(element: &BytesStart<'_>) -> String {
    element.local_name().as_ref().to_owned()
}

fn attribute(element: &BytesStart<'_>, name: &str) -> Result<Option<String>, String> {
    for found in element.attributes() {
        let found = found.map_err(|error| error.to_string())?;
        if found.key.as_ref() == name {
            let value = quick_xml::escape::unescape(&found.value);
            let value = value.map_err(|error| error.to_string())?;
            return Ok(Some(value.into_owned()));
        }
    }
    Ok(None)
}

/// Takes a `Property` of the `Members` over, if it is an argument.
fn declare(
    element: &BytesStart<'_>,
    path: &[String],
    arguments: &mut Vec<Argument>,
) -> Result<(), String> {
    if local(element) != "Property" || path.last().is_none_or(|name| name != "Members") {
        return Ok(());
    }
    let (Some(name), Some(kind)) = (attribute(element, "Name")?, attribute(element, "Type")?)
    else {
        return Ok(());
    };
    let Some((direction, inner)) = kind.split_once('(') else {
        return Ok(());
    };
    let direction = match direction {
        "InArgument" => Direction::In,
        "OutArgument" => Direction::Out,
        "InOutArgument" => Direction::InOut,
        _ => return Ok(()),
    };
    let inner = inner.strip_suffix(')').unwrap_or(inner);
    arguments.push(Argument::new(name, type_name(inner), direction));
    Ok(())
}

/// `x:Int32` is `System.Int32`; other prefixes stand for namespaces that only the type's name is kept of.
fn type_name(text: &str) -> String {
    match text.split_once(':') {
        Some(("x", name)) if name != "Object" => format!("System.{name}"),
        Some((_, name)) => name.to_owned(),
        None => text.to_owned(),
    }
}

/// The value belongs to the argument whose `Class.argument` element is around it.
fn set_default(path: &[String], value: &str, arguments: &mut [Argument]) {
    let [.., owner, holder] = path else {
        return;
    };
    let holds = ["InArgument", "InOutArgument"].contains(&holder.as_str());
    let Some((_, name)) = owner.split_once('.').filter(|_| holds) else {
        return;
    };
    if let Some(argument) = arguments.iter_mut().find(|argument| argument.name == name) {
        argument.value = Some(value.to_owned());
    }
}
