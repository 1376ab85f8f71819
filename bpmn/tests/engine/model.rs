//! Small models for stories, and the commands that all of them give.
//! Never: reads a file.

use super::world::World;
use bpmn::Host;
use bpmn::instance::{Command, Refusal, Start};
use bpmn::rows::Rows;
use codec::{RootId, Tenant};

pub const HEAD: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
 xmlns:xsi="http://www.w3.org/2001/XMLSchema-instance" xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">"#;

/// A process `p` of start, what is given, and end; flows are written as `from>to`.
pub fn process(inner: &str, flows: &[&str]) -> String {
    let mut flow_text = String::new();
    for (index, flow) in flows.iter().enumerate() {
        let (from, to) = flow.split_once('>').expect("from>to");
        flow_text += &format!("<sequenceFlow id='f{index}' sourceRef='{from}' targetRef='{to}'/>");
    }
    format!(
        "{HEAD}<process id='p'><startEvent id='start'/>{inner}<endEvent id='end'/>{flow_text}</process></definitions>"
    )
}

pub fn world(models: &[&str]) -> World {
    let mut world = World::new(true);
    for model in models {
        world
            .deploy(&[model.as_bytes().to_vec()])
            .expect("it deploys");
    }
    world
}

pub fn start_of(world: &World) -> Start {
    let definition = world.outside.latest_definition(Tenant(0), "p");
    Start::new(definition.expect("p is deployed"))
}

pub fn started(world: &mut World) -> RootId {
    let start = start_of(world);
    world.start(start).expect("it starts")
}

pub fn rows(world: &World, root: RootId) -> Rows {
    world.entity(root).expect("it is there").instance.rows()
}

pub fn complete(world: &mut World, root: RootId) -> Result<(), Refusal> {
    let task = rows(world, root).tasks[0].number;
    world.command(
        root,
        Command::CompleteTask {
            task,
            user: None,
            variables: Vec::new(),
            transient: Vec::new(),
            local: Vec::new(),
        },
    )
}

pub fn refused(world: &mut World) -> Refusal {
    let start = start_of(world);
    world.start(start).expect_err("it is refused")
}

pub const TASK: &str = "<userTask id='task' name='T'/>";
