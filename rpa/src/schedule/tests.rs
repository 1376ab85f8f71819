//! Next firings: every kind of rule, zones, changes of clocks, windows, and what cannot be read.

use super::*;
use codec::instant;

fn ms(text: &str) -> i64 {
    instant::parse(text, &TimeZone::UTC).unwrap()
}

fn timing(rule: Rule, zone: &str) -> Timing {
    Timing {
        rule,
        time_zone: zone.to_owned(),
        start_ms: ms("2026-01-31T08:00:00Z"),
        end_ms: None,
    }
}

fn shown(timing: &Timing, after: &str, count: usize) -> String {
    let found = timing.next_many(ms(after), count).unwrap();
    let short = |at: &i64| {
        instant::to_rfc3339(*at)
            .replace(":00.000Z", "Z")
            .replace("2026-", "")
    };
    found.iter().map(short).collect::<Vec<_>>().join(" ")
}

#[test]
fn the_next_firings_of_every_kind_of_rule() {
    let cron = |text: &str| Rule::Cron(text.to_owned());
    let every = |text: &str| Rule::Every(text.to_owned());
    let rows = [
        // 2026-03-01 is a Sunday.
        (
            cron("30 8 * * 1"),
            "UTC",
            "2026-03-01",
            "03-02T08:30Z 03-09T08:30Z",
        ),
        (
            cron("30 8 * * 0"),
            "UTC",
            "2026-03-01",
            "03-01T08:30Z 03-08T08:30Z",
        ),
        (
            cron("30 8 * * 7"),
            "UTC",
            "2026-03-01",
            "03-01T08:30Z 03-08T08:30Z",
        ),
        (
            cron("0 30 8 ? * 1"),
            "UTC",
            "2026-03-01",
            "03-01T08:30Z 03-08T08:30Z",
        ),
        (
            cron("0 30 8 ? * MON-FRI"),
            "UTC",
            "2026-03-06",
            "03-06T08:30Z 03-09T08:30Z",
        ),
        (
            cron("*/10 * * * *"),
            "UTC",
            "2026-03-01T00:00:01Z",
            "03-01T00:10Z 03-01T00:20Z",
        ),
        (
            cron("0 9 * * *"),
            "Asia/Shanghai",
            "2026-03-01",
            "03-01T01:00Z 03-02T01:00Z",
        ),
        // The clocks of Berlin go forward on 2026-03-29.
        (
            cron("0 9 * * *"),
            "Europe/Berlin",
            "2026-03-28",
            "03-28T08:00Z 03-29T07:00Z",
        ),
        (cron("0 0 0 1 1 ? 2025"), "UTC", "2026-03-01", ""),
        (
            every("PT15M"),
            "UTC",
            "2026-03-01T00:01:00Z",
            "03-01T00:15Z 03-01T00:30Z",
        ),
        (
            every("P1D"),
            "Europe/Berlin",
            "2026-03-28T12:00:00Z",
            "03-29T07:00Z 03-30T07:00Z",
        ),
        // Counted from the 31st each time: February has none, March has.
        (
            every("P1M"),
            "UTC",
            "2026-02-01",
            "02-28T08:00Z 03-31T08:00Z",
        ),
        (
            every("PT1H"),
            "UTC",
            "2025-01-01",
            "01-31T08:00Z 01-31T09:00Z",
        ),
        (
            Rule::At(ms("2026-05-21T08:00:00Z")),
            "UTC",
            "2026-03-01",
            "05-21T08:00Z",
        ),
        (
            Rule::At(ms("2026-05-21T08:00:00Z")),
            "UTC",
            "2026-05-21T08:00:00Z",
            "",
        ),
    ];
    for (rule, zone, after, expected) in rows {
        let timing = timing(rule, zone);
        assert_eq!(timing.check(), Ok(()));
        assert_eq!(shown(&timing, after, 2), expected, "{timing:?}");
    }
}

#[test]
fn nothing_is_due_before_the_start_or_after_the_end() {
    let mut timing = timing(Rule::Cron("0 8 * * *".into()), "UTC");
    assert_eq!(shown(&timing, "2026-01-01", 2), "01-31T08:00Z 02-01T08:00Z");
    timing.end_ms = Some(ms("2026-02-01T08:00:00Z"));
    assert_eq!(shown(&timing, "2026-01-01", 9), "01-31T08:00Z 02-01T08:00Z");
    timing.end_ms = Some(ms("2026-02-01T07:59:59Z"));
    assert_eq!(shown(&timing, "2026-01-01", 9), "01-31T08:00Z");
    timing.end_ms = Some(ms("2025-02-01"));
    assert_eq!(timing.check(), Err(TimingError::Window));
}

#[test]
fn what_cannot_be_read_is_an_error() {
    for text in [
        "",
        "* * * *",
        "61 * * * *",
        "@daily",
        "a b c d e",
        "* * * * * * * *",
    ] {
        let found = timing(Rule::Cron(text.into()), "UTC").check();
        assert!(
            matches!(found, Err(TimingError::Cron { .. })),
            "{text}: {found:?}"
        );
    }
    for text in ["", "PT59S", "-P1D", "P0D", "1h", "PT0.5H PT", "P99999999Y"] {
        let found = timing(Rule::Every(text.into()), "UTC").check();
        assert!(
            matches!(found, Err(TimingError::Interval(_))),
            "{text}: {found:?}"
        );
    }
    let found = timing(Rule::At(0), "Mars/Olympus").check();
    assert_eq!(found, Err(TimingError::TimeZone("Mars/Olympus".into())));
}

#[test]
fn a_firing_has_one_execution() {
    let schedule = Guid(7);
    assert_eq!(execution_of(schedule, 1), execution_of(schedule, 1));
    assert_ne!(execution_of(schedule, 1), execution_of(schedule, 2));
    assert_ne!(execution_of(schedule, 1), execution_of(Guid(8), 1));
}
