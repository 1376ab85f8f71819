//! What a million instances waiting at one user task with an assignee cost in the views: resident bytes each, the time of
//! a start's and a completion's changes, of a rebuild, and of the pages that are asked most.

use actors::views::{TaskFilter, Views, Window};
use bpmn::rows::{Ended, InstanceRow, RowChanges, Rows, TaskRow};
use codec::{DefinitionId, RootId, Tenant};
use std::time::Instant;

const COUNT: u64 = 1_000_000;
const ASSIGNEES: u64 = 1_000;
const TENANT: Tenant = Tenant(0);
const DEFINITION: DefinitionId = DefinitionId(12);

fn main() {
    let process = process();
    let new_views = || {
        let mut views = Views::new();
        views.define(TENANT, DEFINITION, 1, process.clone());
        views
    };
    let element = process.find("approve").expect("an element");

    let before = resident_bytes();
    let mut views = new_views();
    let mut spent = std::time::Duration::ZERO;
    for first in (0..COUNT).step_by(1_000) {
        let starts: Vec<RowChanges> = (first..first + 1_000).map(|n| start(n, element)).collect();
        let begun = Instant::now();
        for (index, changes) in (first..).zip(&starts) {
            views.apply(root(index), TENANT, index, changes);
        }
        spent += begun.elapsed();
    }
    let each = (resident_bytes() - before) as f64 / COUNT as f64;
    println!("resident: {each:.0} bytes per waiting instance, {COUNT} of them, all indexes on");
    println!(
        "start: {:.0} ns each",
        spent.as_nanos() as f64 / COUNT as f64
    );
    pages(&views);
    complete(&mut views);
    drop(views);

    let rows: Vec<Rows> = (0..COUNT).map(|n| rows(start(n, element))).collect();
    let mut views = new_views();
    let (begun, processor_begun) = (Instant::now(), processor_seconds());
    for (index, rows) in (0..).zip(&rows) {
        views.load(root(index), TENANT, index, rows);
    }
    println!(
        "rebuild: {:.2} s for {COUNT}, {:.2} s of processor time",
        begun.elapsed().as_secs_f64(),
        processor_seconds() - processor_begun
    );
}

fn pages(views: &Views) {
    let all = TaskFilter::default();
    let assigned = TaskFilter {
        assignees: vec!["user17".to_owned()],
        ..TaskFilter::default()
    };
    let of_activity = TaskFilter {
        activity_ids: vec!["approve".to_owned()],
        ..assigned.clone()
    };
    let rows = [
        ("newest", &all),
        ("of an assignee", &assigned),
        ("of an assignee at an activity", &of_activity),
    ];
    for (what, filter) in rows {
        let begun = Instant::now();
        let mut shown = 0;
        for _ in 0..1_000 {
            let page = views.tasks(filter, &Window::default());
            let texts = page
                .items
                .iter()
                .map(|task| task.name().map_or(0, str::len) + task.assignee().map_or(0, str::len));
            shown += texts.sum::<usize>();
        }
        let each = begun.elapsed() / 1_000;
        println!("page of 50 tasks, {what}: {each:.1?} ({shown} bytes read)");
    }
}

/// Completes all in a scattered order, and removes them as the archiver does.
fn complete(views: &mut Views) {
    let mut changes = RowChanges {
        instances: vec![instance(0)],
        gone_tasks: vec![3],
        ..RowChanges::default()
    };
    let processor_begun = processor_seconds();
    for step in 0..COUNT {
        let index = step * 7_919 % COUNT;
        let row = &mut changes.instances[0];
        row.started_ms = started_ms(index);
        row.ended = Some(Ended {
            ended_ms: row.started_ms + 5,
            end_activity: Some("end".to_owned()),
            delete_reason: None,
            cancelled: false,
        });
        views.apply(root(index), TENANT, COUNT + step, &changes);
        views.remove(root(index));
    }
    let each = (processor_seconds() - processor_begun) * 1e9 / COUNT as f64;
    println!("complete and remove: {each:.0} ns of processor time each");
}

fn process() -> std::sync::Arc<bpmn::model::Process> {
    let xml = r#"<definitions xmlns="http://www.omg.org/spec/BPMN/20100524/MODEL" targetNamespace="t">
  <process id="leave" isExecutable="true">
    <startEvent id="start"/><userTask id="approve" name="Approve"/><endEvent id="end"/>
    <sequenceFlow id="f1" sourceRef="start" targetRef="approve"/>
    <sequenceFlow id="f2" sourceRef="approve" targetRef="end"/>
  </process>
</definitions>"#;
    bpmn::parse::parse(xml.as_bytes())
        .expect("a model")
        .processes[0]
        .clone()
}

fn started_ms(index: u64) -> i64 {
    1_779_345_012_345 + (index / 20) as i64
}

/// Like a UUID version 7 of instances that start 50 µs apart.
fn root(index: u64) -> RootId {
    let random = u128::from(index.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    RootId((started_ms(index) as u128) << 80 | 7 << 76 | random)
}

fn instance(index: u64) -> InstanceRow {
    InstanceRow {
        number: 0,
        definition: DEFINITION,
        business_key: None,
        name: None,
        suspended: false,
        started_ms: started_ms(index),
        start_user: None,
        super_instance: None,
        super_execution: None,
        ended: None,
    }
}

fn start(index: u64, element: bpmn::model::ElementIndex) -> RowChanges {
    let task = TaskRow {
        number: 3,
        instance: 0,
        execution: 2,
        definition: DEFINITION,
        element,
        name: Some("Approve".to_owned()),
        description: None,
        assignee: Some(format!("user{}", index % ASSIGNEES)),
        owner: None,
        delegation: None,
        priority: 50,
        due_ms: None,
        category: None,
        form_key: None,
        suspended: false,
        created_ms: started_ms(index),
        claimed_ms: None,
        links: Vec::new(),
        parent_task: None,
    };
    RowChanges {
        instances: vec![instance(index)],
        tasks: vec![task],
        ..RowChanges::default()
    }
}

fn rows(changes: RowChanges) -> Rows {
    Rows {
        instances: changes.instances,
        tasks: changes.tasks.into(),
        timers: changes.timers,
        incidents: changes.incidents,
        works: changes.works,
    }
}

/// Resident memory of this process, from the kernel.
fn resident_bytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
    let kib = line.and_then(|line| line.split_whitespace().next()?.parse::<u64>().ok());
    kib.unwrap_or(0) * 1024
}

/// Processor time of this process so far, in seconds: what stays the same when others use the machine.
fn processor_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap_or_default();
    let fields: Vec<&str> = stat.split_whitespace().collect();
    let ticks = |index: usize| {
        fields
            .get(index)
            .and_then(|field| field.parse::<f64>().ok())
    };
    // Clock ticks are hundredths of a second on Linux.
    (ticks(13).unwrap_or(0.0) + ticks(14).unwrap_or(0.0)) / 100.0
}
