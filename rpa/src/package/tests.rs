//! Package files, good and bad, built here; and the order of version numbers.

use super::*;
use crate::terms::Direction;
use dgs::Error;
use std::io::{Cursor, Write as _};
use zip::{CompressionMethod, ZipWriter, write::SimpleFileOptions};

const PROJECT: &str = r#"{"ProjectName": "Add", "Version": "1.0.0", "Description": "adds",
    "ProjectEntryItem": "Main.xaml"}"#;
const ARGUMENTS: &str = r#"{"Arguments": [
    {"Name": "a", "Type": "System.Int32", "Direction": "In", "DefaultValue": "1"},
    {"name": "b", "type": "System.Boolean", "direction": 2, "defaultValue": true, "AllowEdit": false},
    {"Name": "sum", "Type": "System.Int32", "Direction": "Out", "DefaultValue": null}]}"#;

fn packed(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default().compression_method(CompressionMethod::Deflated);
    for (name, bytes) in files {
        writer.start_file(*name, options).unwrap();
        writer.write_all(bytes).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn refused(bytes: &[u8]) -> &'static str {
    dgs::read(bytes).map_or_else(|error| error.code(), |_| "read")
}

#[test]
fn a_package_says_what_it_is_and_what_it_takes() {
    let settings = r#"{"Settings": [{"Properties": [{"Key": "RunAsAdmin", "Value": "True"}]}]}"#;
    let bytes = packed(&[
        ("project.json", format!("\u{feff}{PROJECT}").as_bytes()),
        ("arguments.json", ARGUMENTS.as_bytes()),
        (".settings/setting.json", settings.as_bytes()),
        (".outline/Main.json", b"not read"),
    ]);
    let found = dgs::read(&bytes).unwrap();
    assert_eq!(
        (found.name.as_str(), found.version.as_str()),
        ("Add", "1.0.0")
    );
    assert_eq!(found.description.as_deref(), Some("adds"));
    assert_eq!(found.run_as_admin, Some(true));
    assert_eq!(found.entry.as_deref(), Some("Main.xaml"));
    let rows = found.arguments.iter().map(|a| {
        (
            a.name.as_str(),
            a.short_type(),
            a.direction,
            a.value.as_deref(),
        )
    });
    let expected = [
        ("a", "Int32", Direction::In, Some("1")),
        ("b", "Boolean", Direction::InOut, Some("True")),
        ("sum", "Int32", Direction::Out, None),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
    assert_eq!(found.arguments[1].allow_edit, Some(false));
}

#[test]
fn without_a_list_the_entry_declares_the_arguments() {
    let entry = r#"<Activity xmlns:x="x" xmlns:this="t"><x:Members>
        <x:Property Name="name" Type="InArgument(x:String)" note="a &amp; b"/>
        <x:Property Name="found" Type="OutArgument(x:Boolean)"/>
        <x:Property Name="rows" Type="InOutArgument(sd:DataTable)"></x:Property>
        <x:Property Name="field" Type="x:String"/></x:Members>
        <this:Main.name><InArgument x:TypeArguments="x:String"><Literal>you</Literal></InArgument></this:Main.name>
        <Sequence><Assign><InArgument><Literal Value="other"/></InArgument></Assign></Sequence></Activity>"#;
    let files: [(&str, &[u8]); 3] = [
        ("project.json", PROJECT.as_bytes()),
        ("arguments.json", br#"{"Arguments":[]}"#),
        ("main.xaml", entry.as_bytes()),
    ];
    let found = dgs::read(&packed(&files)).unwrap();
    let rows = found.arguments.iter().map(|a| {
        (
            a.name.as_str(),
            a.type_name.as_str(),
            a.direction,
            a.value.as_deref(),
        )
    });
    let expected = [
        ("name", "System.String", Direction::In, Some("you")),
        ("found", "System.Boolean", Direction::Out, None),
        ("rows", "DataTable", Direction::InOut, None),
    ];
    assert_eq!(rows.collect::<Vec<_>>(), expected);
}

#[test]
fn what_is_no_package_is_refused_with_the_reason() {
    let project = ("project.json", PROJECT.as_bytes());
    let zeros = vec![0; 80 * 1024 * 1024];
    let rows: [(&str, Vec<u8>, &str); 15] = [
        ("nothing", vec![], "not-an-archive"),
        ("text", b"{}".to_vec(), "not-an-archive"),
        ("no project", packed(&[("a.txt", b"")]), "no-project"),
        ("no name", packed(&[("project.json", b"{}")]), "malformed"),
        ("no JSON", packed(&[("project.json", b"{")]), "malformed"),
        (
            "no UTF-8",
            packed(&[("project.json", b"\xff")]),
            "malformed",
        ),
        (
            "arguments",
            packed(&[project, ("arguments.json", b"{}")]),
            "malformed",
        ),
        (
            "argument",
            packed(&[project, ("arguments.json", br#"[{"Type": "x"}]"#)]),
            "malformed",
        ),
        (
            "upwards",
            packed(&[project, ("../a", b"")]),
            "improper-path",
        ),
        (
            "inside",
            packed(&[project, ("a/../b", b"")]),
            "improper-path",
        ),
        (
            "absolute",
            packed(&[project, ("/etc/passwd", b"")]),
            "improper-path",
        ),
        ("drive", packed(&[project, ("c:/a", b"")]), "improper-path"),
        (
            "backslash",
            packed(&[project, ("..\\a", b"")]),
            "improper-path",
        ),
        (
            "case",
            packed(&[project, ("a.txt", b""), ("A.TXT", b"")]),
            "overlapping-entries",
        ),
        (
            "bomb",
            packed(&[project, ("zeros", &zeros)]),
            "too-large-unpacked",
        ),
    ];
    for (what, bytes, expected) in rows {
        assert_eq!(refused(&bytes), expected, "{what}");
    }
}

#[test]
fn links_and_shared_bytes_are_refused() {
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    let options = SimpleFileOptions::default();
    writer.start_file("project.json", options).unwrap();
    writer.write_all(PROJECT.as_bytes()).unwrap();
    writer.add_symlink("link", "/etc/passwd", options).unwrap();
    let linked = writer.finish().unwrap().into_inner();
    assert_eq!(refused(&linked), "improper-entry");

    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("project.json", options).unwrap();
    writer.write_all(PROJECT.as_bytes()).unwrap();
    writer
        .shallow_copy_file("project.json", "again.json")
        .unwrap();
    let shared = writer.finish().unwrap().into_inner();
    assert_eq!(refused(&shared), "overlapping-entries");
}

#[test]
fn every_cut_and_every_flipped_byte_of_a_package_is_read_or_refused() {
    let bytes = packed(&[
        ("project.json", PROJECT.as_bytes()),
        ("arguments.json", ARGUMENTS.as_bytes()),
    ]);
    for end in 0..bytes.len() {
        assert!(dgs::read(&bytes[..end]).is_err(), "cut at {end}");
    }
    for at in 0..bytes.len() {
        let mut damaged = bytes.clone();
        damaged[at] ^= 0x41;
        if let Err(error) = dgs::read(&damaged) {
            assert!(!matches!(error, Error::Io(_)), "byte {at}: {error}");
        }
    }
}

#[test]
fn versions_follow_each_other_by_their_numbers() {
    let rows = [
        ("1.0.0", "1.0.0", Ordering::Equal),
        ("1.0", "1.0.0", Ordering::Equal),
        ("1.9.0", "1.10.0", Ordering::Less),
        ("2", "10", Ordering::Less),
        ("01.2", "1.2", Ordering::Equal),
        ("1.0.0-beta", "1.0.0", Ordering::Less),
        ("1.0.0-beta", "1.0.0-alpha", Ordering::Greater),
        ("1.0.0+7", "1.0.0", Ordering::Equal),
        (
            "1.99999999999999999999",
            "1.100000000000000000000",
            Ordering::Less,
        ),
        ("1.x", "1.y", Ordering::Less),
    ];
    for (left, right, expected) in rows {
        assert_eq!(compare(left, right), expected, "{left} {right}");
        assert_eq!(compare(right, left), expected.reverse(), "{right} {left}");
    }
}
