//! Reading a `.dgs` file: a zip with `project.json`, `arguments.json`, settings and an entry.
//!
//! Owns: what makes an archive acceptable at all, and which of its texts count. Nothing is unpacked here.
//! Never: opens a file; who calls it hands in bytes, or something that reads and seeks.
//!
//! ```text
//!  project.json           ProjectName, Version, Description, ProjectEntryItem
//!  arguments.json         {"Arguments": [{Name, Type, Direction, DefaultValue}]}; empty or absent: the entry's XAML
//!  .settings/setting.json RunAsAdmin
//! ```

use super::{Metadata, xaml};
use crate::{argument, argument::Argument, limits, terms::Direction};
use serde_json::{Map, Value as Json};
use std::{
    collections::BTreeSet,
    io::{self, Read, Seek},
};
use zip::{ZipArchive, result::ZipError};

/// Entries of an archive.
const ENTRIES: usize = 20_000;
/// Bytes of one of the texts that are read.
const TEXT_BYTES: u64 = 4 * 1024 * 1024;
/// Bytes of all entries unpacked: what one run may take on a robot's disk.
const UNPACKED_BYTES: u64 = 8 * 1024 * 1024 * 1024;
/// Below so many bytes unpacked, nobody asks how well they were packed.
const FREE_BYTES: u64 = 64 * 1024 * 1024;
/// The best packing that is no bomb: deflate reaches 1,032 on zeros, real projects stay below 20.
const RATIO: u64 = 100;
/// Bytes of an entry's name; longer ones cannot be written to usual disks.
const NAME_BYTES: usize = 1024;

/// Why a file is no package.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// It could not be read; this says nothing about the file.
    #[error("reading the package failed: {0}")]
    Io(io::Error),
    /// It is no zip archive, or a damaged one.
    #[error("the package is not a zip archive: {0}")]
    Archive(String),
    /// It has too much in it.
    #[error("the package is too large unpacked: {0}")]
    TooLarge(&'static str),
    /// An entry's name leads out of the package, or is none.
    #[error("the package has an entry with the improper name '{0}'")]
    Path(String),
    /// An entry is a link, a device or encrypted.
    #[error("the package's entry '{0}' is a link, a special file or encrypted")]
    Kind(String),
    /// Two entries have one name, or share bytes.
    #[error("the package's entries overlap")]
    Overlap,
    /// There is no `project.json`.
    #[error("the package has no project.json")]
    NoProject,
    /// A text is not what it should be.
    #[error("the package's {file} is malformed: {cause}")]
    Malformed {
        /// The entry.
        file: String,
        /// What is wrong.
        cause: String,
    },
}

impl Error {
    /// The stable name that APIs show.
    pub fn code(&self) -> &'static str {
        match self {
            Error::Io(_) => "io",
            Error::Archive(_) => "not-an-archive",
            Error::TooLarge(_) => "too-large-unpacked",
            Error::Path(_) => "improper-path",
            Error::Kind(_) => "improper-entry",
            Error::Overlap => "overlapping-entries",
            Error::NoProject => "no-project",
            Error::Malformed { .. } => "malformed",
        }
    }
}

impl From<ZipError> for Error {
    fn from(error: ZipError) -> Self {
        match error {
            // A cut archive is the archive's fault.
            ZipError::Io(error) if error.kind() != io::ErrorKind::UnexpectedEof => Error::Io(error),
            other => Error::Archive(other.to_string()),
        }
    }
}

/// Reads what a package says about itself, from its bytes.
pub fn read(bytes: &[u8]) -> Result<Metadata, Error> {
    read_from(io::Cursor::new(bytes))
}

/// Reads what a package says about itself, from anything that seeks.
pub fn read_from(reader: impl Read + Seek) -> Result<Metadata, Error> {
    let mut archive = ZipArchive::new(reader)?;
    check(&mut archive)?;
    let project = json(&mut archive, "project.json")?.ok_or(Error::NoProject)?;
    let mut metadata = project_metadata(&project)?;
    if let Some(json) = json(&mut archive, "arguments.json")? {
        metadata.arguments = arguments(&json)?;
    }
    if metadata.arguments.is_empty()
        && let Some(entry) = metadata.entry.clone()
        && entry.to_ascii_lowercase().ends_with(".xaml")
        && let Some(text) = text(&mut archive, &entry)?
    {
        metadata.arguments = xaml::arguments(&text).map_err(|cause| malformed(&entry, cause))?;
    }
    if let Some(fault) = argument::fault(&metadata.arguments) {
        return Err(malformed("arguments.json", fault));
    }
    if let Some(settings) = json(&mut archive, ".settings/setting.json")? {
        metadata.run_as_admin = run_as_admin(&settings);
    }
    Ok(metadata)
}

/// Whether the archive may be unpacked by anyone at all.
fn check<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(), Error> {
    if archive.len() > ENTRIES {
        return Err(Error::TooLarge("it has more than 20000 entries"));
    }
    if archive.has_duplicate_names() || archive.has_overlapping_entries()? {
        return Err(Error::Overlap);
    }
    let mut names = BTreeSet::new();
    let (mut packed, mut unpacked) = (0_u64, 0_u64);
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index)?;
        let raw = String::from_utf8_lossy(entry.name_raw()).into_owned();
        let name = entry
            .name()
            .map_err(|_| Error::Path(raw.clone()))?
            .into_owned();
        if !is_proper(&name) {
            return Err(Error::Path(name));
        }
        // The two upper digits of the mode are the kind of file: 0 is unknown, 04 a folder, 10 a file.
        let kind = entry.unix_mode().map_or(0, |mode| mode & 0o170_000);
        if entry.is_symlink() || entry.encrypted() || ![0, 0o040_000, 0o100_000].contains(&kind) {
            return Err(Error::Kind(name));
        }
        // Windows robots know no case.
        if !names.insert(name.trim_end_matches('/').to_lowercase()) {
            return Err(Error::Overlap);
        }
        packed = packed.saturating_add(entry.compressed_size());
        unpacked = unpacked.saturating_add(entry.size());
    }
    if unpacked > UNPACKED_BYTES {
        return Err(Error::TooLarge("it has more than 8 GiB"));
    }
    if unpacked > FREE_BYTES && unpacked / RATIO > packed {
        return Err(Error::TooLarge("it is packed suspiciously well"));
    }
    Ok(())
}

/// A relative path downwards that every system understands.
fn is_proper(name: &str) -> bool {
    let inner = name.strip_suffix('/').unwrap_or(name);
    !inner.is_empty()
        && name.len() <= NAME_BYTES
        && !name.contains(['\\', ':', '\0'])
        && !name.chars().any(char::is_control)
        && inner
            .split('/')
            .all(|part| !["", ".", ".."].contains(&part))
}

/// The text of an entry, found without regard to case; none when there is no such entry.
fn text<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Option<String>, Error> {
    let wanted = name.replace('\\', "/");
    let mut found = None;
    for index in 0..archive.len() {
        let entry = archive.by_index_data(index)?;
        let name = entry.name()?;
        if name.eq_ignore_ascii_case(&wanted) && entry.is_file() {
            found = Some(index);
        }
    }
    let Some(index) = found else {
        return Ok(None);
    };
    let mut bytes = Vec::new();
    let entry = archive.by_index(index)?;
    let read = entry.take(TEXT_BYTES + 1).read_to_end(&mut bytes);
    // What a damaged stream or a wrong checksum gives is not an error of the disk.
    read.map_err(|error| malformed(name, error.to_string()))?;
    if bytes.len() as u64 > TEXT_BYTES {
        return Err(Error::TooLarge("one of its texts has more than 4 MiB"));
    }
    let text = String::from_utf8(bytes).map_err(|_| malformed(name, "it is not UTF-8".into()))?;
    Ok(Some(text.trim_start_matches('\u{feff}').to_owned()))
}

fn json<R: Read + Seek>(archive: &mut ZipArchive<R>, name: &str) -> Result<Option<Json>, Error> {
    let Some(text) = text(archive, name)? else {
        return Ok(None);
    };
    let parsed = serde_json::from_str(&text);
    parsed
        .map(Some)
        .map_err(|error| malformed(name, error.to_string()))
}

fn malformed(file: &str, cause: String) -> Error {
    Error::Malformed {
        file: file.to_owned(),
        cause,
    }
}

/// A member, found without regard to case.
fn member<'a>(object: &'a Map<String, Json>, name: &str) -> Option<&'a Json> {
    let found = object
        .iter()
        .find(|(key, _)| key.eq_ignore_ascii_case(name));
    found
        .map(|(_, value)| value)
        .filter(|value| !value.is_null())
}

fn string(object: &Map<String, Json>, name: &str) -> Option<String> {
    let text = member(object, name)?.as_str()?.trim();
    (!text.is_empty()).then(|| text.to_owned())
}

fn project_metadata(json: &Json) -> Result<Metadata, Error> {
    let bad = |cause: &str| malformed("project.json", cause.to_owned());
    let project = json.as_object().ok_or_else(|| bad("it is no object"))?;
    let name = string(project, "ProjectName").ok_or_else(|| bad("it has no ProjectName"))?;
    let version = string(project, "Version").ok_or_else(|| bad("it has no Version"))?;
    if name.chars().count() > limits::NAME_CHARS || name.chars().any(char::is_control) {
        return Err(bad("its ProjectName is improper"));
    }
    if version.chars().count() > limits::NAME_CHARS || version.chars().any(char::is_control) {
        return Err(bad("its Version is improper"));
    }
    let description = string(project, "Description");
    Ok(Metadata {
        name,
        version,
        description: description.map(|text| text.chars().take(limits::TEXT_CHARS).collect()),
        entry: string(project, "ProjectEntryItem"),
        ..Metadata::default()
    })
}

fn arguments(json: &Json) -> Result<Vec<Argument>, Error> {
    let bad = |cause: String| malformed("arguments.json", cause);
    let list = match json {
        Json::Array(list) => Some(list),
        Json::Object(object) => member(object, "Arguments").and_then(Json::as_array),
        Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => None,
    };
    let Some(list) = list else {
        return Err(bad("it has no Arguments".to_owned()));
    };
    let mut arguments = Vec::with_capacity(list.len().min(limits::ARGUMENTS));
    for (at, json) in list.iter().enumerate() {
        let object = json.as_object();
        let argument = object.and_then(one_argument);
        arguments.push(argument.ok_or_else(|| bad(format!("argument {} is improper", at + 1)))?);
    }
    Ok(arguments)
}

fn one_argument(object: &Map<String, Json>) -> Option<Argument> {
    let direction = match member(object, "Direction") {
        Some(Json::String(text)) => Direction::read(text)?,
        Some(Json::Number(number)) => Direction::read(&number.to_string())?,
        Some(Json::Bool(_) | Json::Array(_) | Json::Object(_)) => return None,
        Some(Json::Null) | None => Direction::In,
    };
    let type_name = string(object, "Type").unwrap_or_else(|| "System.String".to_owned());
    let mut argument = Argument::new(string(object, "Name")?, type_name, direction);
    argument.value = member(object, "DefaultValue").and_then(|json| match json {
        Json::String(text) => Some(text.clone()),
        other => argument::to_text(&codec::json::from_plain_json(other.clone())),
    });
    argument.allow_edit = member(object, "AllowEdit").and_then(Json::as_bool);
    Some(argument)
}

/// `RunAsAdmin` of the general settings: `Default` says nothing.
fn run_as_admin(json: &Json) -> Option<bool> {
    let settings = member(json.as_object()?, "Settings")?.as_array()?;
    let properties = settings
        .iter()
        .filter_map(|setting| member(setting.as_object()?, "Properties")?.as_array())
        .flatten()
        .filter_map(Json::as_object);
    let key = |property: &&Map<String, Json>| {
        string(property, "Key").is_some_and(|key| key.eq_ignore_ascii_case("RunAsAdmin"))
    };
    let value = member(properties.into_iter().find(key)?, "Value")?;
    match value {
        Json::Bool(truth) => Some(*truth),
        Json::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
        Json::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
        Json::String(_) | Json::Null | Json::Number(_) | Json::Array(_) | Json::Object(_) => None,
    }
}
