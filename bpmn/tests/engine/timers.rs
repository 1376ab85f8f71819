//! Timers whose end comes before they fall due.

use super::model::{HEAD, TASK, rows, started, world};

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
