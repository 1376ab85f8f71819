//! Activities with tens of thousands of instances, at once or one after the other: whatever ends them takes time that grows
//! with their number, not its square.

use super::model::{process, start_of};
use super::world::World;
use bpmn::instance::{Command, Instance};
use bpmn::rows::Rows;
use codec::{RootId, Tenant};
use std::time::{Duration, Instant};

/// Instances of the activity.
const TASKS: usize = 40_000;
/// Each of these calls an instance, which costs several activations.
const CALLS: usize = 10_000;
/// Linear, an end takes some 50 ms; with the square of the number in it, seconds.
const AT_MOST: Duration = Duration::from_millis(1500);

const BOUNDARY: &str = "<boundaryEvent id='b' attachedToRef='many'><timerEventDefinition><timeDuration>PT1H</timeDuration>\
    </timerEventDefinition></boundaryEvent>";
const TERMINATE: &str = "<parallelGateway id='fork'/><userTask id='other' name='other'/>\
    <endEvent id='kill'><terminateEventDefinition/></endEvent>";
const CALLED: &str = "<process id='called'><startEvent id='s'/><sequenceFlow id='a' sourceRef='s' targetRef='t'/>\
    <userTask id='t'/></process></definitions>";
const WAITS: &str = "<startEvent id='s'/><sequenceFlow id='a' sourceRef='s' targetRef='c'/><intermediateCatchEvent id='c'>\
    <timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>";

/// An activity `many` of so many instances.
fn many(kind: &str, count: usize, inner: &str, completion: &str) -> String {
    let (element, called) = kind.split_once(' ').unwrap_or((kind, ""));
    format!(
        "<{element} {called} id='many'><multiInstanceLoopCharacteristics isSequential='false'>\
         <loopCardinality>{count}</loopCardinality>{completion}</multiInstanceLoopCharacteristics>{inner}</{element}>"
    )
}

fn completed(rows: &Rows, name: Option<&str>) -> Command {
    let task = rows.tasks.iter().find(|task| task.name.as_deref() == name);
    Command::CompleteTask {
        task: task.expect("an open task").number,
        user: None,
        variables: Vec::new(),
        transient: Vec::new(),
        local: Vec::new(),
    }
}

fn deleted(_: &Rows) -> Command {
    Command::Delete {
        instance: 0,
        reason: None,
    }
}

fn fired(rows: &Rows) -> Command {
    Command::FireTimer {
        timer: rows.timers[0].number,
    }
}

/// Starts the model, ends all that waits by one command, and takes what an actor takes of it.
fn ends_in_time(case: &str, model: &str, end: fn(&Rows) -> Command) {
    let mut world = World::new(false);
    world
        .deploy(&[model.as_bytes().to_vec()])
        .expect("it deploys");
    let mut instance = Instance::new(RootId(1), Tenant(0));
    let start = Command::Start(Box::new(start_of(&world)));
    instance
        .decide(start, &mut world.outside)
        .expect("it starts");
    let rows = instance.rows_ref();
    let open = (rows.tasks.len(), rows.timers.len());
    assert!(
        open.0.max(open.1) >= CALLS,
        "{case}: {open:?} tasks and timers"
    );
    let command = end(rows);
    let begun = Instant::now();
    let decided = instance.decide(command, &mut world.outside);
    let changes = instance.row_changes(&decided.expect("it ends").events);
    let ended = bpmn::archive::ended_instances(&instance.rows_ref().instances, instance.history());
    let took = begun.elapsed();
    assert_eq!(
        (changes.gone_tasks.len(), changes.gone_timers.len()),
        open,
        "{case}"
    );
    let archived: usize = ended.iter().map(|ended| ended.tasks.len()).sum();
    assert_eq!(archived, open.0, "{case}");
    assert!(took < AT_MOST, "{case}: {took:?}");
}

#[test]
fn tens_of_thousands_of_tasks_timers_or_calls_end_at_once_in_linear_time() {
    let one = "<completionCondition>${nrOfCompletedInstances == 1}</completionCondition>";
    let tasks = many("userTask", TASKS, "", "");
    let waits = many("subProcess", CALLS, WAITS, "");
    let calls = many("callActivity calledElement='called'", CALLS, "", "");
    let straight = ["start>many", "many>end"];
    type End = fn(&Rows) -> Command;
    let cases: [(&str, String, End); 6] = [
        ("a deletion", process(&tasks, &straight), deleted),
        (
            "an interrupting boundary event",
            process(&(tasks.clone() + BOUNDARY), &["start>many", "b>end"]),
            fired,
        ),
        (
            "a terminate end event",
            process(
                &(tasks + TERMINATE),
                &["start>fork", "fork>many", "fork>other", "other>kill"],
            ),
            |rows| completed(rows, Some("other")),
        ),
        (
            "a completion condition",
            process(&many("userTask", TASKS, "", one), &straight),
            |rows| completed(rows, None),
        ),
        ("timers", process(&waits, &straight), deleted),
        (
            "called instances",
            process(&calls, &straight).replace("</definitions>", CALLED),
            deleted,
        ),
    ];
    for (case, model, end) in cases {
        ends_in_time(case, &model, end);
    }
}

/// How often the loop calls, in batches whose quickest is compared.
const ROUNDS: usize = 20_000;
const BATCH: usize = 100;
const BATCHES: usize = 10;

#[test]
fn a_loop_of_calls_takes_as_long_for_the_last_as_for_the_first() {
    let call = "<callActivity id='call' calledElement='called'/>";
    let model = process(call, &["start>call", "call>call"]).replace("</definitions>", CALLED);
    let mut world = World::new(false);
    world.deploy(&[model.into_bytes()]).expect("it deploys");
    let mut instance = Instance::new(RootId(1), Tenant(0));
    let start = Command::Start(Box::new(start_of(&world)));
    let started = instance.decide(start, &mut world.outside);
    started.expect("it starts");
    let mut took = Vec::new();
    for _ in 0..ROUNDS / BATCH {
        let begun = Instant::now();
        for _ in 0..BATCH {
            let command = completed(instance.rows_ref(), None);
            let decided = instance.decide(command, &mut world.outside);
            decided.expect("it calls again");
        }
        took.push(begun.elapsed());
    }
    let calls = instance.rows_ref().instances.len();
    assert!(calls > ROUNDS, "{calls} instances");
    let (first, last) = (&took[..BATCHES], &took[took.len() - BATCHES..]);
    let (first, last) = (first.iter().min(), last.iter().min());
    assert!(
        last < first.map(|first| *first * 4).as_ref(),
        "{first:?}, then {last:?}"
    );
}
