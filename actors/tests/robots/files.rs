//! Which package files the data count on, as `verify` asks it of data that nobody serves.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

use super::{
    no_retries,
    world::{Speaker, WORKFLOW, change, close, execute, furnish, job_when, open, options},
};
use rpa::{
    Guid,
    registry::{Action, plan::Overrides},
    terms::{JobState, Sha256},
};
use snapshots::RealDisk;
use std::{path::Path, sync::Arc};

fn named(data: &Path) -> Vec<Sha256> {
    let disk = Arc::new(RealDisk::new(data).unwrap());
    let named = actors::named_package_files(disk).unwrap();
    named.into_iter().collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_job_counts_on_its_package_file_when_its_package_is_gone() {
    let data = tempfile::tempdir().unwrap();
    let engine = open(options(data.path())).await;
    furnish(&engine, 1, no_retries()).await;
    execute(&engine, 1, Overrides::default()).await;
    let (mut robot, _) = Speaker::connect(&engine, 1, false, Vec::new()).await;
    let (_, job) = robot.starts().await;
    job_when(&engine, job, |row| row.state == JobState::Running).await;
    let package = Guid(0x50);
    for action in [
        Action::DeleteWorkflow { id: WORKFLOW },
        Action::DeletePackage { id: package },
    ] {
        change(&engine, action).await.unwrap();
    }
    let file = vec![Sha256([7; 32])];
    assert_eq!(named(data.path()), file, "from the journal");
    close(engine).await;
    assert_eq!(named(data.path()), file, "from the snapshot of a stop");
}
