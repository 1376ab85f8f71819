//! Timer definitions.
//! Never: reads a date or duration; what it says may hold expressions, and is read when the timer is created.

use super::{process::ProcessReader, xml::Node};
use crate::{
    diagnostic::code,
    model::{TimerDefinition, TimerSchedule},
};

/// Reads `timerEventDefinition`: exactly one of date, duration and cycle.
pub(super) fn read(
    reader: &mut ProcessReader<'_, '_>,
    node: &Node<'_>,
) -> Option<Box<TimerDefinition>> {
    let parts = ["timeDate", "timeDuration", "timeCycle"];
    let mut found: Vec<(&str, &Node<'_>)> = parts
        .iter()
        .flat_map(|name| node.all(name).map(move |part| (*name, part)))
        .filter(|(_, part)| !part.text.trim().is_empty())
        .collect();
    let (Some((name, part)), None) = (found.pop(), found.pop()) else {
        let message = "a timer needs exactly one of timeDate, timeDuration and timeCycle";
        reader
            .complaints
            .error(node, code::TIMER_DEFINITION, message);
        return None;
    };
    let template = reader.template(part, name, part.text.trim());
    // Only a cycle can end, as in Activiti.
    let end_date = part
        .extension("endDate")
        .filter(|_| name == "timeCycle")
        .map(|text| reader.template(part, "endDate", text));
    let business_calendar = node
        .extension("businessCalendarName")
        .map(|text| reader.template(node, "businessCalendarName", text));
    Some(Box::new(TimerDefinition {
        schedule: match name {
            "timeDate" => TimerSchedule::Date(template),
            "timeDuration" => TimerSchedule::Duration(template),
            _ => TimerSchedule::Cycle(template),
        },
        end_date,
        business_calendar,
    }))
}
