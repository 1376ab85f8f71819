//! Golden bytes of every event and of the state, and what damage does.

use super::*;
use crate::{
    Guid,
    argument::{Argument, Source, SourcedArgument},
    package::Version,
    registry::{Firing, FiringOutcome, Kind, Node, Reported, Sealed, Target},
    schedule::{Rule, Timing},
    terms::{
        AssetType, ConsoleManagement, Direction, JobExecutionPolicy, Label, Meta, Misfire, Sha256,
        Stamp, VideoRecordMode,
    },
};
use codec::{Tenant, golden};
use std::collections::BTreeSet;

fn stamp() -> Stamp {
    Stamp {
        at_ms: 3,
        by: Guid(4),
        by_name: "ann".into(),
    }
}

fn meta() -> Meta {
    Meta::new(Tenant(7), Guid(2), stamp()).touched(stamp())
}

fn label(name: &str) -> Label {
    Label {
        name: name.into(),
        description: Some("d".into()),
        tags: vec!["t".into()],
        properties: vec![("k".into(), "v".into())],
    }
}

fn argument() -> Argument {
    Argument {
        value: Some("1".into()),
        ..Argument::new("a", "System.Int32", Direction::In)
    }
}

fn version(id: u128) -> Version {
    Version {
        id: Guid(id),
        version: "1.0.0".into(),
        description: Some("d".into()),
        arguments: vec![argument()],
        run_as_admin: Some(false),
        sha256: Sha256([0xab; 32]),
        size: 300,
        created: stamp(),
        downloads: 2,
    }
}

fn package() -> Event {
    Event::PackageCreated(Box::new(Package {
        id: Guid(0x50),
        meta: meta(),
        label: label("Add"),
        versions: vec![version(0x51)],
    }))
}

fn upload() -> Event {
    Event::UploadSaved(Box::new(Upload {
        id: Guid(0x60),
        meta: meta(),
        expires_ms: 9,
        received: Some((Sha256([1; 32]), 5)),
        committed: Some((Guid(0x50), Guid(0x51))),
    }))
}

fn group() -> Event {
    Event::GroupSaved(Box::new(Group {
        id: Guid(0x70),
        meta: meta(),
        label: label("g"),
        robots: BTreeSet::from([Guid(0x80)]),
        dedicated_robot: Some(Guid(0x80)),
    }))
}

fn robot() -> Event {
    Event::RobotSaved(Box::new(Robot {
        id: Guid(0x80),
        meta: meta(),
        label: label("r"),
        management: ConsoleManagement::Unmanaged,
        queue: Guid(0x70),
        reported: Reported {
            version: Some("1".into()),
            sdk_version: None,
            device_id: Some("m".into()),
            capabilities: vec!["sh".into()],
        },
    }))
}

fn workflow() -> Event {
    Event::WorkflowSaved(Box::new(Workflow {
        id: Guid(0x90),
        meta: meta(),
        label: label("w"),
        package: Guid(0x50),
        version: Guid(0x51),
        arguments: vec![argument()],
        video: VideoRecordMode::AlwaysRecord,
        notification: None,
        queue: Some(Guid(0x70)),
        robots: vec![Guid(0x80)],
        priority: 2000,
        max_retry_count: 3,
        max_run_seconds: Some(60),
        policy: JobExecutionPolicy::SkipWhenNoResource,
        triggered_count: 4,
        last_triggered_ms: Some(8),
    }))
}

fn layout() -> Event {
    Event::LayoutSaved(Box::new(Layout {
        id: Guid(0xa0),
        meta: meta(),
        label: label("l"),
        nodes: vec![Node {
            id: Guid(0xa1),
            label: label("n"),
            workflow: Guid(0x90),
            arguments: vec![SourcedArgument {
                argument: argument(),
                source: Source::Previous,
            }],
            created: stamp(),
            modified: Some(stamp()),
        }],
        continue_on_failure: true,
        triggered_count: 1,
        last_triggered_ms: None,
    }))
}

fn asset() -> Event {
    Event::AssetSaved(Box::new(Asset {
        id: Guid(0xb0),
        meta: meta(),
        label: label("s"),
        kind: AssetType::Credential,
        is_required_encryption: true,
        value: Sealed(vec![1, 2, 3]),
    }))
}

fn schedule() -> Event {
    Event::ScheduleSaved(Box::new(Schedule {
        id: Guid(0xc0),
        meta: meta(),
        label: label("c"),
        target: Target::Layout(Guid(0xa0)),
        timing: Timing {
            rule: Rule::Cron("0 8 * * *".into()),
            time_zone: "UTC".into(),
            start_ms: 1,
            end_ms: Some(99),
        },
        enabled: true,
        arguments: vec![argument()],
        priority: Some(5),
        max_retry_count: Some(1),
        misfire: Misfire::Skip,
        next_ms: Some(50),
        firings: vec![Firing {
            due_ms: 40,
            at_ms: 41,
            outcome: FiringOutcome::Refused("no".into()),
        }],
    }))
}

fn every_event() -> Vec<(Event, &'static str)> {
    let (package_id, by) = (Guid(0x50), stamp());
    let firing = Firing {
        due_ms: 50,
        at_ms: 51,
        outcome: FiringOutcome::Executed(Guid(1)),
    };
    vec![
        (
            package(),
            "010100500702060403616e6e01060403616e6e020341646401016401017401016b0176015105312e302e300101640101\
610c53797374656d2e496e7433320001013100000100abababababababababababababababababababababababababab\
ababababababfb2c01060403616e6e02",
        ),
        (
            Event::VersionAdded {
                package: package_id,
                version: Box::new(version(0x52)),
                by: by.clone(),
            },
            "010101505205312e302e300101640101610c53797374656d2e496e7433320001013100000100abababababababababab\
ababababababababababababababababababababababfb2c01060403616e6e02060403616e6e",
        ),
        (
            Event::PackageChanged {
                package: package_id,
                label: label("Add"),
                by: by.clone(),
            },
            "010102500341646401016401017401016b0176060403616e6e",
        ),
        (
            Event::VersionRemoved {
                package: package_id,
                version: Guid(0x51),
                by,
            },
            "0101035051060403616e6e",
        ),
        (
            Event::DownloadCounted {
                package: package_id,
                version: Guid(0x52),
            },
            "0101045052",
        ),
        (
            upload(),
            "010105600702060403616e6e01060403616e6e0212010101010101010101010101010101010101010101010101010101\
01010101010105015051",
        ),
        (
            group(),
            "010106700702060403616e6e01060403616e6e02016701016401017401016b017601800180",
        ),
        (
            robot(),
            "010107800702060403616e6e01060403616e6e02017201016401017401016b017601700101310001016d01027368",
        ),
        (
            workflow(),
            "010108900702060403616e6e01060403616e6e02017701016401017401016b017650510101610c53797374656d2e496e\
743332000101310000030001700180fbd00703013c00040110",
        ),
        (
            layout(),
            "010109a00702060403616e6e01060403616e6e02016c01016401017401016b017601a1016e01016401017401016b0176\
900101610c53797374656d2e496e74333200010131000001060403616e6e01060403616e6e010100",
        ),
        (
            asset(),
            "01010ab00702060403616e6e01060403616e6e02017301016401017401016b0176040103010203",
        ),
        (
            schedule(),
            "01010bc00702060403616e6e01060403616e6e02016301016401017401016b017601a00009302038202a202a202a0355\
54430201c6010101610c53797374656d2e496e7433320001013100000105010101016401505202026e6f",
        ),
        (
            Event::Removed {
                kind: Kind::Schedule,
                id: Guid(0xff),
            },
            "01010c08fbff00",
        ),
        (
            Event::Fired {
                schedule: Guid(0xc0),
                firing,
                next_ms: Some(60),
            },
            "01010dc0646600010178",
        ),
        (
            Event::TriggersCounted {
                target: Target::Workflow(Guid(0x90)),
                count: 2,
                last_ms: 70,
            },
            "01010e0090028c",
        ),
    ]
}

fn full_state() -> State {
    let mut state = State::default();
    for (event, _) in every_event() {
        state.apply(&event);
    }
    state
}

#[test]
fn bytes_of_every_event_are_fixed() {
    for (event, expected) in every_event() {
        golden::check(EVENTS_VERSION, &vec![event], expected);
    }
}

#[test]
fn bytes_of_the_state_are_fixed() {
    golden::check(
        STATE_VERSION,
        &StoredState::of(&full_state()),
        "0101500702060403616e6e01060403616e6e050341646401016401017401016b0176015205312e302e30010164010161\
0c53797374656d2e496e7433320001013100000100ababababababababababababababababababababababababababab\
abababababfb2c01060403616e6e0301600702060403616e6e01060403616e6e02120101010101010101010101010101\
010101010101010101010101010101010101010501505101700702060403616e6e01060403616e6e0201670101640101\
7401016b01760180018001800702060403616e6e01060403616e6e02017201016401017401016b017601700101310001\
016d0102736801900702060403616e6e01060403616e6e02017701016401017401016b017650510101610c5379737465\
6d2e496e743332000101310000030001700180fbd00703013c0006018c01a00702060403616e6e01060403616e6e0201\
6c01016401017401016b017601a1016e01016401017401016b0176900101610c53797374656d2e496e74333200010131\
000001060403616e6e01060403616e6e01010001b00702060403616e6e01060403616e6e02017301016401017401016b\
017604010301020301c00702060403616e6e01060403616e6e02016301016401017401016b017601a00009302038202a\
202a202a035554430201c6010101610c53797374656d2e496e7433320001013100000105010101017802505202026e6f\
64660001",
    );
}

#[test]
fn a_state_comes_back_with_all_that_is_derived() {
    let state = full_state();
    let back = decode_state(&encode_state(&state)).unwrap();
    assert_eq!(back, state);
    let (tenant, department) = (Tenant(7), Guid(2));
    assert!(back.package_named(tenant, department, "Add").is_some());
    assert!(back.asset_named(tenant, department, "s").is_some());
    assert_eq!(
        back.groups_of_robot(Guid(0x80)).collect::<Vec<_>>(),
        [Guid(0x70)]
    );
    assert_eq!(back.next_due_ms(), Some(60));
    let other = Tenant(8);
    assert!(back.package(other, Guid(0x50)).is_none() && back.packages(other).next().is_none());
    assert!(back.package_named(other, department, "Add").is_none());
}

#[test]
fn cut_or_foreign_bytes_are_errors() {
    let bytes = encode_state(&full_state());
    for end in 0..bytes.len() {
        assert!(decode_state(&bytes[..end]).is_err(), "cut at {end}");
    }
    let mut later = bytes;
    later[0] = STATE_VERSION + 1;
    assert!(matches!(
        decode_state(&later),
        Err(DecodeError::Version { .. })
    ));
}
