//! Golden bytes of every event, the rows and the state, and what damage does.

use super::*;
use crate::{
    Guid,
    argument::{Argument, AssetContent, Source, SourcedArgument},
    execution::{
        EndCause, NewJob, OfferEnd, OnFailure, Outcome, Owner, PackageReference, Passed, Reject,
        RunEnd, Start, Startup, StopReason, Subject, rows,
    },
    terms::{
        Direction, JobExecutionPolicy, JobStartupType, Notification, Sha256, Stamp, VideoRecordMode,
    },
};
use codec::{RootId, Tenant, Value, golden};

fn stamp() -> Stamp {
    Stamp {
        at_ms: 3,
        by: Guid(4),
        by_name: "ann".into(),
    }
}

fn job() -> NewJob {
    let argument = Argument {
        value: Some("7".into()),
        asset: Some(AssetContent {
            name: "key".into(),
            description: None,
            is_required_encryption: true,
        }),
        allow_edit: Some(true),
        ..Argument::new("a", "System.Int32", Direction::InOut)
    };
    NewJob {
        id: Guid(0x11),
        step: 0,
        label: "1".into(),
        workflow: Guid(5),
        name: "w".into(),
        description: Some("d".into()),
        package: PackageReference {
            id: Guid(0x50),
            name: "Add".into(),
            version_id: Guid(0x51),
            version: "1.0.0".into(),
            sha256: Sha256([0xab; 32]),
            size: 300,
        },
        arguments: vec![SourcedArgument {
            argument,
            source: Source::Previous,
        }],
        queue: Guid(7),
        robot: Some(Guid(8)),
        priority: 2000,
        max_retry_count: 3,
        max_run_seconds: Some(60),
        video: VideoRecordMode::AlwaysReport,
        policy: JobExecutionPolicy::AnyTime,
        subject: Subject {
            id: Some("s".into()),
            name: None,
            kind: Some("t".into()),
        },
        notification: Some(Notification {
            switch_on: true,
            only_last_run: false,
            conditions: vec!["Finished".into()],
            recipients: vec!["a@b".into()],
        }),
        skipped: false,
    }
}

fn start() -> Start {
    Start {
        department: Guid(2),
        name: "w".into(),
        owner: Owner::Layout(Guid(6)),
        startup: Startup {
            kind: JobStartupType::Trigger,
            id: Some("i".into()),
            name: Some("n".into()),
        },
        source: Some("External".into()),
        activity: Some(RootId(1).child(7)),
        retry_of: Some(Guid(9)),
        on_failure: OnFailure::CancelAll,
        created: stamp(),
        jobs: vec![job()],
    }
}

fn every_event() -> Vec<(Event, &'static str)> {
    let job = 1;
    let at_ms = 3;
    let end = Box::new(RunEnd {
        cause: EndCause::Lost,
        exit_code: Some(-1),
        outputs: vec![("sum".into(), Value::Int(42))],
        message: Some("m".into()),
    });
    vec![
        (
            Event::Started(Box::new(start())),
            "01010002017701060101016901016e010845787465726e616c010107010902060403616e6e0111000131050177010164\
50034164645105312e302e30ababababababababababababababababababababababababababababababababfb2c0101\
01610c53797374656d2e496e7433320201013701036b65790001010101070108fbd00703013c04010101730001017401\
0100010846696e6973686564010361406200",
        ),
        (
            Event::StepReached {
                step: 1,
                passed: vec![Passed {
                    job,
                    name: "a".into(),
                    value: Some("7".into()),
                }],
            },
            "0101010101010161010137",
        ),
        (
            Event::Offered {
                job,
                run: Guid(0x21),
                fence: 300,
                robot: Guid(8),
                robot_name: "r".into(),
                at_ms,
                expires_ms: 9,
            },
            "0101020121fb2c010801720612",
        ),
        (
            Event::OfferEnded {
                job,
                why: OfferEnd::Rejected(Reject::Package),
                avoid_until_ms: Some(9),
            },
            "0101030100020112",
        ),
        (
            Event::OfferEnded {
                job,
                why: OfferEnd::Cut,
                avoid_until_ms: None,
            },
            "010103010200",
        ),
        (Event::Accepted { job, at_ms }, "0101040106"),
        (Event::PauseRequested { job }, "01010501"),
        (Event::ResumeRequested { job }, "01010601"),
        (Event::Paused { job, at_ms }, "0101070106"),
        (Event::Resumed { job, at_ms }, "0101080106"),
        (
            Event::StopRequested {
                job,
                reason: StopReason::TimeLimit,
                message: Some("m".into()),
                deadline_ms: 9,
            },
            "010109010101016d12",
        ),
        (
            Event::CancelRequested {
                job,
                at_ms,
                by: Some(stamp()),
            },
            "01010a010601060403616e6e",
        ),
        (
            Event::RunEnded {
                job,
                outcome: Outcome::Failed,
                end,
                at_ms,
            },
            "01010b0101020101010373756d025401016d06",
        ),
        (
            Event::JobEnded {
                job,
                outcome: Outcome::Cancelled,
                message: None,
                at_ms,
            },
            "01010c01020006",
        ),
        (
            Event::PriorityChanged {
                job,
                priority: 5000,
                by: stamp(),
            },
            "01010d01fb8813060403616e6e",
        ),
        (Event::RetriesForfeited { job }, "01010e01"),
        (Event::Ended { at_ms }, "01010f06"),
        (Event::Acknowledged, "010110"),
    ]
}

/// An execution with a lost attempt and one that is to end.
fn full() -> Execution {
    let mut execution = Execution::new(Guid(1), Tenant(7));
    let events = every_event().into_iter().map(|(event, _)| event);
    let lived = [0, 2, 5, 12, 14, 2, 3, 2, 5, 8, 11, 10];
    let events: Vec<Event> = events.collect();
    for at in lived {
        execution.apply(&events[at]);
    }
    execution
}

#[test]
fn bytes_of_every_event_are_fixed() {
    for (event, expected) in every_event() {
        golden::check(EVENTS_VERSION, &vec![event], expected);
    }
}

#[test]
fn bytes_of_rows_and_state_are_fixed() {
    let execution = full();
    golden::check(
        ROWS_VERSION,
        &rows::of(&execution),
        "01010107020106017706010600011201011101010702050177034164645107010805fb88130101016906010600000002\
211101070801fb2c01020001060106211101070802fb2c010501010600",
    );
    golden::check(
        EXECUTION_VERSION,
        &execution,
        "0101070102017701060101016901016e010845787465726e616c010107010902060403616e6e00011100013105017701\
016450034164645105312e302e30ababababababababababababababababababababababababababababababababfb2c\
010101610c53797374656d2e496e7433320201013701036b65790001010101070108fb881303013c0401010173000101\
74010100010846696e69736865640103614062000300010600010601060403616e6efb2c0100000221080172fb2c0103\
0106010601060000000001020101010373756d025401016d21080172fb2c010206010600000000010101016d12000000\
00",
    );
}

#[test]
fn cut_or_foreign_bytes_are_errors() {
    let execution = full();
    let bytes = encode_execution(&execution);
    assert_eq!(decode_execution(&bytes).as_ref(), Ok(&execution));
    for end in 0..bytes.len() {
        assert!(decode_execution(&bytes[..end]).is_err(), "cut at {end}");
    }
    let rows = encode_rows(&rows::of(&execution));
    for end in 0..rows.len() {
        assert!(decode_rows(&rows[..end]).is_err(), "cut at {end}");
    }
    let mut later = bytes;
    later[0] = EXECUTION_VERSION + 1;
    let foreign = decode_execution(&later);
    assert!(matches!(foreign, Err(DecodeError::Version { .. })));
}
