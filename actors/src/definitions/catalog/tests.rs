//! What a change of the definitions shows, and which version of a key is the latest after it.

use super::super::{Operation, deploy, event::DeployedDefinition};
use super::*;

const TENANT: Tenant = Tenant(0);

/// A deployment of one version of the process `key`; its definition has the number after it.
fn deployment(number: u64, key: &str, version: u32) -> CatalogChange {
    let model = format!(
        "<definitions xmlns=\"http://www.omg.org/spec/BPMN/20100524/MODEL\" targetNamespace=\"t\"><process id=\"{key}\">\
         <startEvent id=\"s\"/></process></definitions>"
    );
    let file = deploy::File {
        name: "one.bpmn".to_owned(),
        bytes: model.as_bytes().into(),
    };
    let prepared = deploy::prepare(&[file]).expect("a valid model");
    let definition = DeployedDefinition {
        number: number + 1,
        key: key.to_owned(),
        version,
        resource: 0,
    };
    CatalogChange {
        models: vec![Model {
            number: number + 1,
            process: Arc::clone(&prepared.processes[0].process),
            diagram: Arc::clone(&prepared.processes[0].diagram),
        }],
        events: vec![Event::Deployed {
            number,
            tenant: TENANT,
            name: String::new(),
            deployed_ms: 0,
            resources: prepared.resources,
            definitions: vec![definition],
        }],
    }
}

fn numbers(definitions: &[Arc<Published>]) -> Vec<u64> {
    definitions.iter().map(|d| d.definition.id.0).collect()
}

#[test]
fn a_change_shows_the_definitions_that_it_names_and_no_others() {
    let undeployed = |deployment| Event::Undeployed {
        deployment,
        cascade: false,
    };
    let leaving = |deployment| Event::OperationBegun(Operation::Undeploy { deployment });
    let change = |event| CatalogChange {
        events: vec![event],
        models: Vec::new(),
    };
    let suspended = Event::StateChanged {
        number: 4,
        suspended: true,
    };
    // The change; the definitions that are new, those that are gone, and the latest versions of `a` and `b` after it.
    let steps = [
        (deployment(1, "a", 1), vec![2], vec![], (Some(2), None)),
        (deployment(3, "a", 2), vec![4], vec![], (Some(4), None)),
        (deployment(5, "b", 1), vec![6], vec![], (Some(4), Some(6))),
        (change(suspended), vec![], vec![], (Some(4), Some(6))),
        (change(leaving(3)), vec![], vec![], (Some(2), Some(6))),
        (change(undeployed(3)), vec![], vec![4], (Some(2), Some(6))),
        (change(undeployed(5)), vec![], vec![6], (Some(2), None)),
        (change(undeployed(1)), vec![], vec![2], (None, None)),
    ];
    let catalog = Catalog::default();
    for (step, (change, new, gone, latest)) in steps.into_iter().enumerate() {
        let shown = catalog.publish(change);
        assert_eq!(numbers(&shown.new), new, "new in step {step}");
        assert_eq!(numbers(&shown.gone), gone, "gone in step {step}");
        let number = |key| catalog.latest(TENANT, key).map(|p| p.definition.id.0);
        assert_eq!((number("a"), number("b")), latest, "latest in step {step}");
        let is_suspended = catalog.get(DefinitionId(4)).map(|p| p.definition.suspended);
        let expected = [None, Some(false), Some(false), Some(true), Some(true)];
        assert_eq!(is_suspended, expected.get(step).copied().flatten());
    }
}
