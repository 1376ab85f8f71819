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

#[test]
fn values_are_hashed_and_lists_are_cut_as_in_java() {
    let mut scope = scope();
    let numbers = [3, 1, 2].map(Value::Int).to_vec();
    let map = [("k", Value::from("v")), ("n", Value::Int(4))];
    let map = map.map(|(key, value)| (key.to_owned(), value)).to_vec();
    for (name, value) in [
        ("date", Value::Date(1_767_614_400_000)),
        ("far", Value::Int(12_345_678_901)),
        ("numbers", Value::List(numbers)),
        (
            "letters",
            Value::List(["a", "b", "c"].map(Value::from).to_vec()),
        ),
        ("pair", Value::Map(map)),
    ] {
        scope.variables.insert(name.to_owned(), value);
    }
    for (text, expected) in [
        ("${'red'.hashCode()}", "integer: 112785"),
        ("${one.hashCode()}", "integer: 1"),
        ("${far.hashCode()}", "integer: -539222985"),
        ("${(2.5).hashCode()}", "integer: 1074003968"),
        ("${yes.hashCode()}", "integer: 1231"),
        ("${date.hashCode()}", "integer: -1912125541"),
        ("${letters.hashCode()}", "integer: 126145"),
        ("${numbers.hashCode()}", "integer: 32707"),
        ("${pair.hashCode()}", "integer: 135"),
        ("${letters.subList(0, 2)}", "list: [a, b]"),
        ("${letters.subList('1', 1)}", "list: []"),
        ("${letters.subList(1, 9)}", "error: …"),
        ("${letters.subList(2, 1)}", "error: …"),
        ("${letters.subList(-1, 1)}", "error: …"),
    ] {
        let found = outcome(text, &mut scope);
        let start = expected.trim_end_matches('…');
        let matched = found == expected || start != expected && found.starts_with(start);
        assert!(matched, "{text}: {found}");
    }
}
