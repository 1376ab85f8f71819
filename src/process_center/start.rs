//! Deployments that the server makes itself: the models of a folder at every start, and an example.
//!
//! Owns: that of the folder only what is new or has changed since it was last deployed gets a new version.
//! Never: keeps the server from starting because of a model.

use crate::server::{Failed, State};
use actors::{
    Failure,
    definitions::{
        Refusal,
        deploy::{self, File, Prepared},
    },
};
use std::{
    collections::{BTreeMap, BTreeSet},
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

/// The name of the folder's deployment, as in the original.
const FOLDER_DEPLOYMENT: &str = "SpringAutoDeployment";
/// The name of the example's deployment.
const EXAMPLE_DEPLOYMENT: &str = "example";
/// Folders inside each other.
const MAX_DEPTH: usize = 32;

/// Deploys the models of the configured folder, when there is one. A model that is refused is logged and left out.
pub async fn deploy_at_start(state: &Arc<State>) -> Result<(), Failed> {
    let folder = state.config.process_center.auto_deploy.clone();
    if folder.as_os_str().is_empty() || !folder.is_dir() {
        return Ok(());
    }
    let shown = folder.display().to_string();
    let read = tokio::task::spawn_blocking(move || sound_models(&folder)).await?;
    let files = read.map_err(|error| format!("auto_deploy = {shown:?}: {error}"))?;
    if files.is_empty() {
        return Ok(());
    }
    let files = changed(state, files);
    if files.is_empty() {
        tracing::info!(folder = %shown, "its models are deployed already");
        return Ok(());
    }
    let (name, count) = (FOLDER_DEPLOYMENT.to_owned(), files.len());
    match state.engine.deploy(state.tenant, name, files, false).await {
        Ok(deployed) => {
            let (deployment, files) = (deployed.number, count);
            tracing::info!(folder = %shown, deployment, files, "its new and changed models were deployed");
            Ok(())
        }
        Err(failure @ (Failure::Definitions(_) | Failure::DiskFull)) => {
            tracing::error!(folder = %shown, %failure, "its models could not be deployed");
            Ok(())
        }
        Err(failure) => Err(failure.into()),
    }
}

/// Deploys an example, once.
pub async fn deploy_example(state: &Arc<State>, name: &str, bytes: &[u8]) -> Result<(), Failed> {
    let file = File {
        name: name.to_owned(),
        bytes: Arc::from(bytes),
    };
    let deployment = EXAMPLE_DEPLOYMENT.to_owned();
    let engine = &state.engine;
    engine
        .deploy(state.tenant, deployment, vec![file], true)
        .await?;
    Ok(())
}

/// The files whose newest content among the folder's deployments is another, or that have none.
fn changed(state: &State, files: Vec<File>) -> Vec<File> {
    let mut newest = BTreeMap::new();
    let deployments = state.engine.catalog.deployments(state.tenant);
    for deployment in deployments {
        if deployment.name == FOLDER_DEPLOYMENT {
            let resources = deployment.resources.into_iter();
            newest.extend(resources.map(|resource| (resource.name, resource.bytes)));
        }
    }
    let is_new = |file: &File| newest.get(&file.name) != Some(&file.bytes);
    files.into_iter().filter(is_new).collect()
}

/// The folder's models that can be deployed together, in the order of their paths.
fn sound_models(folder: &Path) -> io::Result<Vec<File>> {
    let mut paths = Vec::new();
    collect(folder, 0, &mut paths)?;
    paths.sort();
    let mut files = Vec::new();
    let mut keys = BTreeSet::new();
    for path in paths {
        let relative = path.strip_prefix(folder).unwrap_or(&path);
        let parts = relative.iter().map(|part| part.to_string_lossy());
        let file = File {
            name: parts.collect::<Vec<_>>().join("/"),
            bytes: Arc::from(fs::read(&path)?),
        };
        match deploy::prepare(std::slice::from_ref(&file)) {
            Ok(prepared) if adds_keys(&prepared, &mut keys) => files.push(file),
            Ok(_) => {
                tracing::error!(file = %path.display(), "is not deployed: another file has a process with the same key");
            }
            Err(refusal) => complain(&path, &refusal),
        }
    }
    Ok(files)
}

/// Takes the keys of a file's processes, unless one of them is taken.
fn adds_keys(prepared: &Prepared, keys: &mut BTreeSet<String>) -> bool {
    let own: Vec<&String> = prepared.processes.iter().map(|p| &p.process.key).collect();
    if own.iter().any(|key| keys.contains(*key)) {
        return false;
    }
    keys.extend(own.into_iter().cloned());
    true
}

fn complain(path: &Path, refusal: &Refusal) {
    let file = path.display();
    let Refusal::InvalidModel(complaints) = refusal else {
        tracing::error!(%file, "is not deployed: {refusal}");
        return;
    };
    for complaint in complaints {
        let at = &complaint.diagnostic;
        let (line, column) = (at.line, at.column);
        tracing::error!(%file, line, column, "is not deployed: {}", at.message);
    }
}

/// All models below a folder; links to folders are not followed.
fn collect(folder: &Path, depth: usize, models: &mut Vec<PathBuf>) -> io::Result<()> {
    if depth > MAX_DEPTH {
        return Ok(());
    }
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let path = entry.path();
        if entry.file_type()?.is_dir() {
            collect(&path, depth + 1, models)?;
        } else if path.is_file() && deploy::holds_processes(&entry.file_name().to_string_lossy()) {
            models.push(path);
        }
    }
    Ok(())
}
