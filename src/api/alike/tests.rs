//! Random pages against each of their rows written by itself.

use super::Rows;
use crate::api::{page, render::Task};
use actors::views::{Sort, SortKey, TaskFilter, Views, Window};
use bpmn::{
    model::Process,
    rows::{Delegation, Identity, IdentityLink, InstanceRow, RowChanges, TaskRow},
};
use codec::{DefinitionId, RootId, Tenant};
use proptest::prelude::*;
use std::sync::Arc;

fn process(key: &str) -> Arc<Process> {
    let xml = format!(
        r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="{key}" isExecutable="true">
    <startEvent id="start"/>
    <userTask id="approve" name="Ask &quot;twice&quot;"/>
    <userTask id="check" name="检查 任务"/>
    <userTask id="file"/>
    <endEvent id="end"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
    <sequenceFlow id="f2" sourceRef="approve" targetRef="check"/>
    <sequenceFlow id="f3" sourceRef="check" targetRef="file"/>
    <sequenceFlow id="f4" sourceRef="file" targetRef="end"/>
  </process>
</definitions>"#
    );
    let parsed = bpmn::parse::parse(xml.as_bytes()).expect("a valid model");
    parsed.processes[0].clone()
}

/// Takes choices out of a random number.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        let rolled = self.0 % sides as u64;
        self.0 =
            (self.0 / sides as u64).rotate_left(13) ^ self.0.wrapping_mul(0x9e37_79b9_7f4a_7c15);
        rolled as usize
    }

    fn pick<T: Copy>(&mut self, list: &[T]) -> T {
        list[self.roll(list.len())]
    }

    /// Mostly none.
    fn rarely<T: Copy>(&mut self, list: &[T]) -> Option<T> {
        (self.roll(30) == 0).then(|| self.pick(list))
    }

    fn text(&mut self) -> Option<String> {
        self.rarely(&["a", "b\"\\", "请假\n"]).map(str::to_owned)
    }

    fn ms(&mut self) -> i64 {
        const DAY: i64 = 86_400_000;
        self.pick(&[
            0,
            1,
            -1,
            DAY - 1,
            DAY,
            1_779_345_012_345,
            -70_000_000_000_000,
            i64::MIN,
            i64::MAX,
        ])
    }
}

fn task(dice: &mut Dice, definition: DefinitionId, process: &Process) -> TaskRow {
    let element = process
        .find(dice.pick(&["approve", "approve", "check", "file"]))
        .expect("an element");
    let name = process.element(element).name.clone();
    let (due, claimed) = (dice.roll(4) == 0, dice.roll(4) == 0);
    TaskRow {
        number: dice.pick(&[4, 4, 4, 17]),
        instance: 0,
        execution: dice.pick(&[2, 2, 2, 3]),
        definition,
        element,
        name: dice
            .rarely(&[None, Some("own \"name\"")])
            .map_or(name, |own| own.map(str::to_owned)),
        description: dice.text(),
        assignee: dice
            .pick(&[
                None,
                Some("ann"),
                Some("ann"),
                Some("李 \"bo\""),
                Some("null"),
            ])
            .map(str::to_owned),
        owner: dice.text(),
        delegation: dice.rarely(&[Delegation::Pending, Delegation::Resolved]),
        priority: dice.rarely(&[0, -1, i32::MAX]).unwrap_or(50),
        due_ms: due.then(|| dice.ms()),
        category: dice.text(),
        form_key: dice.text(),
        suspended: dice.rarely(&[()]).is_some(),
        created_ms: 1_779_345_012_345 + dice.pick(&[0, 1, 999, 86_400_000]),
        claimed_ms: claimed.then(|| dice.ms()),
        links: dice
            .rarely(&["boss", "team"])
            .map(|group| IdentityLink {
                link_type: IdentityLink::CANDIDATE.to_owned(),
                who: Identity::Group(group.to_owned()),
            })
            .into_iter()
            .collect(),
        parent_task: dice.rarely(&[1, 2]),
    }
}

fn instance(definition: DefinitionId, started_ms: i64) -> InstanceRow {
    InstanceRow {
        number: 0,
        definition,
        business_key: None,
        name: None,
        suspended: false,
        started_ms,
        start_user: None,
        super_instance: None,
        super_execution: None,
        ended: None,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn a_page_has_each_row_as_it_is_written_by_itself(
        seeds in proptest::collection::vec(any::<u64>(), 0..60),
        kinds in 1_u64..4,
        oldest_first in any::<bool>(),
    ) {
        let mut views = Views::new();
        let processes: Vec<_> = ["leave", "trip", "order"].map(process).into();
        for (n, process) in processes.iter().enumerate() {
            views.define(Tenant(0), DefinitionId(n as u64), 3, Arc::clone(process));
        }
        for (n, seed) in seeds.iter().enumerate() {
            let mut dice = Dice(*seed);
            let definition = DefinitionId(dice.roll(kinds as usize) as u64);
            let task = task(&mut dice, definition, &processes[definition.0 as usize]);
            let changes = RowChanges {
                instances: vec![instance(definition, task.created_ms)],
                tasks: vec![task],
                ..RowChanges::default()
            };
            let root = RootId(u128::from(*seed) << 64 | n as u128);
            views.apply(root, Tenant(0), n as u64, &changes);
        }
        let window = Window {
            sort: Sort { key: SortKey::Order, descending: !oldest_first },
            ..Window::default()
        };
        let found = views.tasks(&TaskFilter::default(), &window);
        let mut expected = page::begin(0);
        let mut rows = Rows::behind(page::begin(0));
        for (n, task) in found.items.iter().enumerate() {
            if n > 0 {
                expected.push(',');
            }
            Task::of_view(*task).push(&mut expected);
            rows.push(*task);
        }
        expected.push_str("]}");
        let page = rows.end(|out| out.push_str("]}"));
        prop_assert_eq!(String::from_utf8(page), Ok(expected));
    }
}
