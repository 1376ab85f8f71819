//! The archive: what is put is found again, by every filter, in pages, and only once.

mod audit;
mod filters;

use super::*;
use bpmn::rows::Delegation;
use codec::{DefinitionId, RootId, Tenant};

const OWN: Tenant = Tenant(0);
const OTHER: Tenant = Tenant(7);

pub(crate) fn archive() -> (tempfile::TempDir, Archive) {
    let folder = tempfile::tempdir().expect("a folder");
    let archive = Archive::open(&folder.path().join("history.db")).expect("an archive");
    (folder, archive)
}

pub(crate) fn task(root: u128, number: u32) -> FinishedTask {
    FinishedTask {
        id: RootId(root).child(number),
        instance: 0,
        tenant: OWN,
        order: root as u64 * 10 + u64::from(number),
        definition: DefinitionId(3),
        key: "leave".to_owned(),
        activity_id: "approve".to_owned(),
        execution: 2,
        name: Some("Approve".to_owned()),
        description: None,
        assignee: Some(format!("user{}", root % 3)),
        owner: None,
        delegation: Some(Delegation::Resolved),
        priority: 50,
        due_ms: Some(900),
        category: None,
        form_key: Some("form".to_owned()),
        parent_task: None,
        business_key: None,
        created_ms: 100,
        claimed_ms: Some(150),
        ended_ms: 200 + root as i64,
        delete_reason: None,
    }
}

fn instance(root: u128) -> ArchivedInstance {
    ArchivedInstance {
        row: InstanceRow {
            id: RootId(root).instance(),
            tenant: if root == 9 { OTHER } else { OWN },
            order: root as u64 * 10,
            definition: DefinitionId(3 + root as u64 % 2),
            key: format!("key{}", root % 2),
            version: 4,
            business_key: root.is_multiple_of(4).then(|| "B".to_owned()),
            name: None,
            started_ms: 1_000 + root as i64,
            ended_ms: 2_000 + root as i64,
            state: if root.is_multiple_of(3) {
                EndState::Cancelled
            } else {
                EndState::Completed
            },
            start_user: Some("ann".to_owned()),
            super_instance: None,
            end_activity: Some("end".to_owned()),
            delete_reason: None,
        },
        detail: vec![root as u8; 5],
    }
}

/// Instances of these roots with two tasks each.
fn put_roots(archive: &Archive, roots: std::ops::RangeInclusive<u128>) {
    let tasks: Vec<FinishedTask> = roots
        .clone()
        .flat_map(|root| [task(root, 5), task(root, 6)])
        .collect();
    archive.put(&tasks, roots.map(instance)).expect("put");
}

/// Roots 1 to 8 of one tenant, 9 of another; root 2 called an instance.
fn filled() -> (tempfile::TempDir, Archive) {
    let (folder, archive) = archive();
    put_roots(&archive, 1..=9);
    let mut called = instance(2);
    called.row.id = RootId(2).child(4);
    called.row.super_instance = Some(0);
    called.row.order = 25;
    archive.put(&[], [called]).expect("put");
    (folder, archive)
}

fn walk<T>(mut page: impl FnMut(Option<Cursor>) -> Page<T>) -> Vec<T> {
    let mut all = Vec::new();
    let mut after = None;
    loop {
        let found = page(after);
        all.extend(found.items);
        match found.next {
            // Cursors go through their text, as they do at a client.
            Some(next) => after = Some(next.to_string().parse().expect("a cursor")),
            None => return all,
        }
    }
}

#[test]
fn what_is_put_comes_back_and_the_same_id_replaces_the_same_row() {
    let (_folder, archive) = filled();
    let id = RootId(5).instance();
    let (row, detail) = archive.get(id).expect("read").expect("present");
    assert_eq!((&row, &detail), (&instance(5).row, &instance(5).detail));
    let mut again = instance(5);
    again.row.name = Some("again".to_owned());
    again.detail = vec![1, 2, 3];
    let tasks = [task(5, 5), task(5, 6)];
    archive.put(&tasks, [again.clone()]).expect("put");
    let found = archive.get(id).expect("read");
    assert_eq!(found, Some((again.row, again.detail)));
    let filter = InstanceFilter::default();
    assert_eq!(archive.count_instances(&filter, 100).expect("count"), 9);
    let tasks = TaskFilter::default();
    assert_eq!(archive.count_tasks(&tasks, 100).expect("count"), 18);
    assert_eq!(archive.count_tasks(&tasks, 4).expect("count"), 4);
    assert_eq!(archive.get(RootId(77).instance()).expect("read"), None);
}

#[test]
fn rows_of_one_order_are_each_on_one_page_and_orders_sort_unsigned() {
    let (_folder, archive) = archive();
    let mut tasks: Vec<FinishedTask> = (1..=9).map(|root| task(root, 5)).collect();
    for task in &mut tasks {
        task.order = 4;
    }
    tasks[4].order = u64::MAX;
    archive.put(&tasks, []).expect("put");
    let filter = TaskFilter::default();
    let found = walk(|after| archive.finished_tasks(&filter, after, 2).expect("page"));
    let roots: Vec<u128> = found.iter().map(|row| row.id.root.0).collect();
    assert_eq!(roots, [5, 9, 8, 7, 6, 4, 3, 2, 1]);
    assert_eq!(found[0].order, u64::MAX);
}

#[test]
fn deleting_takes_whole_roots_and_the_oldest_ends_first() {
    let (_folder, archive) = filled();
    let filter = InstanceFilter::default();
    let left = || archive.count_instances(&filter, 100).expect("count");
    archive.delete_root(RootId(2)).expect("delete");
    archive.delete_root(RootId(2)).expect("delete again");
    assert_eq!(left(), 7);
    assert_eq!(archive.delete_before(2_006, 3).expect("delete"), 3);
    assert_eq!(left(), 4);
    assert_eq!(archive.delete_before(2_006, 3).expect("delete"), 1);
    assert_eq!(archive.delete_before(2_006, 3).expect("delete"), 0);
    assert_eq!(left(), 3);
    let tasks = archive
        .count_tasks(&TaskFilter::default(), 100)
        .expect("count");
    assert_eq!(tasks, 8, "of roots 6 to 9");
}

#[test]
fn deleting_a_definition_takes_its_instances_and_their_tasks() {
    let (_folder, archive) = filled();
    let mut other = task(20, 5);
    other.definition = DefinitionId(4);
    archive.put(&[other], []).expect("put");
    archive
        .delete_definitions(&[DefinitionId(4), DefinitionId(99)])
        .expect("delete");
    let left = InstanceFilter::default();
    let left = archive.instances(&left, None, 100).expect("page").items;
    assert!(left.iter().all(|row| row.definition == DefinitionId(3)));
    assert_eq!(left.len(), 5);
    let tasks = archive.count_tasks(&TaskFilter::default(), 100);
    assert_eq!(tasks.expect("count"), 18, "they say definition 3");
}

#[test]
fn an_archive_is_found_again_and_a_foreign_or_newer_file_is_refused() {
    let (folder, archive) = filled();
    let path = folder.path().join("history.db");
    drop(archive);
    let again = Archive::open(&path).expect("open again");
    let filter = InstanceFilter::default();
    assert_eq!(again.count_instances(&filter, 100).expect("count"), 9);
    drop(again);
    let connection = rusqlite::Connection::open(&path).expect("open");
    connection
        .pragma_update(None, "user_version", 99)
        .expect("set");
    drop(connection);
    let newer = Archive::open(&path).err();
    assert!(
        matches!(newer, Some(Error::Newer { found: 99, .. })),
        "{newer:?}"
    );
    let foreign = folder.path().join("foreign.db");
    std::fs::write(&foreign, [b'x'; 8192]).expect("write");
    let refused = Archive::open(&foreign).err();
    assert!(matches!(refused, Some(Error::Corrupt(_))), "{refused:?}");
}

#[test]
fn readers_go_on_while_batches_are_written_and_see_whole_ones() {
    let (_folder, archive) = archive();
    std::thread::scope(|scope| {
        scope.spawn(|| {
            for batch in 0..50_u128 {
                let first = 10 + batch * 20;
                put_roots(&archive, first..=first + 19);
            }
        });
        for _ in 0..3 {
            scope.spawn(|| {
                let mut seen = 0;
                while seen < 1_000 {
                    let filter = InstanceFilter::default();
                    let count = archive.count_instances(&filter, 2_000).expect("count");
                    assert!(count >= seen && count % 20 == 0, "{seen} then {count}");
                    seen = count;
                }
            });
        }
    });
}

#[test]
fn the_export_is_one_json_object_a_line() {
    let (_folder, archive) = filled();
    let mut out = Vec::new();
    let render = |_: &InstanceRow, detail: &[u8]| serde_json::json!(detail.len());
    archive.export_instances(&mut out, &render).expect("export");
    archive.export_tasks(&mut out).expect("export");
    let text = String::from_utf8(out).expect("text");
    let lines: Vec<serde_json::Value> = text
        .lines()
        .map(|line| serde_json::from_str(line).expect("json"))
        .collect();
    assert_eq!(lines.len(), 10 + 18);
    assert_eq!(lines[0]["definitionKey"], "key1");
    assert_eq!(lines[0]["detail"], 5);
    assert_eq!(lines[9]["superInstanceId"], RootId(2).to_string());
    assert_eq!(lines[10]["activityId"], "approve");
}

#[test]
fn only_the_text_of_a_cursor_is_a_cursor() {
    for text in [
        "",
        "a",
        "a1",
        "a1.",
        "a1.2",
        "a.1.2",
        "v1.2.3",
        "a1.2.3.4",
        "ag.1.1",
        "a10000000000000000.1.1",
        "a1.1.100000000",
    ] {
        assert!(text.parse::<Cursor>().is_err(), "{text}");
    }
    let cursor: Cursor = "affffffffffffffff.7.b".parse().expect("a cursor");
    assert_eq!(cursor.to_string(), "affffffffffffffff.7.b");
}

#[test]
fn what_has_one_order_is_paged_by_id_whenever_it_was_put() {
    let (_folder, archive) = archive();
    let put = |root: u128| {
        let mut ended = instance(root);
        ended.row.order = 50;
        archive.put(&[], [ended]).expect("put");
    };
    [3, 1, 4, 2].into_iter().for_each(put);
    let newest = RootId(4).instance();
    let mut ids = Vec::new();
    let mut after = None;
    loop {
        let page = archive.instances(&InstanceFilter::default(), after, 1);
        let page = page.expect("a page");
        ids.extend(page.items.iter().map(|row| row.id.root.0));
        // What is put beside it, before the place of the page or behind it, moves nothing.
        put(if ids.len() == 1 { 5 } else { 4 });
        after = page.next;
        if after.is_none() {
            break;
        }
    }
    assert_eq!(ids, [4, 3, 2, 1]);
    let held = archive.instances_among(&[newest, RootId(9).instance()]);
    assert_eq!(held.expect("read"), [newest].into());
}

#[test]
fn every_commit_raises_the_revision_and_advancing_never_lowers_it() {
    let (_folder, archive) = archive();
    assert_eq!(archive.revision().ok(), Some(0));
    archive.put(&[], [instance(1)]).expect("put");
    archive.put(&[task(2, 5)], []).expect("put");
    assert_eq!(archive.revision().ok(), Some(2));
    assert_eq!(archive.advance(1).ok(), Some(2));
    assert_eq!(archive.advance(9).ok(), Some(9));
    archive.delete_root(RootId(1)).expect("deleted");
    assert_eq!(archive.revision().ok(), Some(10));
}

#[test]
fn a_damaged_page_is_found_at_the_start_of_a_small_archive_and_by_reading_all() {
    let (folder, archive) = filled();
    drop(archive);
    let path = folder.path().join("history.db");
    let whole = std::fs::read(&path).expect("read");
    let mut found = 0;
    for page in 0..whole.len() / 4096 {
        let mut bytes = whole.clone();
        bytes[page * 4096..(page + 1) * 4096].fill(0x5a);
        std::fs::write(&path, bytes).expect("written");
        let opened = Archive::open(&path);
        let refused = |error: &Error| matches!(error, Error::Corrupt(_) | Error::Damaged(_));
        match opened {
            Err(error) => assert!(refused(&error), "page {page}: {error}"),
            Ok(archive) => {
                let checked = archive.check().expect_err("the page is damaged");
                assert!(refused(&checked), "page {page}: {checked}");
                assert!(archive.verify().is_err());
                assert!(archive.damage().is_some());
                found += 1;
            }
        }
    }
    assert!(found > 3, "{found}");
}
