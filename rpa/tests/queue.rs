//! Task queues as stories; after each step the queue is read back from its bytes and replayed from its events.

use codec::{Tenant, Value};
use rpa::{
    Guid,
    queue::{
        self, Binding, Change, Command, Concurrency, Decision, Event, MessageState, NewMessage,
        NewQueue, Queue, Refusal, RemoveWhen, pointer, stored,
    },
    registry::LabelSettings,
    terms::Stamp,
};
use std::collections::BTreeMap;

const QUEUE: Guid = Guid(0x9);
const BINDING: Guid = Guid(0xb1);

struct World {
    queue: Queue,
    events: Vec<Event>,
    now_ms: i64,
}

fn new_queue(max_deliveries: u32) -> Command {
    Command::Create(Box::new(NewQueue {
        department: Guid(0xd),
        label: LabelSettings {
            name: Some("orders".to_owned()),
            ..LabelSettings::default()
        },
        max_deliveries: Some(max_deliveries),
        ttl_ms: None,
        by: Stamp::default(),
    }))
}

impl World {
    fn new(max_deliveries: u32) -> World {
        let mut world = World {
            queue: Queue::new(QUEUE, Tenant(1)),
            events: Vec::new(),
            now_ms: 1_000,
        };
        world.does(new_queue(max_deliveries));
        world
    }

    fn tries(&mut self, command: Command) -> Result<Decision, Refusal> {
        let decision = queue::decide(&self.queue, command, self.now_ms)?;
        for event in &decision.events {
            self.queue.apply(event);
        }
        self.events.extend(decision.events.clone());
        let read = stored::decode_queue(&stored::encode_queue(&self.queue)).expect("own bytes");
        assert_eq!(read, self.queue, "reading back changed something");
        let events = stored::decode_events(&stored::encode_events(&self.events));
        let mut replayed = Queue::new(QUEUE, Tenant(1));
        for event in &events.expect("own bytes") {
            replayed.apply(event);
        }
        assert_eq!(replayed, self.queue, "replay changed something");
        Ok(decision)
    }

    fn does(&mut self, command: Command) -> Decision {
        self.tries(command).expect("it is done")
    }

    fn puts(&mut self, messages: Vec<NewMessage>) -> Vec<Guid> {
        let by = Stamp::default();
        self.does(Command::Put { messages, by }).messages
    }

    /// Receives so many, with receipts from 0x100 on.
    fn receives(&mut self, count: u128) -> Vec<Guid> {
        let receipts = (0..count).map(|n| Guid(0x100 + n)).collect();
        let lock_ms = 100;
        self.does(Command::Receive { receipts, lock_ms }).messages
    }

    fn bound(&mut self, concurrency: Concurrency, remove_when: RemoveWhen) {
        let binding = Box::new(Binding {
            id: BINDING,
            workflow: Guid(0x5),
            mapping: vec![("a".to_owned(), "/order/0/amount".to_owned())],
            concurrency,
            remove_when,
            enabled: true,
            created: Stamp::default(),
        });
        let etag = None;
        self.does(Command::SaveBinding { binding, etag });
    }

    /// The executions that one step begins.
    fn starts(&mut self) -> Vec<Guid> {
        let events = self.does(advance()).events.into_iter();
        let started = events.filter_map(|event| match event {
            Event::Dispatched { run, .. } => Some(run.execution),
            _ => None,
        });
        started.collect()
    }

    fn ends(&mut self, execution: Guid, failure: Option<&str>) {
        let failure = failure.map(str::to_owned);
        self.does(Command::Ended { execution, failure });
    }

    fn states(&self) -> Vec<&'static str> {
        self.queue.messages().map(|it| it.state.name()).collect()
    }
}

fn advance() -> Command {
    let stalled = BTreeMap::new();
    Command::Advance { stalled }
}

fn message(id: u128, priority: u32) -> NewMessage {
    NewMessage {
        id: Guid(id),
        body: Value::Int(41),
        priority,
        ttl_ms: None,
        dedup_key: None,
    }
}

#[test]
fn higher_priority_comes_first_then_age_and_a_lock_keeps_others_away() {
    let mut world = World::new(5);
    world.puts(vec![
        message(1, 10),
        message(2, 30),
        message(3, 20),
        message(4, 30),
    ]);
    assert_eq!(world.receives(3), [Guid(2), Guid(4), Guid(3)]);
    assert_eq!(world.receives(3), [Guid(1)]);
    assert_eq!(world.receives(3), []);
    let complete = |message, receipt| Command::Complete {
        message: Guid(message),
        receipt: Guid(receipt),
    };
    assert_eq!(world.tries(complete(2, 0x101)), Err(Refusal::LockLost));
    world.does(complete(2, 0x100));
    assert_eq!(
        world.tries(complete(2, 0x100)),
        Err(Refusal::UnknownMessage)
    );
    world.does(Command::Release {
        message: Guid(4),
        receipt: Guid(0x101),
    });
    assert_eq!(world.receives(1), [Guid(4)]);
    world.does(Command::DeadLetter {
        message: Guid(3),
        receipt: Guid(0x102),
        why: "no such order".to_owned(),
    });
    assert_eq!(world.states(), ["Locked", "Dead", "Locked"]);
}

#[test]
fn a_lock_that_is_over_gives_the_message_back_until_it_was_delivered_too_often() {
    let mut world = World::new(2);
    world.puts(vec![message(1, 10)]);
    for delivery in 1..=2 {
        assert_eq!(world.receives(1), [Guid(1)], "delivery {delivery}");
        assert_eq!(world.queue.due_ms(), Some(world.now_ms + 100));
        world.now_ms += 100;
        let late = world.tries(Command::Complete {
            message: Guid(1),
            receipt: Guid(0x100),
        });
        assert_eq!(late, Err(Refusal::LockLost), "its time is over");
        world.does(advance());
    }
    let MessageState::Dead { why, .. } = &world.queue.message(Guid(1)).expect("there").state else {
        panic!("not dead: {:?}", world.states());
    };
    assert_eq!(why, "delivered 2 times; the last time its lock was over");
    assert_eq!(world.queue.due_ms(), None);
}

#[test]
fn a_message_that_is_too_old_is_a_dead_letter_and_a_known_key_puts_nothing() {
    let mut world = World::new(5);
    let keyed = |id, key: &str| NewMessage {
        dedup_key: Some(key.to_owned()),
        ttl_ms: Some(50),
        ..message(id, 10)
    };
    let put = world.puts(vec![keyed(1, "a"), keyed(2, "a"), keyed(3, "b")]);
    assert_eq!(put, [Guid(1), Guid(1), Guid(3)]);
    world.receives(1);
    world.does(Command::Complete {
        message: Guid(1),
        receipt: Guid(0x100),
    });
    assert_eq!(
        world.puts(vec![keyed(4, "a")]),
        [Guid(1)],
        "also when it is gone"
    );
    world.now_ms += 50;
    assert_eq!(world.receives(1), [], "too old, also before anybody looked");
    world.does(advance());
    assert_eq!(world.states(), ["Dead"]);
    world.does(Command::Remove { message: Guid(3) });
    assert!(world.states().is_empty());
}

#[test]
fn a_binding_starts_a_run_for_each_message_as_its_concurrency_says() {
    use Concurrency::{Parallel, Serial, SkipWhileRunning};
    for (concurrency, first, states) in [
        (Parallel, 3, vec!["Running", "Running", "Running"]),
        (Serial, 1, vec!["Running", "Ready", "Ready"]),
        (SkipWhileRunning, 1, vec!["Running"]),
    ] {
        let mut world = World::new(5);
        world.bound(concurrency, RemoveWhen::Succeeded);
        world.puts(vec![message(1, 10), message(2, 10), message(3, 10)]);
        let started = world.starts();
        assert_eq!(started.len(), first, "{concurrency:?}");
        assert_eq!(world.states(), states, "{concurrency:?}");
        assert!(world.starts().is_empty(), "{concurrency:?}: once");
        for execution in started {
            world.does(Command::Started { execution });
            world.ends(execution, None);
            world.ends(execution, None);
        }
        let next = world.starts();
        assert_eq!(next.len(), usize::from(concurrency == Serial));
    }
}

#[test]
fn a_message_goes_when_its_run_started_or_when_it_succeeded_and_comes_back_otherwise() {
    let mut world = World::new(2);
    world.bound(Concurrency::Serial, RemoveWhen::Started);
    world.puts(vec![message(1, 10), message(2, 10)]);
    let first = world.starts();
    assert_eq!(world.states(), ["Running", "Ready"]);
    world.does(Command::Started {
        execution: first[0],
    });
    assert_eq!(world.states(), ["Ready"]);
    assert!(world.starts().is_empty(), "it still runs");
    world.ends(first[0], Some("it failed"));
    assert_eq!(world.starts().len(), 1);

    let mut world = World::new(2);
    world.bound(Concurrency::Parallel, RemoveWhen::Succeeded);
    world.puts(vec![message(1, 10)]);
    let first = world.starts();
    world.ends(first[0], Some("job 1 failed"));
    let second = world.starts();
    assert_ne!(first, second, "another delivery is another execution");
    world.does(Command::RemoveBinding { binding: BINDING });
    world.ends(second[0], Some("job 2 failed"));
    assert_eq!(world.states(), ["Dead"]);
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let mut world = World::new(2);
    let by = Stamp::default;
    let put = |message| Command::Put {
        messages: vec![message],
        by: by(),
    };
    let improper = |command: Command, field: &str| {
        let decided = queue::decide(&world.queue, command, 0);
        assert!(
            matches!(&decided, Err(Refusal::Improper { field: of, .. }) if *of == field),
            "{decided:?}"
        );
    };
    improper(put(message(1, 5_001)), "priority");
    let large = "x".repeat(queue::BODY_BYTES);
    improper(
        put(NewMessage {
            body: Value::String(large),
            ..message(1, 1)
        }),
        "body",
    );
    improper(
        put(NewMessage {
            ttl_ms: Some(0),
            ..message(1, 1)
        }),
        "ttl",
    );
    let none = Command::Put {
        messages: Vec::new(),
        by: by(),
    };
    improper(none, "messages");
    let change = |etag: Option<String>, max_deliveries| {
        Command::Change(Box::new(Change {
            etag,
            label: LabelSettings::default(),
            max_deliveries: Some(max_deliveries),
            ttl_ms: Some(Some(7)),
            by: Stamp::default(),
        }))
    };
    improper(change(None, 0), "maxDeliveries");
    let seen = world.queue.settings().expect("there").meta.etag();
    world.does(change(Some(seen.clone()), 3));
    let settings = world.queue.settings().expect("there");
    assert_eq!((settings.max_deliveries, settings.ttl_ms), (3, Some(7)));
    assert_eq!(world.tries(change(Some(seen), 4)), Err(Refusal::Changed));
    assert_eq!(world.tries(new_queue(4)), Err(Refusal::Exists));
    world.does(Command::Delete);
    let gone = world.tries(put(message(1, 1)));
    assert_eq!(gone, Err(Refusal::UnknownQueue));
    assert_eq!(world.tries(change(None, 1)), Err(Refusal::UnknownQueue));
    assert_eq!(world.tries(new_queue(1)), Err(Refusal::Exists));
}

#[test]
fn a_pointer_names_a_part_of_the_body() {
    let order = Value::Map(vec![
        ("amount".to_owned(), Value::Int(41)),
        ("a/b~c".to_owned(), Value::Bool(true)),
    ]);
    let body = Value::Map(vec![("order".to_owned(), Value::List(vec![order.clone()]))]);
    for (path, expected) in [
        ("", Some(&body)),
        ("/order/0/amount", Some(&Value::Int(41))),
        ("/order/0/a~1b~0c", Some(&Value::Bool(true))),
        ("/order/0", Some(&order)),
        ("/order/1", None),
        ("/order/00", None),
        ("/order/0/amount/x", None),
        ("order", None),
    ] {
        assert_eq!(pointer::find(&body, path), expected, "{path}");
    }
}

#[test]
fn a_start_that_is_refused_takes_no_delivery_and_its_binding_tries_with_one_message() {
    use Concurrency::{Parallel, Serial, SkipWhileRunning};
    for concurrency in [Parallel, Serial, SkipWhileRunning] {
        let mut world = World::new(1);
        world.bound(concurrency, RemoveWhen::Succeeded);
        world.puts(vec![message(1, 10)]);
        let first = world.starts();
        world.puts(vec![message(2, 10)]);
        let execution = first[0];
        world.does(Command::StartRefused { execution });
        let again = world.does(Command::StartRefused { execution });
        assert_eq!(again.events, [], "{concurrency:?}");
        let deliveries = |world: &World| {
            let messages = world.queue.messages();
            messages.map(|it| it.deliveries).collect::<Vec<_>>()
        };
        assert_eq!(deliveries(&world), [0, 0], "{concurrency:?}");
        let mut step = |may_try| {
            let stalled = BTreeMap::from([(BINDING, may_try)]);
            let events = world.does(Command::Advance { stalled }).events;
            events
                .iter()
                .filter(|event| matches!(event, Event::Dispatched { .. }))
                .count()
        };
        assert_eq!((step(false), step(true), step(true)), (0, 1, 0));
        assert_eq!(world.states(), ["Running", "Ready"], "{concurrency:?}");
        // It is the same execution: it never began.
        assert_eq!(world.queue.runs()[0].execution, execution);
        world.does(Command::Started { execution });
        world.does(Command::StartRefused { execution });
        assert_eq!(world.states()[0], "Running", "what has begun goes on");
    }
}
