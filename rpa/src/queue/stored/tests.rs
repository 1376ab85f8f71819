//! Golden bytes of task queues. They are on disks: when a line differs, the change is wrong.
//! A new variant adds a line (`UPDATE_EXPECT=1` writes it); an old line never changes.

use super::*;
use crate::{
    queue::{Concurrency, MessageState, RemoveWhen},
    terms::{Label, Meta, Stamp},
};
use codec::Value;
use expect_test::expect;
use std::fmt::Write as _;

fn settings() -> Settings {
    Settings {
        meta: Meta::new(Tenant(1), Guid(0xd), Stamp::default()),
        label: Label {
            name: "q".to_owned(),
            ..Label::default()
        },
        max_deliveries: 5,
        ttl_ms: Some(60_000),
    }
}

fn message(number: u64, state: MessageState) -> Message {
    Message {
        number,
        id: Guid(0x20 + u128::from(number)),
        body: Value::Int(7),
        priority: 2_000,
        created: Stamp::default(),
        expires_ms: Some(9),
        dedup_key: Some("k".to_owned()),
        deliveries: 1,
        state,
    }
}

fn states() -> [MessageState; 4] {
    let why = "w".to_owned();
    [
        MessageState::Ready,
        MessageState::Locked {
            receipt: Guid(5),
            until_ms: 6,
        },
        MessageState::Running { execution: Guid(7) },
        MessageState::Dead { why, at_ms: 8 },
    ]
}

fn binding() -> Binding {
    Binding {
        id: Guid(0xb),
        workflow: Guid(5),
        mapping: vec![("a".to_owned(), "/a".to_owned())],
        concurrency: Concurrency::SkipWhileRunning,
        remove_when: RemoveWhen::Succeeded,
        enabled: true,
        created: Stamp::default(),
    }
}

fn run() -> Run {
    Run {
        execution: Guid(7),
        binding: Guid(0xb),
        message: Guid(0x22),
        workflow: Guid(5),
        mapping: vec![("a".to_owned(), "/a".to_owned())],
        remove_when: RemoveWhen::Started,
        started: false,
    }
}

fn events() -> Vec<Event> {
    let mut events = vec![Event::Saved(Box::new(settings())), Event::Deleted];
    for state in states() {
        events.push(Event::Put(Box::new(message(1, state))));
    }
    events.extend([
        Event::Locked {
            message: 1,
            receipt: Guid(5),
            until_ms: 6,
        },
        Event::Released { message: 1 },
        Event::DeadLettered {
            message: 1,
            why: "w".to_owned(),
            at_ms: 8,
        },
        Event::Removed { message: 1 },
        Event::BindingSaved(Box::new(binding())),
        Event::BindingRemoved { binding: Guid(0xb) },
        Event::Dispatched {
            message: 1,
            run: Box::new(run()),
        },
        Event::RunStarted { execution: Guid(7) },
        Event::RunEnded { execution: Guid(7) },
        Event::StartRefused { execution: Guid(7) },
    ]);
    events
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[test]
fn bytes_of_every_event_are_fixed() {
    let mut lines = String::new();
    for event in events() {
        let bytes = encode_events(std::slice::from_ref(&event));
        let read = decode_events(&bytes).expect("own bytes");
        assert_eq!(read, std::slice::from_ref(&event));
        let shown = format!("{event:?}");
        let name = shown.split([' ', '(']).next().unwrap_or_default();
        writeln!(lines, "{name} {}", hex(&bytes)).expect("a string takes all");
    }
    expect![[r#"
        Saved 010100010d000000000101710000000501fcc0d40100
        Deleted 010101
        Put 0101020121020efbd007000000011201016b0100
        Put 0101020121020efbd007000000011201016b0101050c
        Put 0101020121020efbd007000000011201016b010207
        Put 0101020121020efbd007000000011201016b0103017710
        Locked 01010301050c
        Released 01010401
        DeadLettered 01010501017710
        Removed 01010601
        BindingSaved 0101070b05010161022f61020101000000
        BindingRemoved 0101080b
        Dispatched 01010901070b2205010161022f610000
        RunStarted 01010a07
        RunEnded 01010b07
        StartRefused 01010c07
    "#]]
    .assert_eq(&lines);
}

#[test]
fn bytes_of_a_queue_are_fixed() {
    let mut queue = Queue::new(Guid(9), Tenant(1));
    queue.apply(&Event::Saved(Box::new(settings())));
    for (number, state) in (1..).zip(states()) {
        queue.apply(&Event::Put(Box::new(message(number, state))));
    }
    queue.apply(&Event::BindingSaved(Box::new(binding())));
    queue.apply(&Event::Dispatched {
        message: 1,
        run: Box::new(run()),
    });
    let bytes = encode_queue(&queue);
    assert_eq!(decode_queue(&bytes).expect("own bytes"), queue);
    expect!["01090101010d000000000101710000000501fcc0d40100010b05010161022f6102010100000001070b2205010161022f610000040121020efbd007000000011201016b0202070222020efbd007000000011201016b0101050c0323020efbd007000000011201016b0102070424020efbd007000000011201016b01030177100404016b21016b22016b23016b2400"].assert_eq(&hex(&bytes));
    for end in 0..bytes.len() {
        assert!(decode_queue(&bytes[..end]).is_err(), "cut at {end}");
    }
}
