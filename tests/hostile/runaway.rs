//! Models that deploy and then run away: scripts, expressions, loops, calls, multi-instances.

use crate::{
    assert_refused, assert_well,
    bystander::served_meanwhile,
    server,
    support::{Client, Request, models},
};
use serde_json::json;

fn script(text: &str) -> String {
    format!(
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <scriptTask id=\"t\" scriptFormat=\"javascript\"><script><![CDATA[{text}]]></script></scriptTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>"
    )
}

fn service(expression: &str) -> String {
    format!(
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <serviceTask id=\"t\" activiti:expression=\"{expression}\" activiti:resultVariable=\"r\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>"
    )
}

fn multiple(cardinality: &str, sequential: bool) -> String {
    format!(
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"t\"/>\
         <manualTask id=\"t\"><multiInstanceLoopCharacteristics isSequential=\"{sequential}\">\
         <loopCardinality>{cardinality}</loopCardinality></multiInstanceLoopCharacteristics></manualTask>\
         <sequenceFlow id=\"f2\" sourceRef=\"t\" targetRef=\"e\"/><endEvent id=\"e\"/>"
    )
}

fn circle() -> String {
    "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"x\"/>\
     <exclusiveGateway id=\"x\"/><sequenceFlow id=\"f2\" sourceRef=\"x\" targetRef=\"m\"/>\
     <manualTask id=\"m\"/><sequenceFlow id=\"f3\" sourceRef=\"m\" targetRef=\"x\"/>"
        .to_owned()
}

fn calls_itself(key: &str) -> String {
    format!(
        "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"c\"/>\
         <callActivity id=\"c\" calledElement=\"{key}\"/>\
         <sequenceFlow id=\"f2\" sourceRef=\"c\" targetRef=\"e\"/><endEvent id=\"e\"/>"
    )
}

fn doubling() -> String {
    // Every round splits in two, so the tokens grow without an end.
    "<startEvent id=\"s\"/><sequenceFlow id=\"f1\" sourceRef=\"s\" targetRef=\"m\"/>\
     <manualTask id=\"m\"/><sequenceFlow id=\"f2\" sourceRef=\"m\" targetRef=\"n\"/>\
     <sequenceFlow id=\"f3\" sourceRef=\"m\" targetRef=\"n\"/>\
     <manualTask id=\"n\"/><sequenceFlow id=\"f4\" sourceRef=\"n\" targetRef=\"m\"/>"
        .to_owned()
}

/// Deploys, starts, and says how the start was refused.
fn run(client: &mut Client, number: usize, what: &str, elements: &str) {
    let key = format!("runaway{number}");
    let request = Request::post("/api/v1/deployments")
        .query(&[("name", "runaway.bpmn")])
        .body("application/xml", models::process(&key, elements));
    let deployed = client.send(&request);
    if deployed.status != 201 {
        assert_refused(what, &deployed);
        return;
    }
    let request = Request::post("/api/v1/instances").json(&json!({"definitionKey": key}));
    let answer = client.send(&request);
    assert_refused(what, &answer);
    assert_eq!(answer.status, 422, "{what}: {}", answer.text());
    let code = answer.json()["code"].clone();
    let known = ["limit-exceeded", "script-failed", "expression-failed"];
    assert!(known.iter().any(|one| code == *one), "{what}: {code}");
}

#[test]
fn scripts_that_never_end_or_eat_memory_are_stopped_while_others_are_served() {
    let mut server = server();
    let mut client = server.client();
    let scripts = [
        ("a loop", "while (true) {}"),
        ("a recursion", "function f() { return f() + 1 } f()"),
        (
            "memory",
            "var a = []; while (true) a.push(new Array(100000).fill(7))",
        ),
        ("a string that doubles", "var s = 'x'; while (true) s += s"),
        ("a huge string at once", "'x'.repeat(1e9)"),
        ("a huge padding", "''.padEnd(1e9, 'ab')"),
        (
            "a regular expression",
            "/(a+)+$/.test('a'.repeat(60) + 'b')",
        ),
        ("a huge list", "new Array(4e9).join('x')"),
        (
            "a search",
            "var s = 'a'.repeat(5e6); var n = 'a'.repeat(2e6) + 'b'; while (true) s.indexOf(n)",
        ),
        (
            "a sort",
            "var a = []; for (var i = 0; i < 1e6; i++) a.push(i); a.sort(function () { while (true) {} })",
        ),
        ("deep JSON", "JSON.parse('['.repeat(1e6))"),
        ("a getter", "var o = { get a() { return this.a } }; o.a"),
    ];
    served_meanwhile(&server, || {
        for (number, (what, text)) in scripts.into_iter().enumerate() {
            run(&mut client, number, what, &script(text));
        }
    });
    assert_well("after runaway scripts", &mut server);
}

#[test]
fn expressions_and_models_that_run_away_reach_a_limit_while_others_are_served() {
    let mut server = server();
    let mut client = server.client();
    let deep = format!("${{{}1{}}}", "(".repeat(50_000), ")".repeat(50_000));
    let long = format!("${{1{}}}", "+1".repeat(500_000));
    let models = [
        ("an expression of fifty thousand levels", service(&deep)),
        ("an expression of half a million sums", service(&long)),
        ("a loop without a wait", circle()),
        ("tokens that double", doubling()),
        ("a thousand million at once", multiple("1000000000", false)),
        ("a thousand million in a row", multiple("1000000000", true)),
        ("a process that calls itself", calls_itself("runaway6")),
    ];
    served_meanwhile(&server, || {
        for (number, (what, elements)) in models.into_iter().enumerate() {
            run(&mut client, number, what, &elements);
        }
    });
    let running = client.native("GET", "/instances", None);
    assert_eq!(
        running["items"].as_array().map(Vec::len),
        Some(0),
        "nothing is left of them"
    );
    assert_well("after runaway models", &mut server);
}
