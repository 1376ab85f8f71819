//! What texts and methods of values owe to Java.

use super::*;

#[test]
fn dates_in_text_are_as_java_writes_them_in_the_zone() {
    let shanghai = TimeZone::get("Asia/Shanghai").expect("bundled zone");
    for (zone, text, expected) in [
        (
            None,
            "at ${when}",
            "string: at Thu Jan 01 00:00:01 UTC 1970",
        ),
        (
            Some(shanghai.clone()),
            "at ${when}",
            "string: at Thu Jan 01 08:00:01 CST 1970",
        ),
        (
            Some(TimeZone::fixed(jiff::tz::offset(8))),
            "${when.toString()}",
            "string: Thu Jan 01 08:00:01 GMT+08:00 1970",
        ),
        (None, "${when}", "date: 1970-01-01T00:00:01.000Z"),
        (
            None,
            "${'at '.concat(when)}",
            "string: at Thu Jan 01 00:00:01 UTC 1970",
        ),
        (
            None,
            "${when == 'Thu Jan 01 00:00:01 UTC 1970'}",
            "boolean: true",
        ),
        (None, "${when > 'Fri' and 'Fri' < when}", "boolean: true"),
        (None, "${when == s}", "boolean: false"),
        (None, "${when.toString().equals(when)}", "boolean: false"),
    ] {
        let mut scope = TestScope { zone, ..scope() };
        assert_eq!(outcome(text, &mut scope), expected, "{text}");
    }
    let mut scope = TestScope {
        zone: Some(shanghai),
        ..scope()
    };
    scope.variables.insert(
        "dates".to_owned(),
        Value::List(vec![Value::Date(0), Value::Null]),
    );
    let text = Template::parse("${dates}").expect("parses");
    assert_eq!(
        text.evaluate_text(&mut scope),
        Ok(Some("[Thu Jan 01 08:00:00 CST 1970, null]".to_owned()))
    );
}
