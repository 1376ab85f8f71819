//! Every filter lets the right rows pass, newest first, whatever the size of the pages.

use super::super::*;
use super::{OTHER, archive, filled, task, walk};
use codec::{DefinitionId, Id, RootId};

#[test]
fn every_filter_of_instances_lets_the_right_ones_pass_newest_first() {
    let (_folder, archive) = filled();
    let own = InstanceFilter::default;
    let called = RootId(2).child(4);
    let root = |number: u128| RootId(number).instance();
    let all = vec![
        root(8),
        root(7),
        root(6),
        root(5),
        root(4),
        root(3),
        called,
        root(2),
        root(1),
    ];
    let pick = |ids: &[usize]| ids.iter().map(|index| all[*index]).collect::<Vec<Id>>();
    let rows = [
        (own(), all.clone()),
        (
            InstanceFilter {
                tenant: OTHER,
                ..own()
            },
            vec![root(9)],
        ),
        (
            InstanceFilter {
                keys: vec!["key1".into()],
                ..own()
            },
            pick(&[1, 3, 5, 8]),
        ),
        (
            InstanceFilter {
                keys: vec!["key0".into(), "key1".into()],
                ..own()
            },
            all.clone(),
        ),
        (
            InstanceFilter {
                definitions: vec![DefinitionId(3)],
                ..own()
            },
            pick(&[0, 2, 4, 6, 7]),
        ),
        (
            InstanceFilter {
                business_keys: vec!["B".into()],
                ..own()
            },
            pick(&[0, 4]),
        ),
        (
            InstanceFilter {
                state: Some(EndState::Cancelled),
                ..own()
            },
            pick(&[2, 5]),
        ),
        (
            InstanceFilter {
                super_instance: Some(root(2)),
                ..own()
            },
            vec![called],
        ),
        (
            InstanceFilter {
                roots: vec![RootId(2)],
                ..own()
            },
            vec![called, root(2)],
        ),
        (
            InstanceFilter {
                started_before: Some(1_003),
                ..own()
            },
            pick(&[6, 7, 8]),
        ),
        (
            InstanceFilter {
                started_after: Some(1_006),
                ..own()
            },
            pick(&[0, 1]),
        ),
        (
            InstanceFilter {
                keys: vec!["none".into()],
                ..own()
            },
            vec![],
        ),
    ];
    for (filter, expected) in rows {
        for limit in [1, 2, 100] {
            let found = walk(|after| archive.instances(&filter, after, limit).expect("page"));
            let ids: Vec<Id> = found.iter().map(|row| row.id).collect();
            assert_eq!(ids, expected, "{filter:?} by {limit}");
        }
        let count = archive.count_instances(&filter, 100).expect("count");
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    }
}

#[test]
fn every_filter_of_tasks_lets_the_right_ones_pass() {
    let (_folder, archive) = archive();
    let mut tasks: Vec<FinishedTask> = (1..=6).map(|root| task(root, 5)).collect();
    tasks[0].tenant = OTHER;
    tasks[1].assignee = None;
    tasks[2].delete_reason = Some("gone".to_owned());
    tasks[3].owner = Some("boss".to_owned());
    tasks[3].business_key = Some("B".to_owned());
    tasks[4].instance = 3;
    tasks[4].name = None;
    tasks[5].activity_id = "check".to_owned();
    tasks[5].due_ms = None;
    tasks[5].key = "other".to_owned();
    archive.put(&tasks, []).expect("put");
    archive.put(&tasks, []).expect("put again");
    let own = TaskFilter::default;
    let text = |value: &str| vec![value.to_owned()];
    let rows = [
        (own(), vec![6, 5, 4, 3, 2]),
        (
            TaskFilter {
                tenant: OTHER,
                ..own()
            },
            vec![1],
        ),
        (
            TaskFilter {
                unassigned: true,
                ..own()
            },
            vec![2],
        ),
        (
            TaskFilter {
                completed_only: true,
                ..own()
            },
            vec![6, 5, 4, 2],
        ),
        (
            TaskFilter {
                owners: text("boss"),
                ..own()
            },
            vec![4],
        ),
        (
            TaskFilter {
                business_keys: text("B"),
                ..own()
            },
            vec![4],
        ),
        (
            TaskFilter {
                instances: vec![RootId(5).child(3)],
                ..own()
            },
            vec![5],
        ),
        (
            TaskFilter {
                instances: vec![RootId(5).instance(), RootId(4).instance()],
                ..own()
            },
            vec![4],
        ),
        (
            TaskFilter {
                roots: vec![RootId(5), RootId(2)],
                ..own()
            },
            vec![5, 2],
        ),
        (
            TaskFilter {
                names: text("Approve"),
                ..own()
            },
            vec![6, 4, 3, 2],
        ),
        (
            TaskFilter {
                activity_ids: text("check"),
                ..own()
            },
            vec![6],
        ),
        (
            TaskFilter {
                keys: text("other"),
                ..own()
            },
            vec![6],
        ),
        (
            TaskFilter {
                assignees: text("user0"),
                ..own()
            },
            vec![6, 3],
        ),
        (
            TaskFilter {
                assignees: text("user0"),
                keys: text("leave"),
                ..own()
            },
            vec![3],
        ),
        (
            TaskFilter {
                involved: vec!["boss".to_owned(), "user2".to_owned()],
                ..own()
            },
            vec![5, 4],
        ),
        (
            TaskFilter {
                due_before: Some(901),
                ..own()
            },
            vec![5, 4, 3, 2],
        ),
        (
            TaskFilter {
                ended_after: Some(204),
                ..own()
            },
            vec![6, 5],
        ),
    ];
    for (filter, expected) in rows {
        for limit in [1, 3, 100] {
            let found = walk(|after| archive.finished_tasks(&filter, after, limit).expect("page"));
            let roots: Vec<u128> = found.iter().map(|row| row.id.root.0).collect();
            assert_eq!(roots, expected, "{filter:?} by {limit}");
            for row in &found {
                assert_eq!(Some(row), tasks.iter().find(|task| task.id == row.id));
            }
        }
        let count = archive.count_tasks(&filter, 100).expect("count");
        assert_eq!(count, expected.len() as u64, "{filter:?}");
    }
}

#[test]
fn lines_of_a_log_are_found_in_any_case_of_any_script() {
    let (_folder, archive) = archive();
    let run = rpa::Guid(1);
    let lines = ["Größe ÜBER zwei", "unter drei"];
    let entries = (1..).zip(lines).map(|(seq, message)| LogEntry {
        run,
        seq,
        at_ms: 1,
        level: "Info".to_owned(),
        kind: "Business".to_owned(),
        robot: rpa::Guid(2),
        message: message.to_owned(),
    });
    archive
        .keep(&[], &entries.collect::<Vec<_>>(), &[])
        .expect("lines");
    for (search, found) in [("über", vec![1]), ("GRÖßE", vec![1]), ("TER D", vec![2])] {
        let filter = LogFilter {
            search: Some(search.to_owned()),
            limit: 10,
            ..LogFilter::default()
        };
        let lines = archive.logs(run, &filter).expect("lines");
        let numbers: Vec<_> = lines.iter().map(|line| line.seq).collect();
        assert_eq!(numbers, found, "{search}");
    }
}
