//! Instances whose bytes cannot be read: set aside, shown, and nobody else's trouble.

use super::*;
use crate::{
    Engine, Options,
    definitions::deploy::File,
    views::{IncidentFilter, Window},
};
use bpmn::rows::IncidentKind;
use codec::{DecodeError, RootId, Tenant};
use std::path::Path;

const MODEL: &str = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
      <process id="waits"><startEvent id="s"/><sequenceFlow id="a" sourceRef="s" targetRef="c"/>
      <intermediateCatchEvent id="c"><timerEventDefinition><timeDuration>PT1H</timeDuration></timerEventDefinition></intermediateCatchEvent>
      <sequenceFlow id="b" sourceRef="c" targetRef="e"/><endEvent id="e"/></process></definitions>"#;

/// An engine whose first record is a deployment.
async fn open(data: &Path) -> Engine {
    let engine = crate::open(Options::new(data)).await.expect("opened");
    let file = File {
        name: "waits.bpmn".to_owned(),
        bytes: MODEL.as_bytes().into(),
    };
    let deployed = engine.deploy(Tenant(0), String::new(), vec![file], false);
    assert!(deployed.await.is_ok());
    engine
}

/// The open incidents: kind, root, element.
fn shown(engine: &Engine) -> Vec<(IncidentKind, RootId, String)> {
    let views = engine.views.read();
    let found = views.incidents(&IncidentFilter::default(), &Window::default());
    let incident = |incident: &crate::views::Incident<'_>| {
        let activity_id = incident.activity_id().to_owned();
        (incident.kind(), incident.id().root, activity_id)
    };
    found.items.iter().map(incident).collect()
}

/// Starts an instance that waits for its timer.
async fn start(engine: &Engine) -> (RootId, Arc<Slot>) {
    let published = engine.catalog.latest(Tenant(0), "waits").expect("deployed");
    let start = bpmn::instance::Start::new(published.definition.clone());
    let root = engine.start(start, |root, _| root).await.expect("started");
    (root, engine.directory.get(root).expect("in memory"))
}

/// Sets an instance aside that was live, as a rebuild that fails does.
async fn break_down(engine: &Engine, slot: &Arc<Slot>) {
    let remains = match slot.borrow() {
        Body::Live(live) => live.into_remains(&DecodeError::Empty, 1),
        _ => panic!("it is not live"),
    };
    slot.give_back(quarantine(engine, slot, remains));
    engine.barrier().await;
}

async fn close(engine: Engine) {
    let stopped = tokio::task::spawn_blocking(move || engine.stop());
    assert!(stopped.await.is_ok());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_cannot_be_rebuilt_is_set_aside_alone() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    let broken = RootId(7);
    let body = Body::AtRest(vec![9, 9, 9, 9, 9].into());
    let slot = Arc::new(Slot::new(broken, Tenant(0), body, 1));
    assert!(engine.directory.insert(Arc::clone(&slot)));
    let suspend = || bpmn::Command::Suspend {
        instance: 0,
        include_called: false,
    };
    // The first command finds it out, the second is told, and the bytes stay as they were.
    for _ in 0..2 {
        let answer = engine.order(broken, suspend(), |_| ()).await;
        assert!(matches!(answer, Err(Failure::Quarantined(_))), "{answer:?}");
    }
    let (sender, saved) = mpsc::channel();
    engine.send(&slot, Message::Save(sender));
    let saved = tokio::task::spawn_blocking(move || saved.recv()).await;
    let saved = saved.expect("waited").expect("saved");
    assert_eq!((saved.kind, saved.sequence), (record::kind::SET_ASIDE, 1));
    let remains = Remains::decode(&saved.bytes).expect("own bytes");
    assert_eq!((remains.base, remains.base_sequence), (vec![9; 5], 1));
    let answer = engine.order(RootId(8), suspend(), |_| ()).await;
    assert!(matches!(answer, Err(Failure::NotFound)), "{answer:?}");
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_set_aside_is_an_incident_and_its_timers_stand_still() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    let (root, slot) = start(&engine).await;
    assert_eq!(engine.views.read().next_due(i64::MAX).count(), 1);
    break_down(&engine, &slot).await;
    assert_eq!(engine.views.read().next_due(i64::MAX).count(), 0);
    assert_eq!(
        shown(&engine),
        [(IncidentKind::Quarantine, root, String::new())]
    );
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_instance_that_is_set_aside_before_its_first_base_outlives_the_journal() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    let (root, slot) = start(&engine).await;
    break_down(&engine, &slot).await;
    // So many snapshots that all of them begin behind its record.
    for _ in 0..3 {
        let taking = engine.clone();
        let taken = tokio::task::spawn_blocking(move || taking.snapshots().take_now());
        assert!(matches!(taken.await, Ok(Ok(()))));
    }
    close(engine).await;
    // This build can rebuild it.
    let engine = crate::open(Options::new(data.path()))
        .await
        .expect("opened");
    let open = engine.look(root, |seen| seen.instance.rows_ref().timers.len());
    assert!(matches!(open.await, Ok(1)));
    assert_eq!(engine.views.read().next_due(i64::MAX).count(), 1);
    assert_eq!(shown(&engine), []);
    close(engine).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_has_ended_is_its_bytes_and_is_looked_at_and_saved_as_it_was() {
    let data = tempfile::tempdir().expect("a directory");
    let engine = open(data.path()).await;
    let (root, slot) = start(&engine).await;
    let delete = bpmn::Command::Delete {
        instance: 0,
        reason: Some("enough".to_owned()),
    };
    let state = |applied: &Applied<'_>| {
        let instance = applied.instance;
        (instance.text(), instance.history().to_vec())
    };
    let ended = engine.order(root, delete, state).await.expect("deleted");
    // Also when it is archived already: the slot is kept here.
    let (told, seen) = mpsc::channel();
    let look: Look = Box::new(move |seen| {
        let read = seen.and_then(|seen| {
            let history = entity::history(seen.chunks, seen.instance);
            let history = history.map_err(|error| Failure::Quarantined(error.to_string()))?;
            Ok((seen.instance.text(), history))
        });
        Box::new(move || told.send(read).expect("awaited"))
    });
    engine.send(&slot, Message::Read(look));
    let (sender, saved) = mpsc::channel();
    engine.send(&slot, Message::Save(sender));
    let heard = tokio::task::spawn_blocking(move || (seen.recv(), saved.recv()));
    let (seen, saved) = heard.await.expect("waited");
    assert_eq!(seen.expect("told").expect("it can be read"), ended);
    let saved = saved.expect("saved");
    assert_eq!(saved.kind, record::kind::INSTANCE);
    let read = entity::decode(root, Tenant(0), &saved.bytes).expect("own bytes");
    let chunks = entity::split(&saved.bytes).expect("own bytes").chunks;
    let history = entity::history(chunks, &read).expect("own bytes");
    assert_eq!((read.text(), history), ended);
    let kept = loop {
        match slot.ended(<[u8]>::to_vec) {
            crate::slot::Ended::Yes(bytes) => break bytes,
            // The host is about to give it back.
            crate::slot::Ended::Lent => tokio::task::yield_now().await,
            crate::slot::Ended::No => panic!("it has not ended"),
        }
    };
    assert_eq!(kept, saved.bytes);
    close(engine).await;
}
