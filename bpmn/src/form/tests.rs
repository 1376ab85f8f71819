//! Forms as tables: type, text, value; properties, submission, variables.

use super::*;
use crate::uel::Object;
use std::collections::BTreeMap;

#[derive(Default)]
struct TestScope(BTreeMap<String, Value>);

impl Scope for TestScope {
    fn variable(&mut self, name: &str) -> Option<Value> {
        self.0.get(name).cloned()
    }

    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError> {
        match self.0.get_mut(name) {
            Some(slot) => {
                *slot = value;
                Ok(())
            }
            None => Err(EvaluationError::failed(format!("no variable '{name}'"))),
        }
    }

    fn has_object(&self, object: Object) -> bool {
        object == Object::Execution
    }

    fn object_property(&mut self, _object: Object, _name: &str) -> Result<Value, EvaluationError> {
        Ok(Value::Null)
    }

    fn object_call(
        &mut self,
        _object: Object,
        _method: &str,
        _arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        Ok(Value::from("from below"))
    }

    fn time_zone(&self) -> TimeZone {
        china()
    }
}

fn china() -> TimeZone {
    TimeZone::fixed(jiff::tz::offset(8))
}

fn date(pattern: &str) -> FormType {
    FormType::Date(pattern.to_owned())
}

fn choices() -> FormType {
    FormType::Enum(vec![("yes".into(), Some("Ja".into())), ("no".into(), None)])
}

fn shown(result: Result<Value, FormError>) -> String {
    result.map_or_else(|error| error.to_string(), |value| value.to_java_string())
}

#[test]
fn text_becomes_a_value_of_the_type() {
    for (form_type, text, expected) in [
        (FormType::String, "", ""),
        (FormType::String, "a", "a"),
        (FormType::Long, "42", "42"),
        (FormType::Long, "", "null"),
        (FormType::Long, "1.5", "For input string: \"1.5\""),
        (FormType::Long, "x", "For input string: \"x\""),
        (FormType::Double, "1.5", "1.5"),
        (FormType::Double, "", "null"),
        (FormType::Double, "nan", "For input string: \"nan\""),
        (FormType::Boolean, "TRUE", "true"),
        (FormType::Boolean, "yes", "false"),
        (FormType::Boolean, "", "null"),
        (choices(), "yes", "yes"),
        (choices(), "", "Invalid value for enum form property: "),
        (choices(), "Ja", "Invalid value for enum form property: Ja"),
        (
            FormType::Unknown("users".into()),
            "a",
            "unknown form property type 'users'",
        ),
    ] {
        assert_eq!(
            shown(convert(&form_type, text, &china())),
            expected,
            "{form_type:?} {text}"
        );
    }
}

#[test]
fn dates_are_read_leniently_by_their_pattern() {
    for (pattern, text, expected) in [
        ("dd/MM/yyyy", "21/05/2020", "2020-05-20T16:00:00.000Z"),
        ("yyyy-MM-dd", "2020-13-41", "2021-02-09T16:00:00.000Z"),
        (
            "yyyy-MM-dd",
            "2020-05-21 and more",
            "2020-05-20T16:00:00.000Z",
        ),
        (
            "yyyy-MM-dd HH:mm:ss",
            "2020-05-21 08:30:05",
            "2020-05-21T00:30:05.000Z",
        ),
        (
            "dd-MM-yyyy hh:mm",
            "21-05-2020 01:30",
            "2020-05-20T17:30:00.000Z",
        ),
        ("yyyyMMddHHmm", "202005210830", "2020-05-21T00:30:00.000Z"),
        (
            "d MMM yy h:mm a",
            "2 Jan 26 12:05 PM",
            "2026-01-02T04:05:00.000Z",
        ),
        (
            "EEE, d MMMM yyyy",
            "Monday, 2 february 2026",
            "2026-02-01T16:00:00.000Z",
        ),
        (
            "yyyy-MM-dd'T'HH:mm:ss.SSSZ",
            "2020-05-21T08:30:05.123+0200",
            "2020-05-21T06:30:05.123Z",
        ),
        (
            "yyyy-MM-dd'T'HH:mmXXX",
            "2020-05-21T08:30Z",
            "2020-05-21T08:30:00.000Z",
        ),
        ("yyyy年M月d日", "2020年5月21日", "2020-05-20T16:00:00.000Z"),
        ("yyyy-MM-dd", "", "null"),
        ("yyyy-MM-dd", "21/05/2020", "invalid date value 21/05/2020"),
        ("yyyy-MM-dd", "2020-05", "invalid date value 2020-05"),
        (
            "yyyy-MM-dd",
            "999999999-01-01",
            "invalid date value 999999999-01-01",
        ),
        ("ww", "1", "Illegal date pattern 'ww'"),
    ] {
        assert_eq!(
            shown(convert(&date(pattern), text, &china())),
            expected,
            "{pattern} {text}"
        );
    }
}

#[test]
fn values_are_shown_by_type() {
    let afternoon = Value::Date(1_590_042_605_123);
    for (form_type, value, expected) in [
        (FormType::String, Value::Int(1), Ok(Some("1"))),
        (FormType::String, Value::Null, Ok(None)),
        (FormType::Long, Value::Int(7), Ok(Some("7"))),
        (FormType::Long, Value::from("x"), Ok(Some("x"))),
        (FormType::Double, Value::Double(1.5), Ok(Some("1.5"))),
        (FormType::Boolean, Value::Bool(true), Ok(Some("true"))),
        (
            FormType::Boolean,
            Value::Int(1),
            Err("Model value is not of type boolean, but of type integer"),
        ),
        (
            date("dd/MM/yyyy HH:mm"),
            afternoon.clone(),
            Ok(Some("21/05/2020 14:30")),
        ),
        (
            date("yy.M.d h:mm:ss.SSS a"),
            afternoon.clone(),
            Ok(Some("20.5.21 2:30:05.123 PM")),
        ),
        (
            date("EEEE, d. MMM yyyy 'o''clock' kk XXX Z"),
            afternoon,
            Ok(Some("Thursday, 21. May 2020 o'clock 14 +08:00 +0800")),
        ),
        (
            date("dd/MM/yyyy"),
            Value::Bool(true),
            Err("Model value is not of type date, but of type boolean"),
        ),
        (choices(), Value::from("yes"), Ok(Some("yes"))),
        (
            FormType::Unknown("users".into()),
            Value::Null,
            Err("unknown form property type 'users'"),
        ),
    ] {
        let found = format(&form_type, &value, &china()).map_err(|error| error.to_string());
        let expected = expected
            .map(|text| text.map(str::to_owned))
            .map_err(str::to_owned);
        assert_eq!(found, expected, "{form_type:?} {value:?}");
    }
}

fn property(id: &str) -> FormProperty {
    FormProperty {
        id: id.to_owned(),
        name: None,
        form_type: None,
        variable: None,
        expression: None,
        default: None,
        readable: true,
        writable: true,
        required: false,
    }
}

fn template(text: &str) -> Option<Template> {
    Some(Template::parse(text).expect("a test's expression"))
}

fn submitted(entries: &[(&str, Value)]) -> Vec<(String, Value)> {
    let own = |(id, value): &(&str, Value)| ((*id).to_owned(), value.clone());
    entries.iter().map(own).collect()
}

#[test]
fn a_submission_sets_what_it_declares_and_the_rest_as_it_came() {
    let properties = [
        FormProperty {
            form_type: Some(FormType::Long),
            ..property("amount")
        },
        FormProperty {
            variable: Some("state".into()),
            ..property("decision")
        },
        FormProperty {
            expression: template("${order.note}"),
            ..property("note")
        },
        FormProperty {
            default: template("${amount + 1}"),
            form_type: Some(FormType::Long),
            ..property("next")
        },
        FormProperty {
            form_type: Some(FormType::Boolean),
            ..property("absent")
        },
    ];
    let mut scope = TestScope::default();
    scope.0.insert("order".into(), Value::Map(vec![]));
    let sent = submitted(&[
        ("extra", Value::Bool(true)),
        ("amount", Value::from("41")),
        ("decision", Value::Int(1)),
        ("note", Value::from("n")),
        ("absent", Value::Null),
    ]);
    let variables = submit(&properties, sent, &mut scope, &china()).expect("is accepted");
    assert_eq!(
        variables,
        submitted(&[
            ("amount", Value::Int(41)),
            ("state", Value::from("1")),
            ("next", Value::Int(42)),
            ("extra", Value::Bool(true)),
        ])
    );
    assert_eq!(scope.0["order"].to_java_string(), "{note=n}");
}

#[test]
fn a_submission_is_refused_with_activitis_words() {
    let required = FormProperty {
        required: true,
        ..property("p")
    };
    let closed = FormProperty {
        writable: false,
        ..property("p")
    };
    let assigned = FormProperty {
        expression: template("${unknown}"),
        ..property("p")
    };
    for (property, sent, expected) in [
        (required.clone(), vec![], "form property 'p' is required"),
        (
            required.clone(),
            vec![("p", Value::Null)],
            "form property 'p' is required",
        ),
        (
            FormProperty {
                default: template("${null}"),
                ..required.clone()
            },
            vec![],
            "form property 'p' is required",
        ),
        (
            closed,
            vec![("p", Value::from(""))],
            "form property 'p' is not writable",
        ),
        (
            required,
            vec![("p", Value::List(vec![]))],
            "form property 'p' must be a single value, not a list",
        ),
        (
            assigned,
            vec![("p", Value::from("a"))],
            "Unknown property used in expression: ${unknown}",
        ),
    ] {
        let found = submit(
            &[property],
            submitted(&sent),
            &mut TestScope::default(),
            &china(),
        );
        assert_eq!(
            found.map_err(|error| error.to_string()),
            Err(expected.to_owned())
        );
    }
}

#[test]
fn an_empty_text_is_present_and_a_default_fills_what_is_absent() {
    let required = FormProperty {
        required: true,
        ..property("p")
    };
    let with_default = FormProperty {
        default: template("d"),
        ..required.clone()
    };
    for (property, sent, expected) in [
        (required, vec![("p", Value::from(""))], Value::from("")),
        (with_default, vec![], Value::from("d")),
    ] {
        let found = submit(
            &[property],
            submitted(&sent),
            &mut TestScope::default(),
            &china(),
        );
        assert_eq!(found, Ok(submitted(&[("p", expected)])));
    }
}

#[test]
fn reading_shows_the_variable_or_the_default_or_the_expression() {
    let properties = [
        FormProperty {
            variable: Some("v".into()),
            default: template("unused"),
            ..property("a")
        },
        FormProperty {
            default: template("${v + 1}"),
            ..property("b")
        },
        FormProperty {
            expression: template("${v * 10}"),
            ..property("c")
        },
        FormProperty {
            readable: false,
            ..property("hidden")
        },
        property("absent"),
    ];
    let mut scope = TestScope::default();
    scope.0.insert("v".into(), Value::Int(5));
    let values = |shown: Vec<ShownProperty<'_>>| -> Vec<(String, Option<String>)> {
        shown
            .into_iter()
            .map(|shown| (shown.property.id.clone(), shown.value))
            .collect()
    };
    let row = |id: &str, value: Option<&str>| (id.to_owned(), value.map(str::to_owned));
    assert_eq!(
        values(read(&properties, &mut scope, &china()).expect("is read")),
        [
            row("a", Some("5")),
            row("b", Some("6")),
            row("c", Some("50")),
            row("absent", None)
        ]
    );
    let start = [
        FormProperty {
            default: template("d"),
            ..property("a")
        },
        property("b"),
    ];
    assert_eq!(
        values(read_start(&start, &china()).expect("is read")),
        [row("a", Some("d")), row("b", None)]
    );
    assert!(
        read_start(&properties, &china()).is_err(),
        "a default that needs a variable"
    );
}
