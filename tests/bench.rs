//! The bench itself, in small: it ends well and says its figures. What the figures are decides nothing here.

use std::process::{Command, Output};

fn bench(arguments: &[&str]) -> Output {
    let home = std::env::temp_dir().join(format!("loomwork-bench-{}", uuid::Uuid::now_v7()));
    let output = Command::new(env!("CARGO_BIN_EXE_loomwork"))
        .arg("bench")
        .args(arguments)
        .arg("--home")
        .arg(&home)
        .output();
    let _removed = std::fs::remove_dir_all(&home);
    output.unwrap_or_else(|error| panic!("{arguments:?}: {error}"))
}

fn expect(arguments: &[&str], figures: &[&str]) {
    let output = bench(arguments);
    let said = String::from_utf8_lossy(&output.stdout);
    let complaint = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {complaint}");
    for figure in figures {
        let told = said.lines().any(|line| line.starts_with(figure));
        assert!(told, "{arguments:?}: no {figure} in\n{said}{complaint}");
    }
}

#[test]
fn instances_are_measured_against_bare_hyper() {
    let short = [
        "--only",
        "start,pair",
        "--windows",
        "1",
        "--window-ms",
        "200",
    ];
    let one_look = [
        "--warm-ms",
        "50",
        "--connections",
        "4",
        "--many-connections",
        "0",
    ];
    let arguments = [short.as_slice(), &one_look].concat();
    expect(
        &arguments,
        &["start ÷ bare hyper", "pair ÷ half bare hyper"],
    );
}

#[test]
fn what_waits_is_measured_on_servers_of_its_own() {
    let arguments = "--only waiting,restart,tail --waiting 300 --windows 1 --window-ms 200 --warm-ms 50 --connections 4";
    let arguments: Vec<&str> = arguments.split_whitespace().collect();
    expect(
        &arguments,
        &[
            "resident bytes per waiting instance",
            "rate with 300 waiting ÷ none",
            "restart",
            "p99.9 while snapshotting ÷ without",
        ],
    );
}

#[test]
fn robots_are_measured_in_each_manner_of_working() {
    let robots = [
        "jobs",
        "--robots",
        "4",
        "--windows",
        "1",
        "--window-ms",
        "200",
    ];
    let crowd = ["--crowd", "4", "--rate", "20", "--crowd-ms", "1000"];
    let arguments = [robots.as_slice(), &crowd].concat();
    let figures = [
        "one request a step: ",
        "the same, accepting by a request: ",
        "batched: ",
        "4 connected robots",
    ];
    expect(&arguments, &figures);
}

#[test]
fn watchers_are_measured_with_and_without() {
    let crowd = [
        "live",
        "--watchers",
        "60",
        "--overview",
        "5",
        "--readers",
        "20",
        "--silent",
        "5",
    ];
    let short = [
        "--windows",
        "1",
        "--window-ms",
        "300",
        "--delay-ms",
        "500",
        "--connections",
        "4",
    ];
    let arguments = [crowd.as_slice(), &short].concat();
    let figures = [
        "resident bytes per idle watcher",
        "starts with 25 watchers, 5 of them silent",
        "starts with 60 watchers",
        "from the answer of a write to its frame",
    ];
    expect(&arguments, &figures);
}
