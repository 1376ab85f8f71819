//! Due times as tables: text, now, when.

use super::*;
use jiff::tz;

/// 2026-03-27T12:00:00Z, two days before the clocks change in Berlin.
const NOW: &str = "2026-03-27T12:00:00Z";

fn ms(text: &str) -> i64 {
    codec::instant::parse(text, &TimeZone::UTC).expect("a test's date")
}

fn berlin() -> TimeZone {
    TimeZone::get("Europe/Berlin").expect("bundled zone")
}

fn shown(result: Result<i64, ScheduleError>) -> String {
    result.map_or_else(|error| error.to_string(), codec::instant::to_rfc3339)
}

#[test]
fn due_dates_are_dates_or_durations() {
    for (text, expected) in [
        ("2036-11-14T11:12:22", "2036-11-14T10:12:22.000Z"),
        ("2036-11-14", "2036-11-13T23:00:00.000Z"),
        ("2030-01-01T00:00:00Z", "2030-01-01T00:00:00.000Z"),
        ("2030-01-01T00:00:00.500+08:00", "2029-12-31T16:00:00.500Z"),
        (" PT5M ", "2026-03-27T12:05:00.000Z"),
        ("P2D", "2026-03-29T11:00:00.000Z"),
        ("PT48H", "2026-03-29T12:00:00.000Z"),
        ("P1M", "2026-04-27T11:00:00.000Z"),
        ("P1Y2M3DT4H", "2027-05-30T15:00:00.000Z"),
        ("P1W", "2026-04-03T11:00:00.000Z"),
        ("2026-W05-3", "2026-01-27T23:00:00.000Z"),
        ("2026-W05", "2026-01-25T23:00:00.000Z"),
        ("2026-W05-1T08:30:00Z", "2026-01-26T08:30:00.000Z"),
        ("2026-W54-1", "couldn't resolve due date: '2026-W54-1'"),
        ("-P1D", "couldn't resolve due date: '-P1D'"),
        (
            "2030-01-01 10:00",
            "couldn't resolve due date: '2030-01-01 10:00'",
        ),
        ("PT0.5S", "2026-03-27T12:00:00.500Z"),
        ("soon", "couldn't resolve due date: 'soon'"),
        ("", "couldn't resolve due date: ''"),
        ("Pt5m", "2026-03-27T12:05:00.000Z"),
        ("P", "cannot parse duration: 'P'"),
        ("P1", "cannot parse duration: 'P1'"),
        ("P19000Y", "'P19000Y' is out of range"),
    ] {
        assert_eq!(
            shown(due_date(text, ms(NOW), &berlin())),
            expected,
            "{text}"
        );
    }
}

#[test]
fn durations_count_from_where_they_are_told() {
    for (text, expected) in [
        ("PT1H", "2026-03-27T13:00:00.000Z"),
        ("2026-01-31T00:00:00Z/P1M", "2026-02-28T00:00:00.000Z"),
        ("P1W", "cannot parse duration: 'P1W'"),
        ("1 hour", "cannot parse duration: '1 hour'"),
        ("p1d", "cannot parse duration: 'p1d'"),
        ("PT5m", "cannot parse duration: 'PT5m'"),
        ("-PT5M", "cannot parse duration: '-PT5M'"),
        ("2026-01-31", "cannot parse duration: '2026-01-31'"),
    ] {
        assert_eq!(
            shown(duration(text, ms(NOW), &TimeZone::UTC)),
            expected,
            "{text}"
        );
    }
}

#[test]
fn calendars_are_found_by_name() {
    let resolve = |name: &str, text: &str| {
        shown(
            BusinessCalendar::named(name)
                .and_then(|calendar| calendar.resolve(text, ms(NOW), &TimeZone::UTC)),
        )
    };
    assert_eq!(resolve("duration", "PT1S"), "2026-03-27T12:00:01.000Z");
    assert_eq!(resolve("dueDate", "2027-01-01"), "2027-01-01T00:00:00.000Z");
    assert_eq!(resolve("cycle", "R3/PT1H"), "2026-03-27T13:00:00.000Z");
    assert_eq!(
        resolve("INVALID", "PT1S"),
        "business calendar 'INVALID' does not exist"
    );
}

/// Every firing until it is over or has shown twelve, when each fires `late_ms` after it was due.
fn firings(text: &str, late_ms: i64) -> Vec<String> {
    let zone = TimeZone::UTC;
    let cycle = match Cycle::parse(text, &zone) {
        Ok(cycle) => cycle,
        Err(error) => return vec![error.to_string()],
    };
    let begun = ms(NOW);
    let mut now = begun;
    let mut found = Vec::new();
    while found.len() < 12 {
        let fired = u32::try_from(found.len()).expect("few");
        let Some(due) = cycle.next(begun, fired, now, &zone) else {
            break;
        };
        found.push(
            codec::instant::to_rfc3339(due)
                .replace("2026-03-", "")
                .replace(":00.000Z", ""),
        );
        now = due + late_ms;
    }
    found
}

#[test]
fn cycles_fire_as_often_as_they_say() {
    for (text, expected) in [
        ("R3/PT1H", vec!["27T13:00", "27T14:00", "27T15:00"]),
        ("R1/PT10M", vec!["27T12:10"]),
        ("R0/PT10M", vec!["27T12:10"]),
        ("R3/PT1H/2026-03-27T14:00:00Z", vec!["27T13:00", "27T14:00"]),
        ("R3/PT1H/2026-03-27T12:30:00Z", vec!["27T13:00"]),
        ("R2/2026-03-28T08:00:00Z/P1D", vec!["28T08:00", "29T08:00"]),
        ("R2/2026-03-27T11:30:00Z/PT1H", vec!["27T12:30", "27T13:30"]),
        ("R2/2026-03-28/P1D/2026-03-28", vec!["28T00:00"]),
        ("R2/P1M", vec!["2026-04-27T12:00", "2026-05-27T12:00"]),
        (
            "R3/PT0S",
            vec!["failed to parse cycle expression: 'R3/PT0S': 'PT0S' is no period"],
        ),
        (
            "R3/-PT1S",
            vec!["failed to parse cycle expression: 'R3/-PT1S': '-PT1S' is no period"],
        ),
        (
            "Rx/PT1S",
            vec!["failed to parse cycle expression: 'Rx/PT1S': 'x' is no number of repetitions"],
        ),
        (
            "R3",
            vec![
                "failed to parse cycle expression: 'R3': expected a period, perhaps with a start or an end",
            ],
        ),
    ] {
        assert_eq!(firings(text, 0), expected, "{text}");
    }
    assert_eq!(firings("R/PT1H", 0).len(), 12);
}

#[test]
fn late_cycles_make_up_when_they_count_and_skip_when_they_do_not() {
    const TWO_HOURS_AND_A_HALF: i64 = 150 * 60 * 1000;
    assert_eq!(
        firings("R3/PT1H", TWO_HOURS_AND_A_HALF),
        ["27T13:00", "27T15:30", "27T18:00"]
    );
    assert_eq!(
        firings("R/PT1H", TWO_HOURS_AND_A_HALF)[..3],
        ["27T13:00", "27T16:00", "27T19:00"]
    );
}

#[test]
fn cycles_of_long_ago_with_short_periods_are_found_at_once() {
    let cycle = Cycle::parse("R/0001-01-01T00:00:00Z/PT0.001S", &TimeZone::UTC).expect("parses");
    assert_eq!(cycle.first(ms(NOW), &TimeZone::UTC), Some(ms(NOW) + 1));
}

#[test]
fn cron_is_read_as_quartz_reads_it() {
    let friday_noon = ms(NOW);
    for (text, zone, expected) in [
        (
            "0 0/5 * * * ?",
            tz::TimeZone::UTC,
            "2026-03-27T12:05:00.000Z",
        ),
        (
            "0/2 * * * * ?",
            tz::TimeZone::UTC,
            "2026-03-27T12:00:02.000Z",
        ),
        (
            "0 0 13 1/1 * ? *",
            tz::TimeZone::UTC,
            "2026-03-27T13:00:00.000Z",
        ),
        ("0 0 22 1/1 * ? *", berlin(), "2026-03-27T21:00:00.000Z"),
        ("0 0 8 ? * 1", tz::TimeZone::UTC, "2026-03-29T08:00:00.000Z"),
        (
            "0 0 8 ? * 2-6",
            tz::TimeZone::UTC,
            "2026-03-30T08:00:00.000Z",
        ),
        ("0 0 8 ? * MON-FRI", berlin(), "2026-03-30T06:00:00.000Z"),
        ("0 0 0 L * ?", tz::TimeZone::UTC, "2026-03-31T00:00:00.000Z"),
        (
            "0 0 0 1 1 ? 2031",
            tz::TimeZone::UTC,
            "2031-01-01T00:00:00.000Z",
        ),
        (
            "0 30 2 29 3 ?",
            tz::TimeZone::UTC,
            "2026-03-29T02:30:00.000Z",
        ),
    ] {
        let found = BusinessCalendar::Cycle.resolve(text, friday_noon, &zone);
        assert_eq!(shown(found), expected, "{text}");
    }
    for text in [
        "* * * * *",
        "@daily",
        "0 0 25 * * ?",
        "whatever it takes to be six",
        "",
    ] {
        assert!(Cycle::parse(text, &TimeZone::UTC).is_err(), "{text}");
    }
    let never = Cycle::parse("0 0 0 31 2 ?", &TimeZone::UTC);
    assert!(never.is_ok_and(|cycle| cycle.first(friday_noon, &TimeZone::UTC).is_none()));
}
