//! What the stories share: a model, an engine on a directory, and how it is closed or copied as a crash leaves it.

use actors::{
    Engine, Options,
    definitions::deploy::File,
    views::{TaskFilter, Window},
};
use bpmn::{Command, instance::Start};
use codec::{Id, RootId, Tenant, Value};
use std::path::Path;

/// One user task.
pub const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL"
  xmlns:activiti="http://activiti.org/bpmn" targetNamespace="t">
  <process id="one"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="t"/>
  <userTask id="t" name="Do it" activiti:assignee="kim"/><sequenceFlow id="b" sourceRef="t" targetRef="e"/>
  <endEvent id="e"/></process></definitions>"#;

pub async fn open(data: &Path) -> Engine {
    match actors::open(Options::new(data)).await {
        Ok(engine) => engine,
        Err(error) => panic!("the data do not open: {error}"),
    }
}

pub async fn deploy(engine: &Engine) {
    let file = File {
        name: "one.bpmn".to_owned(),
        bytes: MODEL.as_bytes().into(),
    };
    let deployed = engine
        .deploy(Tenant(0), String::new(), vec![file], false)
        .await;
    assert!(deployed.is_ok(), "{deployed:?}");
}

pub fn start_of(engine: &Engine) -> Start {
    let published = engine.catalog.latest(Tenant(0), "one").expect("deployed");
    Start {
        variables: vec![("amount".to_owned(), Value::Int(7))],
        ..Start::new(published.definition.clone())
    }
}

pub async fn start(engine: &Engine) -> RootId {
    match engine.start(start_of(engine), |root, _| root).await {
        Ok(root) => root,
        Err(failure) => panic!("not started: {failure}"),
    }
}

pub fn open_tasks(engine: &Engine) -> Vec<Id> {
    let views = engine.views.read();
    let page = views.tasks(&TaskFilter::default(), &Window::default());
    page.items.iter().map(|task| task.id()).collect()
}

pub async fn close(engine: Engine) {
    let stopped = tokio::task::spawn_blocking(move || engine.stop()).await;
    assert!(stopped.is_ok());
}

pub fn copy_directory(from: &Path, to: &Path) {
    std::fs::create_dir_all(to).expect("a directory");
    for entry in std::fs::read_dir(from).expect("readable") {
        let entry = entry.expect("an entry");
        // A segment that is being prepared gets its name meanwhile; nothing stands in it yet.
        match std::fs::copy(entry.path(), to.join(entry.file_name())) {
            Ok(_) => {}
            Err(error) => assert_eq!(error.kind(), std::io::ErrorKind::NotFound, "{error}"),
        }
    }
}

/// Completes a task without variables.
pub fn complete(task: Id) -> Command {
    Command::CompleteTask {
        task: task.number,
        user: None,
        variables: Vec::new(),
        transient: Vec::new(),
        local: Vec::new(),
    }
}

/// Waits until all that has ended so far is archived and shown from there.
pub async fn archived(engine: &Engine) {
    let archiver = engine.archiver.clone();
    let flushed = tokio::task::spawn_blocking(move || archiver.flush()).await;
    assert!(flushed.is_ok());
    engine.barrier().await;
}

/// Copies the archive as a crash would leave it.
pub async fn copy_archive(engine: &Engine, to: &Path) {
    let (archiver, to) = (engine.archiver.clone(), to.join("history.db"));
    let copied = tokio::task::spawn_blocking(move || archiver.archive.copy_to(&to)).await;
    assert!(matches!(copied, Ok(Ok(()))), "{copied:?}");
}
