//! Golden bytes of every event of the definitions.

use super::*;
use bpmn::model::ElementIndex;
use codec::golden;

fn timer() -> StartTimer {
    StartTimer {
        number: 4,
        definition: 3,
        fired: 1,
        timer: bpmn::start_timer::StartTimer {
            element: ElementIndex(2),
            due_ms: 1_779_345_000_000,
            repeat: None,
            end_ms: None,
        },
    }
}

#[test]
fn every_event_has_its_golden_bytes() {
    let deployed = Event::Deployed {
        number: 2,
        tenant: Tenant(7),
        name: "n".to_owned(),
        deployed_ms: 1,
        resources: vec![Resource {
            name: "a.bpmn".to_owned(),
            bytes: b"<a/>".as_slice().into(),
        }],
        definitions: vec![DeployedDefinition {
            number: 3,
            key: "k".to_owned(),
            version: 1,
            resource: 0,
        }],
    };
    let undeploy = Operation::Undeploy { deployment: 2 };
    let set = Operation::SetInstances {
        definition: 3,
        suspended: true,
    };
    let fired = Event::TimerFired {
        definition: 3,
        element: 2,
        root: 9,
        next: None,
    };
    let events: [(Event, &str); 12] = [
        (
            deployed,
            "01000207016e020106612e62706d6e043c612f3e0103016b0100",
        ),
        (
            Event::StateChanged {
                number: 3,
                suspended: true,
            },
            "01010301",
        ),
        (Event::OperationBegun(undeploy.clone()), "01020102"),
        (Event::OperationBegun(set), "0102000301"),
        (Event::OperationEnded(undeploy), "01030102"),
        (
            Event::Undeployed {
                deployment: 2,
                cascade: true,
            },
            "01040201",
        ),
        (
            Event::Undeployed {
                deployment: 2,
                cascade: false,
            },
            "01040200",
        ),
        (
            Event::TimerScheduled(timer()),
            "010504030102fd800c74923c0300000000",
        ),
        (Event::TimersRemoved { definition: 3 }, "010603"),
        (fired, "010703020900"),
        (Event::StartAcknowledged { root: 9 }, "010809"),
        (
            Event::DefinitionsForgotten {
                definitions: vec![3, 300],
            },
            "01090203fb2c01",
        ),
    ];
    for (event, expected) in events {
        golden::check(VERSION, &event, expected);
    }
}
