//! Robots and their work in a seed file: what is made, what is skipped, what is refused and where.

use super::super::{Plan, plan_all};
use crate::vault::{self, Plain};
use codec::Tenant;
use rpa::{
    registry::{State, decide},
    terms::Direction,
};
use std::{
    io::{Cursor, Write as _},
    path::Path,
};
use zip::{ZipWriter, write::SimpleFileOptions};

const KEY: [u8; 32] = [7; 32];

const FILE: &str = r#"
[[company]]
name = "C"
[[department]]
name = "Root"

[[robot]]
id = "bfdd9398-f2f9-4b10-8341-60944e87da1e"
department = "Root"
name = "r1"
secret = "r1-secret-0123456789"
[[robot]]
name = "r2"
secret = "r2-secret-0123456789"

[[group]]
id = "30f57ce8-2530-4d30-b9d1-f6352a0381c1"
department = "Root"
name = "g1"
robots = ["r1", "r2"]

[[asset]]
name = "limit"
type = "Integer"
value = 42
[[asset]]
name = "mail"
type = "Credential"
user_name = "kim"
password = "hunter2"

[[package]]
id = "c6b0bb34-0000-4000-8000-000000000001"
version_id = "2744680b-0000-4000-8000-000000000001"
file = "adds.dgs"

[[upload]]
id = "1eba0b36-c18a-4cd0-a729-5b4d975aab50"
file = "adds.dgs"

[[workflow]]
id = "8c079358-548a-42ea-8b75-ac1c304d69f7"
name = "w1"
package_version = "2744680b-0000-4000-8000-000000000001"
group = "g1"
priority = 7
arguments = { a = 41 }
[[workflow]]
name = "w2"
package_version = "adds"
robots = ["r2"]
arguments = [{ name = "a", defaultValue = "42" }, { name = "b", type = "System.Boolean", direction = "InOut", value = true }]

[[layout]]
id = "aa92f535-aa30-401a-8e6b-72a8958f7fbf"
name = "l1"
nodes = [{ workflow = "w1" }, { workflow = "w2", name = "then" }]
"#;

fn dgs() -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, content) in [
        (
            "project.json",
            r#"{"ProjectName":"adds","Version":"1.0.0"}"#,
        ),
        (
            "arguments.json",
            r#"{"Arguments":[{"Name":"a","Type":"System.Int32","Direction":"In"}]}"#,
        ),
    ] {
        let options = SimpleFileOptions::default();
        writer.start_file(name, options).expect("an entry");
        writer.write_all(content.as_bytes()).expect("its content");
    }
    writer.finish().expect("an archive").into_inner()
}

/// The states with what the text says; how many things of robots were made.
fn sown(
    (people, registry): &mut (org::State, State),
    base: &Path,
    text: &str,
) -> Result<usize, String> {
    let planned = plan_all(people.clone(), registry.clone(), text, 1, base, &KEY);
    let Plan {
        people: commands,
        resources,
        ..
    } = planned.map_err(|complaint| complaint.to_string())?;
    let events = org::decide(people, org::Command::All(commands));
    for event in &events.expect("what was planned") {
        people.apply(event);
    }
    for command in resources.commands {
        let decision = decide(registry, command).expect("what was planned");
        for event in &decision.events {
            registry.apply(event);
        }
    }
    Ok(resources.count)
}

fn directory() -> tempfile::TempDir {
    let directory = tempfile::tempdir().expect("a directory");
    std::fs::write(directory.path().join("adds.dgs"), dgs()).expect("a file");
    directory
}

#[test]
fn robots_and_their_work_are_made_whole_and_skipped_when_they_are_there() {
    let directory = directory();
    let mut states = Default::default();
    assert_eq!(sown(&mut states, directory.path(), FILE), Ok(8));
    let registry = &states.1;
    let tenant = Tenant(0);
    assert_eq!(registry.robots(tenant).count(), 2);
    let group = registry.groups(tenant);
    let group = group.filter(|group| group.dedicated_robot.is_none());
    assert_eq!(group.map(|group| group.robots.len()).sum::<usize>(), 2);
    for asset in registry.assets(tenant) {
        let expected = match asset.label.name.as_str() {
            "limit" => Plain::Text("42".to_owned()),
            _ => Plain::Credential {
                user_name: "kim".to_owned(),
                password: "hunter2".to_owned(),
            },
        };
        let opened = vault::open(&KEY, tenant, asset.id, &asset.value);
        assert_eq!(opened, Ok(expected));
    }
    let first = registry
        .workflows(tenant)
        .find(|one| one.label.name == "w1")
        .expect("a workflow");
    assert_eq!((first.priority, first.max_retry_count), (7, 3));
    let argument = first.arguments.first().expect("an argument");
    assert_eq!(
        (argument.value.as_deref(), argument.type_name.as_str()),
        (Some("41"), "System.Int32")
    );
    let second = registry
        .workflows(tenant)
        .find(|one| one.label.name == "w2")
        .expect("a workflow");
    let listed = second.arguments.iter().map(|argument| {
        let value = argument.value.as_deref().unwrap_or_default();
        (argument.type_name.as_str(), argument.direction, value)
    });
    let expected = [
        ("System.Int32", Direction::In, "42"),
        ("System.Boolean", Direction::InOut, "True"),
    ];
    assert!(listed.eq(expected), "{:?}", second.arguments);
    let layout = registry.layouts(tenant).next().expect("a layout");
    let names: Vec<&str> = layout
        .nodes
        .iter()
        .map(|one| one.label.name.as_str())
        .collect();
    assert_eq!(names, ["w1", "then"]);
    let upload = registry.uploads(tenant).next().expect("an upload");
    assert!(upload.received.is_some() && upload.committed.is_none());
    let before = states.clone();
    assert_eq!(sown(&mut states, directory.path(), FILE), Ok(0));
    assert!(states == before, "nothing was made twice");
}

#[test]
fn what_differs_or_cannot_be_meant_is_refused_with_its_line() {
    let directory = directory();
    let rows = [
        (
            "robots = [\"r1\", \"r2\"]",
            "robots = [\"r1\"]",
            "line 16: there is a group",
        ),
        ("value = 42", "value = 43", "line 22: there is a asset"),
        ("hunter2", "hunter3", "line 26: there is a asset"),
        (
            "2744680b-0000-4000-8000-000000000001\"\nfile",
            "2744680b-0000-4000-8000-000000000002\"\nfile",
            "line 32: there is a package",
        ),
        (
            "priority = 7",
            "priority = 8",
            "line 41: there is a workflow",
        ),
        ("{ a = 41 }", "{ a = 40 }", "line 41: there is a workflow"),
        (
            "InOut",
            "Up",
            "line 48: argument 'b': there is no direction",
        ),
        (
            "name = \"then\"",
            "name = \"else\"",
            "line 54: there is a layout",
        ),
        (
            "robots = [\"r2\"]",
            "robots = [\"r9\"]",
            "line 48: there is no robot 'r9'",
        ),
        (
            "workflow = \"w1\"",
            "workflow = \"w9\"",
            "line 54: there is no workflow 'w9'",
        ),
        (
            "group = \"g1\"",
            "group = \"g9\"",
            "line 41: there is no group 'g9'",
        ),
        (
            "package_version = \"adds\"",
            "package_version = \"x\"",
            "line 48: there is no package version 'x'",
        ),
        (
            "file = \"adds.dgs\"",
            "file = \"gone.dgs\"",
            "line 32: cannot read",
        ),
        (
            "type = \"Integer\"",
            "type = \"Number\"",
            "line 22: there is no type 'Number'",
        ),
        (
            "value = 42",
            "value = \"x\"",
            "line 22: the value is no Integer",
        ),
        ("user_name = \"kim\"\n", "", "line 26: a credential has"),
        (
            "id = \"aa92f535-aa30-401a-8e6b-72a8958f7fbf\"",
            "id = \"8c079358-548a-42ea-8b75-ac1c304d69f7\"",
            "line 54: the id",
        ),
    ];
    for (old, new, expected) in rows {
        let mut states = Default::default();
        assert_eq!(sown(&mut states, directory.path(), FILE), Ok(8));
        let changed = FILE.replacen(old, new, 1);
        assert_ne!(changed, FILE, "{old}");
        let refused = sown(&mut states, directory.path(), &changed).expect_err("a refusal");
        assert!(refused.starts_with(expected), "{new}: {refused}");
        assert!(!refused.contains("hunter"), "{refused}");
    }
}

#[test]
fn a_priority_that_no_workflow_may_have_is_refused_with_its_line() {
    let directory = directory();
    let changed = FILE.replacen("priority = 7", "priority = 5001", 1);
    let refused = sown(&mut Default::default(), directory.path(), &changed);
    let refused = refused.expect_err("a refusal");
    assert!(refused.starts_with("line 41: priority"), "{refused}");
}
