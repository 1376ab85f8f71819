//! Stories of packages, versions and uploads by channel.

#![allow(clippy::unwrap_used, reason = "a story that cannot go on fails")]

mod support;

use rpa::{
    Guid,
    registry::{Action, Refusal, Reply, UpgradeReport},
    terms::Sha256,
};
use support::desk::{Desk, GROUP, HOME, PACKAGE, WORKFLOW, upload};

const NOBODY: Guid = Guid(0xfff);

#[test]
fn a_version_never_changes_and_the_same_bytes_again_are_no_error() {
    let mut desk = Desk::new();
    let mut put = |version: &str, seed| {
        let new = upload(version, seed, vec![]);
        desk.send(Action::UploadVersion {
            department: HOME,
            new,
        })
        .map(|decision| decision.reply)
    };
    let uploaded = |seed: u128| {
        Ok(Reply::Uploaded {
            package: PACKAGE,
            version: Guid(0x5000 + seed),
        })
    };
    assert_eq!(put("1.0.0", 1), uploaded(1));
    assert_eq!(put("1.0.0", 1), uploaded(1));
    assert_eq!(put("1.0.0", 2), Err(Refusal::OtherContent("1.0.0".into())));
    assert_eq!(put("1.10.0", 3), uploaded(3));
    assert_eq!(put("1.9.0", 4), uploaded(4));
    let package = desk.state.package(desk.tenant, PACKAGE).unwrap();
    assert_eq!(
        package.last_version().map(|last| last.version.as_str()),
        Some("1.10.0")
    );
    let elsewhere = Action::UploadVersion {
        department: Guid(0xdd),
        new: rpa::registry::NewVersion {
            package: Guid(0x59),
            ..upload("1.0.0", 9, vec![])
        },
    };
    assert_eq!(
        desk.done(elsewhere),
        Reply::Uploaded {
            package: Guid(0x59),
            version: Guid(0x5009)
        }
    );
}

#[test]
fn an_upload_by_channel_becomes_a_package_once() {
    let mut desk = Desk::new();
    let id = Guid(0x60);
    let commit = |seed| Action::CommitUpload {
        id,
        new: upload("1.0.0", seed, vec![]),
    };
    let receive = |seed| Action::ReceiveUpload {
        id,
        sha256: Sha256([seed; 32]),
        size: 10,
    };
    assert_eq!(desk.code(receive(1)), "unknown");
    let expires_ms = desk.now_ms + 3_600_000;
    desk.done(Action::OpenUpload {
        id,
        department: HOME,
        expires_ms,
    });
    assert_eq!(desk.code(commit(1)), "nothing-received");
    desk.done(receive(2));
    desk.done(receive(1));
    assert_eq!(desk.code(commit(2)), "received-other");
    let uploaded = Reply::Uploaded {
        package: PACKAGE,
        version: Guid(0x5001),
    };
    assert_eq!(desk.done(commit(1)), uploaded);
    assert_eq!(desk.done(commit(1)), uploaded, "the same answer again");
    assert_eq!(desk.code(receive(3)), "committed");
    desk.now_ms = expires_ms;
    assert_eq!(desk.code(commit(1)), "expired");
    desk.done(Action::ExpireUploads);
    assert_eq!(desk.code(commit(1)), "unknown");
    assert!(desk.state.package(desk.tenant, PACKAGE).is_some());
}

#[test]
fn the_last_version_of_a_package_takes_the_package_with_it() {
    let mut desk = Desk::new();
    for (version, seed) in [("1.0.0", 1), ("1.1.0", 2)] {
        let new = upload(version, seed, vec![]);
        desk.done(Action::UploadVersion {
            department: HOME,
            new,
        });
    }
    desk.done(Action::CountDownload {
        package: PACKAGE,
        version: Guid(0x5002),
    });
    desk.done(Action::DeleteVersion {
        package: PACKAGE,
        version: Guid(0x5001),
    });
    let package = desk.state.package(desk.tenant, PACKAGE).unwrap();
    assert_eq!((package.versions.len(), package.downloads()), (1, 1));
    assert_eq!(
        desk.code(Action::DeleteVersion {
            package: PACKAGE,
            version: Guid(0x5001)
        }),
        "unknown"
    );
    desk.done(Action::DeleteVersion {
        package: PACKAGE,
        version: Guid(0x5002),
    });
    assert!(desk.state.package(desk.tenant, PACKAGE).is_none());
}

#[test]
fn workflows_move_to_the_highest_version_of_their_package() {
    let mut desk = Desk::furnished(vec![]);
    desk.done(Action::UploadVersion {
        department: HOME,
        new: upload("1.2.0", 2, vec![]),
    });
    desk.workflow(Guid(0x91), "new", Some(GROUP));
    let ids = vec![WORKFLOW, Guid(0x91), NOBODY, WORKFLOW];
    let report = UpgradeReport {
        succeeded: vec![WORKFLOW, Guid(0x91)],
        unchanged: vec![Guid(0x91)],
        failed: vec![],
        missing: vec![NOBODY],
    };
    assert_eq!(
        desk.done(Action::UpgradeWorkflows { ids }),
        Reply::Upgraded(report)
    );
    assert_eq!(
        desk.state.workflow(desk.tenant, WORKFLOW).unwrap().version,
        Guid(0x5002)
    );
}
