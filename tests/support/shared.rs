//! Where the test material lies that is not part of this repository.
//!
//! Owns: the one decision whether a test that needs it takes part. Never: lets a test pass silently when it was told where to look.

use std::path::PathBuf;

/// The folder named by `LOOMWORK_SHARED`, by default `../shared` beside the workspace.
///
/// None when the default is absent: the test says so and takes no part.
///
/// # Panics
/// When the variable is set and the folder is not there.
pub fn shared() -> Option<PathBuf> {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    match std::env::var_os("LOOMWORK_SHARED") {
        Some(set) => {
            let folder = root.join(set);
            assert!(
                folder.is_dir(),
                "LOOMWORK_SHARED names {}, which is not a folder",
                folder.display()
            );
            Some(folder)
        }
        None => {
            let folder = root.join("../shared");
            if folder.is_dir() {
                return Some(folder);
            }
            println!(
                "takes no part: {} is absent (LOOMWORK_SHARED names another place)",
                folder.display()
            );
            None
        }
    }
}

/// A JSON file below that folder.
///
/// # Panics
/// When it cannot be read.
pub fn read_json(folder: &std::path::Path, name: &str) -> serde_json::Value {
    let path = folder.join(name);
    let text = std::fs::read(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    serde_json::from_slice(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}
