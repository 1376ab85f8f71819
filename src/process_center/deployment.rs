//! deploymentProcess: an upload of one model, several, or archives of them, as one deployment.
//!
//! Owns: telling models from archives by content and name, and the answers of the original.
//! Never: reads a model; deploying does, and refuses with all complaints at once.

mod archive;

use super::{Answered, envelope, error, error::Trouble, tenant};
use crate::{
    http::{Context, Part, Request, header},
    server::State,
};
use actors::definitions::deploy::{self, File};
use serde_json::Value as Json;
use std::sync::Arc;

/// The part that holds a file.
const PART: &str = "file";
/// Content types of parts that are read, exactly as they must be written.
const TYPES: [&str; 5] = [
    "text/xml",
    "application/xml",
    "application/x-zip-compressed",
    "application/zip",
    "application/octet-stream",
];
/// What a deployment may hold: its files are one record of the journal, which ends at 16 MiB.
const MAX_BYTES: usize = 15 << 20;
/// Longest name of a file, in characters.
const MAX_NAME_CHARS: usize = 255;

/// The operation.
pub async fn deploy(state: Context<State>, request: Request) -> Answered {
    let parts = parts(&request).await?;
    if parts.iter().any(|part| part.bytes.is_empty()) {
        return envelope::refused("发布文件为空", Json::Null);
    }
    if !parts.iter().all(is_readable) {
        return envelope::refused("文件格式不对，发布失败", Json::Null);
    }
    let archived = parts.iter().any(is_archive);
    let failed = |why: &str| envelope::failed("发布流程失败！", why);
    let unpacked = tokio::task::spawn_blocking(move || files(&parts)).await;
    let files = match unpacked {
        Ok(Ok(files)) => files,
        Ok(Err(why)) => return failed(&why),
        Err(_) => return Err(crate::http::Fault::Panicked.into()),
    };
    let tenant = tenant(&state, &request);
    let engine = &state.engine;
    match engine.deploy(tenant, String::new(), files, false).await {
        Ok(deployed) => {
            for warning in &deployed.warnings {
                let at = &warning.diagnostic;
                tracing::warn!(
                    deployment = deployed.number, file = %warning.resource, line = at.line,
                    "{}", at.message
                );
            }
            // The original says the two differently.
            let message = if archived {
                "发布成功"
            } else {
                "发布成功！"
            };
            envelope::success(message, deployed.number.to_string().into())
        }
        Err(failure) => failed(&error::business(failure)?.to_string()),
    }
}

/// The uploaded files.
async fn parts(request: &Request) -> Result<Vec<Part>, Trouble> {
    let absent = || Trouble::bad_request("Required request part 'file' is not present");
    if !request.headers.contains_key(header::CONTENT_TYPE) {
        return Err(absent());
    }
    let mut parts = request.multipart().await?;
    parts.retain(|part| part.name == PART && part.file_name.is_some());
    if parts.is_empty() {
        return Err(absent());
    }
    Ok(parts)
}

fn is_readable(part: &Part) -> bool {
    let content_type = part.content_type.as_deref();
    content_type.is_some_and(|content_type| TYPES.contains(&content_type))
}

/// By its first bytes; what only claims to be an archive is refused as a broken one.
fn is_archive(part: &Part) -> bool {
    let named = part.file_name.as_deref().unwrap_or_default();
    let named = named.to_ascii_lowercase();
    let claimed = part.content_type.as_deref() == Some("application/x-zip-compressed")
        || part.content_type.as_deref() == Some("application/zip")
        || named.ends_with(".zip")
        || named.ends_with(".bar");
    let is_xml = part.bytes.trim_ascii_start().starts_with(b"<");
    part.bytes.starts_with(b"PK\x03\x04")
        || part.bytes.starts_with(b"PK\x05\x06")
        || (claimed && !is_xml)
}

/// The files of all parts, archives unpacked.
fn files(parts: &[Part]) -> Result<Vec<File>, String> {
    let mut files = Vec::new();
    let mut left = MAX_BYTES;
    for part in parts {
        if is_archive(part) {
            files.extend(archive::unpack(&part.bytes, &mut left)?);
            continue;
        }
        left = left.checked_sub(part.bytes.len()).ok_or_else(too_large)?;
        files.push(File {
            name: model_name(part.file_name.as_deref().unwrap_or_default()),
            bytes: Arc::from(&part.bytes[..]),
        });
    }
    for (n, file) in files.iter().enumerate() {
        if files[..n].iter().any(|other| other.name == file.name) {
            return Err(format!("two files have the name '{}'", file.name));
        }
        if file.name.chars().count() > MAX_NAME_CHARS {
            return Err(format!(
                "a file's name has more than {MAX_NAME_CHARS} characters"
            ));
        }
    }
    Ok(files)
}

fn too_large() -> String {
    format!("the files of a deployment have more than {MAX_BYTES} bytes together")
}

/// The client's name without its path, so that it is read as a model: `a.xml` is `a.bpmn20.xml`.
fn model_name(name: &str) -> String {
    let name = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let name = if name.is_empty() { "model" } else { name };
    if deploy::holds_processes(name) {
        return name.to_owned();
    }
    let lower = name.to_ascii_lowercase();
    match lower.strip_suffix(".xml") {
        Some(stem) => format!("{}.bpmn20.xml", &name[..stem.len()]),
        None => format!("{name}.bpmn"),
    }
}
