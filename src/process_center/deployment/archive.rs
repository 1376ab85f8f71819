//! Archives of models (.zip, .bar), unpacked in memory.
//!
//! Owns: what an archive may not hold: too much, names that lead out of it, links, overlapping or encrypted entries.
//! Never: writes a file.

use actors::definitions::deploy::File;
use std::{
    io::{Cursor, Read},
    sync::Arc,
};
use zip::ZipArchive;

/// More files than any deployment has.
const MAX_ENTRIES: usize = 1_000;
/// Copies of resource forks that some systems add.
const FORKS: &str = "__MACOSX/";
/// Type bits of a Unix mode, and those of a plain file.
const TYPE_BITS: u32 = 0o170_000;
const PLAIN_FILE: u32 = 0o100_000;

/// The archive's files; `left` is how many bytes they may have, and is taken down by what they have.
pub fn unpack(bytes: &[u8], left: &mut usize) -> Result<Vec<File>, String> {
    let broken = |error: zip::result::ZipError| format!("the archive cannot be read: {error}");
    let mut archive = ZipArchive::new(Cursor::new(bytes)).map_err(broken)?;
    if archive.len() > MAX_ENTRIES {
        return Err(format!("the archive has more than {MAX_ENTRIES} entries"));
    }
    if archive.has_overlapping_entries().map_err(broken)? {
        return Err("entries of the archive overlap".to_owned());
    }
    let mut files: Vec<File> = Vec::new();
    for index in 0..archive.len() {
        let mut entry = archive.by_index(index).map_err(broken)?;
        let name = entry.name().map_err(broken)?.replace('\\', "/");
        if leads_out(&name) {
            return Err(format!("the archive's entry '{name}' leads out of it"));
        }
        if entry.is_dir() || name.ends_with('/') || name.starts_with(FORKS) {
            continue;
        }
        let kind = entry.unix_mode().unwrap_or_default() & TYPE_BITS;
        if entry.is_symlink() || (kind != 0 && kind != PLAIN_FILE) {
            return Err(format!("the archive's entry '{name}' is no plain file"));
        }
        let limit = u64::try_from(*left).unwrap_or(u64::MAX);
        let mut content = Vec::new();
        // What an entry says of its own size is not trusted.
        let read = entry.by_ref().take(limit.saturating_add(1));
        let read = { read }.read_to_end(&mut content);
        read.map_err(|error| format!("the archive's entry '{name}' cannot be read: {error}"))?;
        *left = left
            .checked_sub(content.len())
            .ok_or_else(super::too_large)?;
        files.push(File {
            name,
            bytes: Arc::from(content),
        });
    }
    Ok(files)
}

fn leads_out(name: &str) -> bool {
    name.starts_with('/') || name.contains(['\0', ':']) || name.split('/').any(|part| part == "..")
}
