//! Timers that have an end.

use super::model::{HEAD, TASK, process, rows, started, world};
use bpmn::Host;
use bpmn::start_timer::start_timers;
use codec::Tenant;

#[test]
fn a_cycle_fires_only_until_its_end_from_the_first_time_on() {
    for (end, fired) in [("2020-01-01T00:00:00", 0), ("2030-01-01T00:00:00", 2)] {
        let model = format!(
            "{HEAD}<process id='p'><startEvent id='start'/>{TASK}<endEvent id='end'/>\
             <boundaryEvent id='again' attachedToRef='task' cancelActivity='false'><timerEventDefinition>\
             <timeCycle>R2/PT10M/{end}</timeCycle></timerEventDefinition></boundaryEvent><userTask id='late'/>\
             <sequenceFlow id='a' sourceRef='start' targetRef='task'/><sequenceFlow id='b' sourceRef='task' targetRef='end'/>\
             <sequenceFlow id='c' sourceRef='again' targetRef='late'/></process></definitions>"
        );
        let mut world = world(&[&model]);
        let root = started(&mut world);
        assert_eq!(rows(&world, root).timers.len(), 1, "{end}");
        let hour_ms = 3_600_000;
        world
            .advance(world.outside.now_ms + hour_ms)
            .expect("it fires");
        let rows = rows(&world, root);
        assert_eq!(
            (rows.tasks.len(), rows.timers.len()),
            (1 + fired, 0),
            "{end}"
        );
    }
}

#[test]
fn a_start_event_gets_no_timer_when_its_cycle_ends_before_it_begins() {
    for (cycle, expected) in [
        ("<timeCycle>R3/PT1H/2020-01-01T00:00:00</timeCycle>", 0),
        ("<timeCycle>R3/PT1H/2030-01-01T00:00:00</timeCycle>", 1),
        (
            "<timeCycle activiti:endDate='2020-01-01'>0 0 * * * ?</timeCycle>",
            0,
        ),
        (
            "<timeCycle activiti:endDate='2030-01-01'>0 0 * * * ?</timeCycle>",
            1,
        ),
        (
            "<timeDate activiti:endDate='2020-01-01'>2030-01-01</timeDate>",
            1,
        ),
    ] {
        let start = format!(
            "<startEvent id='start'><timerEventDefinition>{cycle}</timerEventDefinition></startEvent>"
        );
        let model =
            process(TASK, &["start>task", "task>end"]).replace("<startEvent id='start'/>", &start);
        let world = world(&[&model]);
        let latest = world.outside.latest_definition(Tenant(0), "p");
        let process = &latest.expect("p is deployed").process;
        let timers = start_timers(process, world.outside.now_ms, &world.outside.zone);
        assert_eq!(timers.expect("they are read").len(), expected, "{cycle}");
    }
}
