//! Random walks: random models, driven by random commands with a restart and a replay after each.
//! A running instance always waits for something, and every walk comes to an end that leaves nothing behind.

use super::model::HEAD;
use super::world::World;
use bpmn::Host;
use bpmn::history;
use bpmn::instance::{Command, Start};
use bpmn::model::Kind;
use bpmn::rows::Rows;
use codec::{RootId, Tenant};
use proptest::prelude::*;

/// Steps after which a walk stops choosing and drives everything to its end.
const WALK_STEPS: usize = 40;
/// Steps after which an instance must have ended.
const MAX_STEPS: usize = 600;

/// A piece of a process with one way in and one way out.
#[derive(Clone, Debug)]
enum Block {
    User,
    Manual,
    Receive,
    Wait,
    Sequence(Vec<Block>),
    Parallel(Vec<Block>),
    Inclusive(Vec<Block>),
    Choice(Vec<Block>),
    Sub(Box<Block>),
    /// A sub-process that is left by an error, caught at its boundary.
    Failing(Box<Block>),
    /// A user task with a timer beside it.
    Timed {
        interrupting: bool,
    },
    Many {
        sequential: bool,
        count: u8,
        inner: Box<Block>,
    },
    Call,
}

fn leaf() -> impl Strategy<Value = Block> {
    prop_oneof![
        3 => Just(Block::User),
        1 => Just(Block::Manual),
        1 => Just(Block::Receive),
        1 => Just(Block::Wait),
        1 => Just(Block::Call),
        2 => any::<bool>().prop_map(|interrupting| Block::Timed { interrupting }),
    ]
}

fn blocks() -> impl Strategy<Value = Block> {
    leaf().prop_recursive(6, 48, 4, |inner| {
        let several = prop::collection::vec(inner.clone(), 2..5);
        prop_oneof![
            3 => several.clone().prop_map(Block::Sequence),
            2 => several.clone().prop_map(Block::Parallel),
            1 => several.clone().prop_map(Block::Inclusive),
            1 => several.prop_map(Block::Choice),
            2 => inner.clone().prop_map(|block| Block::Sub(Box::new(block))),
            1 => inner.clone().prop_map(|block| Block::Failing(Box::new(block))),
            2 => (any::<bool>(), 0..4_u8, inner).prop_map(|(sequential, count, inner)| Block::Many {
                sequential,
                count,
                inner: Box::new(inner),
            }),
        ]
    })
}

/// Writes blocks as XML; ids are counted.
#[derive(Default)]
struct Writer {
    xml: String,
    last: u32,
    /// Inside a multi-instance an inclusive join would wait for the other instances, by design.
    in_many: bool,
}

impl Writer {
    fn id(&mut self) -> String {
        self.last += 1;
        format!("n{}", self.last)
    }

    fn flow(&mut self, from: &str, to: &str) {
        let id = self.id();
        self.xml += &format!("<sequenceFlow id='{id}' sourceRef='{from}' targetRef='{to}'/>");
    }

    fn node(&mut self, tag: &str, content: &str) -> (String, String) {
        let id = self.id();
        self.xml += &format!("<{tag} id='{id}'>{content}</{tag}>");
        (id.clone(), id)
    }

    /// Answers the ids of the first and the last node.
    fn block(&mut self, block: &Block) -> (String, String) {
        match block {
            Block::User => self.node("userTask", ""),
            Block::Manual => self.node("manualTask", ""),
            Block::Receive => self.node("receiveTask", ""),
            Block::Wait => self.node(
                "intermediateCatchEvent",
                "<timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition>",
            ),
            Block::Call => {
                let id = self.id();
                self.xml += &format!("<callActivity id='{id}' calledElement='called'/>");
                (id.clone(), id)
            }
            Block::Sequence(inner) => self.sequence(inner),
            Block::Parallel(inner) => self.gateways("parallelGateway", inner),
            Block::Inclusive(inner) if self.in_many => self.gateways("parallelGateway", inner),
            Block::Inclusive(inner) => self.gateways("inclusiveGateway", inner),
            Block::Choice(inner) => self.gateways("exclusiveGateway", inner),
            Block::Sub(inner) => self.sub_process("", inner, false),
            Block::Failing(inner) => {
                let (id, _) = self.sub_process("", inner, true);
                let caught = self.id();
                self.xml += &format!(
                    "<boundaryEvent id='{caught}' attachedToRef='{id}'><errorEventDefinition/></boundaryEvent>"
                );
                let (after, _) = self.node("manualTask", "");
                self.flow(&caught, &after);
                (id, after)
            }
            Block::Timed { interrupting } => self.timed(*interrupting),
            Block::Many {
                sequential,
                count,
                inner,
            } => {
                let outer = std::mem::replace(&mut self.in_many, true);
                let loops = format!(
                    "<multiInstanceLoopCharacteristics isSequential='{sequential}'><loopCardinality>{count}\
                     </loopCardinality></multiInstanceLoopCharacteristics>"
                );
                let ends = self.sub_process(&loops, inner, false);
                self.in_many = outer;
                ends
            }
        }
    }

    fn sequence(&mut self, inner: &[Block]) -> (String, String) {
        let (first, mut last) = self.block(&inner[0]);
        for block in &inner[1..] {
            let (begin, end) = self.block(block);
            self.flow(&last, &begin);
            last = end;
        }
        (first, last)
    }

    fn gateways(&mut self, tag: &str, inner: &[Block]) -> (String, String) {
        let (fork, _) = self.node(tag, "");
        let (join, _) = self.node(tag, "");
        for block in inner {
            let (begin, end) = self.block(block);
            self.flow(&fork, &begin);
            self.flow(&end, &join);
        }
        (fork, join)
    }

    fn sub_process(&mut self, loops: &str, inner: &Block, fails: bool) -> (String, String) {
        let id = self.id();
        self.xml += &format!("<subProcess id='{id}'>{loops}");
        let (start, _) = self.node("startEvent", "");
        let (begin, end) = self.block(inner);
        let content = if fails {
            "<errorEventDefinition errorRef='oops'/>"
        } else {
            ""
        };
        let (last, _) = self.node("endEvent", content);
        self.flow(&start, &begin);
        self.flow(&end, &last);
        self.xml += "</subProcess>";
        (id.clone(), id)
    }

    fn timed(&mut self, interrupting: bool) -> (String, String) {
        let (task, _) = self.node("userTask", "");
        let late = self.id();
        self.xml += &format!(
            "<boundaryEvent id='{late}' attachedToRef='{task}' cancelActivity='{interrupting}'><timerEventDefinition>\
             <timeDuration>PT30M</timeDuration></timerEventDefinition></boundaryEvent>"
        );
        let (after, _) = self.node("manualTask", "");
        if interrupting {
            self.flow(&task, &after);
            self.flow(&late, &after);
        } else {
            let (aside, _) = self.node("userTask", "");
            self.flow(&late, &aside);
            self.flow(&task, &after);
        }
        (task, after)
    }
}

fn deployed(block: &Block) -> World {
    let mut writer = Writer::default();
    let (first, last) = writer.block(block);
    writer.flow("start", &first);
    writer.flow(&last, "end");
    let model = format!(
        "{HEAD}<error id='oops' errorCode='OOPS'/><process id='p'><startEvent id='start'/><endEvent id='end'/>{}</process>\
         <process id='called'><startEvent id='s'/><userTask id='u'/><sequenceFlow id='f' sourceRef='s' targetRef='u'/>\
         </process></definitions>",
        writer.xml
    );
    let mut world = World::new(true);
    if let Err(why) = world.deploy(&[model.clone().into_bytes()]) {
        panic!("{why}\n{model}");
    }
    world
}

fn rows(world: &World, root: RootId) -> Rows {
    world.entity(root).expect("it is there").instance.rows()
}

/// Receive tasks that wait, by instance and id.
fn receivers(world: &World, root: RootId) -> Vec<(u32, String)> {
    let instance = &world.entity(root).expect("it is there").instance;
    let definition = world.outside.latest_definition(Tenant(0), "p").expect("p");
    let mut found = Vec::new();
    for activity in instance.active_activities() {
        if activity.instance != 0 {
            continue;
        }
        let element = definition.process.element(activity.element);
        if matches!(element.kind, Kind::ReceiveTask) {
            found.push((activity.instance, element.id.clone()));
        }
    }
    found
}

/// One step: completes a task, triggers a receive task, or lets time pass, as the choice says.
fn step(world: &mut World, root: RootId, choice: u8) {
    let tasks = rows(world, root).tasks;
    let waiting = receivers(world, root);
    let timers = rows(world, root).timers.len();
    let ways = tasks.len() + waiting.len() + usize::from(timers > 0);
    assert!(ways > 0, "it runs and waits for nothing");
    let way = usize::from(choice) % ways;
    if let Some(task) = tasks.get(way) {
        let command = Command::CompleteTask {
            task: task.number,
            user: None,
            variables: Vec::new(),
            transient: Vec::new(),
            local: Vec::new(),
        };
        world.command(root, command).expect("it completes");
    } else if let Some((instance, activity)) = waiting.get(way - tasks.len()) {
        let command = Command::Trigger {
            instance: *instance,
            activity: activity.clone(),
            variables: Vec::new(),
            transient: Vec::new(),
        };
        world.command(root, command).expect("it goes on");
    } else {
        let now_ms = world.outside.now_ms;
        world.advance(now_ms + 1_860_000).expect("time passes");
    }
}

fn walk(block: &Block, choices: &[u8]) {
    let mut world = deployed(block);
    let definition = world.outside.latest_definition(Tenant(0), "p").expect("p");
    let root = world.start(Start::new(definition)).expect("it starts");
    for turn in 0..MAX_STEPS {
        if world.entity(root).expect("it is there").instance.is_ended() {
            break;
        }
        // A suspension in between changes nothing but what is refused meanwhile.
        if turn % 7 == 3 {
            let instance = 0;
            let include_called = true;
            let suspend = Command::Suspend {
                instance,
                include_called,
            };
            world.command(root, suspend).expect("suspended");
            let activate = Command::Activate {
                instance,
                include_called,
            };
            world.command(root, activate).expect("activated");
        }
        let choice = if turn < WALK_STEPS {
            choices[turn % choices.len()]
        } else {
            0
        };
        step(&mut world, root, choice);
    }
    let entity = world.entity(root).expect("it is there");
    assert!(
        entity.instance.is_ended(),
        "still running:\n{}",
        entity.instance.text()
    );
    let left = entity.instance.rows();
    assert!(left.tasks.is_empty() && left.timers.is_empty() && left.incidents.is_empty());
    let rows = &left.instances;
    for one in bpmn::archive::ended_instances(rows, &entity.entries) {
        assert!(
            one.activities
                .iter()
                .all(|activity| activity.ended_ms.is_some())
        );
        // What is read of its bytes is what history tells.
        let number = one.row.number;
        let read = bpmn::stored::decode_ended(&bpmn::stored::encode_ended(&one));
        let read = read.expect("own bytes");
        assert_eq!(&read.row, one.row);
        assert_eq!(read.activities, one.activities);
        assert_eq!(read.flows, history::taken_flows(&entity.entries, number));
        assert_eq!(
            read.variables,
            history::last_values(&entity.entries, number)
        );
        let tasks = history::finished_tasks(&entity.entries, number);
        assert!(read.tasks.iter().eq(tasks));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_walk_through_every_model_ends_clean(
        block in blocks(),
        choices in prop::collection::vec(any::<u8>(), 1..WALK_STEPS),
    ) {
        walk(&block, &choices);
    }
}
