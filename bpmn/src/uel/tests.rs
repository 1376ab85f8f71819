//! Expressions as tables: text, variables, outcome. The recorded conditions of the original are in `tests/recorded.rs`.

use super::*;
use std::collections::BTreeMap;

mod hostile;
mod java;
mod recorded;

/// Variables, and an `execution` whose calls are written down.
#[derive(Default)]
pub(super) struct TestScope {
    pub variables: BTreeMap<String, Value>,
    pub calls: Vec<String>,
    pub zone: Option<TimeZone>,
}

impl Scope for TestScope {
    fn variable(&mut self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    fn assign_variable(&mut self, name: &str, value: Value) -> Result<(), EvaluationError> {
        match self.variables.get_mut(name) {
            Some(slot) => {
                *slot = value;
                Ok(())
            }
            None => Err(EvaluationError::failed("no such variable")),
        }
    }

    fn has_object(&self, object: Object) -> bool {
        object == Object::Execution
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        Ok(Value::String(format!("{}.{name}", object.name())))
    }

    fn object_call(
        &mut self,
        object: Object,
        method: &str,
        arguments: &[Value],
    ) -> Result<Value, EvaluationError> {
        match (method, arguments) {
            ("getVariable", [Value::String(name)]) => {
                Ok(self.variable(name).unwrap_or(Value::Null))
            }
            ("throwError", [Value::String(code)]) => Err(EvaluationError::BpmnError {
                code: code.clone(),
                message: String::new(),
            }),
            _ => {
                let arguments = Value::List(arguments.to_vec()).to_java_string();
                self.calls
                    .push(format!("{}.{method}{arguments}", object.name()));
                Ok(Value::Null)
            }
        }
    }

    fn time_zone(&self) -> TimeZone {
        self.zone.clone().unwrap_or(TimeZone::UTC)
    }
}

fn scope() -> TestScope {
    let map = Value::Map(vec![
        ("a".into(), Value::Int(1)),
        ("amt".into(), Value::Double(2.5)),
        (
            "in".into(),
            Value::Map(vec![("b".into(), Value::from("deep"))]),
        ),
    ]);
    let list = Value::List(vec![Value::Int(1), Value::from("x"), Value::Null]);
    let variables = [
        ("one", Value::Int(1)),
        ("half", Value::Double(0.5)),
        ("s", Value::from("Hello")),
        ("digits", Value::from("42")),
        ("yes", Value::Bool(true)),
        ("nil", Value::Null),
        ("blank", Value::from("")),
        ("map", map),
        ("list", list),
        ("none", Value::List(vec![])),
        ("when", Value::Date(1_000)),
        ("通过", Value::from("是")),
        ("big", Value::BigInt("9223372036854775808".into())),
        ("task", Value::from("a variable, as no task is known here")),
    ];
    TestScope {
        variables: variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..TestScope::default()
    }
}

/// The outcome as text: the value with its type, or the error's message.
fn outcome(text: &str, scope: &mut TestScope) -> String {
    match Template::parse(text) {
        Err(error) => format!("syntax: {}", error.message),
        Ok(template) => match template.evaluate(scope) {
            Ok(value) => format!("{}: {}", value.type_name(), value.to_java_string()),
            Err(error) => format!("error: {error}"),
        },
    }
}

fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(text, expected)| (text, expected, outcome(text, &mut scope())))
        .filter(|(_, expected, found)| {
            let shown = expected.strip_suffix('…');
            shown.map_or(found != *expected, |start| !found.starts_with(start))
        })
        .map(|(text, expected, found)| format!("{text}\n  expected {expected}\n  found    {found}"))
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn text_and_expressions_mix() {
    check(&[
        ("plain", "string: plain"),
        ("", "string: "),
        ("  padded \n", "string: padded"),
        ("${one}", "integer: 1"),
        (" \n ${ one\n} \n", "integer: 1"),
        ("#{one}", "integer: 1"),
        ("a ${one} b #{s}", "string: a 1 b Hello"),
        ("${one}${nil}${half}", "string: 10.5"),
        ("${1 / 0}, ${0 / 0}", "string: Infinity, NaN"),
        (r"\${one}", "string: ${one}"),
        (r"\\${one} \#{x} \a", r"string: \${one} #{x} \a"),
        ("${'}'}", "string: }"),
        ("$(one) {one} $ #", "string: $(one) {one} $ #"),
        ("${one", "syntax: expected '}', found end of text"),
        ("${}", "syntax: expected an expression…"),
        ("${one two}", "syntax: expected '}', found 'two'"),
        ("${one = 2}", "syntax: invalid character '='"),
        ("${S(one)}", "syntax: could not resolve function 'S'"),
        ("${'a}", "syntax: unterminated string"),
        (r"${'\d'}", r"syntax: invalid escape sequence \d"),
        ("${(one}", "syntax: expected ')'…"),
        (
            "${99999999999999999999}",
            "syntax: number '99999999999999999999' is out of range",
        ),
    ]);
}

#[test]
fn literals_and_names_are_what_they_say() {
    check(&[
        ("${12}", "integer: 12"),
        ("${1.50}", "double: 1.5"),
        ("${.5}", "double: 0.5"),
        ("${1e3}", "double: 1000.0"),
        ("${'it''s'}", "syntax: expected '}'…"),
        (r#"${'it\'s "so"'}"#, r#"string: it's "so""#),
        (r#"${"a\\b"}"#, r"string: a\b"),
        ("${true and not false}", "boolean: true"),
        ("${null}", "null: null"),
        ("${通过}", "string: 是"),
        ("${task}", "string: a variable, as no task is known here"),
        (
            "${unknown}",
            "error: Unknown property used in expression: ${unknown}",
        ),
        ("${empty unknown}", "error: Unknown property…"),
        ("${unknown == null}", "error: Unknown property…"),
        (
            "${execution}",
            "error: Error while evaluating expression: ${execution}: 'execution' is not a value",
        ),
        (
            "${execution != null and task != execution}",
            "boolean: true",
        ),
        ("${empty execution}", "boolean: false"),
    ]);
}

#[test]
fn operators_bind_and_coerce_as_in_juel() {
    check(&[
        ("${1 + 2 * 3 - -4}", "integer: 11"),
        ("${(1 + 2) * 3 % 4}", "integer: 1"),
        ("${1.5 % 0 >= 1}", "boolean: true"),
        ("${1.5 % 0 <= 1}", "boolean: true"),
        ("${1.5 % 0 > 1}", "boolean: false"),
        ("${1.5 % 0 < 1}", "boolean: false"),
        ("${7 div 2}", "double: 3.5"),
        ("${7 mod 2}", "integer: 1"),
        ("${1 / 0 > 5}", "boolean: true"),
        (
            "${1 / 0}",
            "error: Error while evaluating expression: ${1 / 0}: number is not finite",
        ),
        (
            "${1 % 0}",
            "error: Error while evaluating expression: ${1 % 0}: / by zero",
        ),
        ("${digits + 1}", "integer: 43"),
        ("${'1.5' + 1}", "double: 2.5"),
        ("${nil + nil}", "integer: 0"),
        ("${nil + 2}", "integer: 2"),
        (
            "${s + 'x'}",
            "error: Error while evaluating expression: ${s + 'x'}: Cannot coerce 'Hello' of type string to double",
        ),
        ("${yes + 1}", "error: …"),
        (
            "${9223372036854775807 + 1}",
            "big integer: 9223372036854775808",
        ),
        ("${big - 1}", "integer: 9223372036854775807"),
        (
            "${big == '9223372036854775808' and big > 1 and big == 9223372036854775807 + 1}",
            "boolean: true",
        ),
        ("${-digits}", "integer: -42"),
        ("${-half}", "double: -0.5"),
        ("${1 == 1.0 and half == '0.5'}", "boolean: true"),
        (
            "${1 lt 2 and 2 le 2 and 3 gt 2 and 3 ge 3 and 1 ne 2 and 1 eq 1}",
            "boolean: true",
        ),
        ("${'b' > 'a' && !('B' > 'a')}", "boolean: true"),
        ("${nil < 1 || nil > 1 || nil <= 1}", "boolean: false"),
        ("${nil <= nil}", "boolean: true"),
        ("${nil == nil}", "boolean: true"),
        ("${true || unknown}", "boolean: true"),
        ("${false && unknown}", "boolean: false"),
        ("${one == 1 ? 'a' : unknown}", "string: a"),
        ("${yes ? false ? 1 : 2 : 3}", "integer: 2"),
        (
            "${empty nil and empty blank and empty none and not empty list and not empty one}",
            "boolean: true",
        ),
        ("${list == list}", "boolean: true"),
        ("${when < when}", "boolean: false"),
        ("${list < list}", "error: …"),
        ("${s == 'Hello' or list == 'x'}", "boolean: true"),
        ("${not 'abc' and !''}", "boolean: true"),
        ("${!one}", "error: …"),
    ]);
}

#[test]
fn properties_reach_into_maps_and_lists() {
    check(&[
        ("${map.a + 1}", "integer: 2"),
        ("${map['amt']}", "double: 2.5"),
        ("${map.in.b}", "string: deep"),
        ("${map.absent}", "null: null"),
        ("${map.absent.more}", "null: null"),
        ("${nil.a}", "null: null"),
        ("${map.absent.concat(unknown).trim()}", "null: null"),
        ("${unknown.length()}", "error: Unknown property…"),
        ("${list[1]}", "string: x"),
        ("${list['0']}", "integer: 1"),
        ("${list[9]}", "null: null"),
        ("${list[-1]}", "null: null"),
        ("${list.a}", "error: …"),
        ("${list.size}", "error: …"),
        (
            "${s.a}",
            "error: Unknown property used in expression: ${s.a}",
        ),
        ("${when.time}", "integer: 1000"),
        (
            "${execution.processInstanceId}",
            "string: execution.processInstanceId",
        ),
    ]);
}

#[test]
fn methods_come_from_a_fixed_table() {
    check(&[
        (
            "${s.length() == 5 and s.contains('ell') and s.startsWith('He') and s.endsWith('lo')}",
            "boolean: true",
        ),
        ("${s.substring(1, 3)}", "string: el"),
        ("${s.substring(2)}", "string: llo"),
        ("${s.substring(9)}", "error: …"),
        ("${s.substring(-1)}", "error: …"),
        ("${s.substring(3, 1)}", "error: …"),
        ("${'日本語'.substring(1)}", "string: 本語"),
        ("${'日本語'.indexOf('語')}", "integer: 2"),
        ("${'a😀b'.length()}", "integer: 4"),
        ("${s.charAt(0) == 'H'}", "boolean: true"),
        (
            "${s.toUpperCase().toLowerCase().concat('!')}",
            "string: hello!",
        ),
        ("${s.equalsIgnoreCase('HELLO')}", "boolean: true"),
        ("${s.indexOf('z')}", "integer: -1"),
        ("${s.lastIndexOf('l')}", "integer: 3"),
        ("${' a '.trim().isEmpty()}", "boolean: false"),
        ("${'a,b,,'.split(',')}", "list: [a, b]"),
        (r"${'a.b'.split('\\.')}", "list: [a, b]"),
        ("${'a.b'.split('.')}", "error: …"),
        ("${s.replace('l', 'LL')}", "string: HeLLLLo"),
        ("${s.compareTo('Help')}", "integer: -4"),
        ("${s.compareTo('Hel')}", "integer: 2"),
        ("${s.compareTo(s)}", "integer: 0"),
        ("${s.compareToIgnoreCase('HELP')}", "integer: -4"),
        ("${'abc'.equals(s)}", "boolean: false"),
        (
            "${list.contains('x') and list.size() == 3 and !list.isEmpty() and list.get(0) == 1}",
            "boolean: true",
        ),
        (
            "${list.contains(1.0) and list.indexOf('x') == 1}",
            "boolean: true",
        ),
        ("${list.get(3)}", "error: …"),
        (
            "${map.containsKey('a') and map.containsValue(2.5) and map.get('a') == 1 and map.size() == 3}",
            "boolean: true",
        ),
        ("${map.keySet()}", "list: [a, amt, in]"),
        ("${map.getOrDefault('z', 7)}", "integer: 7"),
        ("${half.intValue()}", "integer: 0"),
        ("${one.toString().concat(half.toString())}", "string: 10.5"),
        ("${when.getTime()}", "integer: 1000"),
        ("${when.before(when) or when.after(when)}", "boolean: false"),
        (
            "${s.size()}",
            "error: Unknown method used in expression: ${s.size()} (size of string)",
        ),
        ("${s.getClass()}", "error: Unknown method…"),
        ("${nil.length()}", "null: null"),
        (
            "${bean.run()}",
            "error: Unknown property used in expression: ${bean.run()}",
        ),
        (
            "${execution.getVariable('one') == 1 and execution.getVariable('absent') == null}",
            "boolean: true",
        ),
        ("${execution.throwError('E1')}", "error: BPMN error E1: "),
    ]);
}

#[test]
fn calls_on_the_execution_reach_the_scope_with_their_arguments() {
    let mut scope = scope();
    let found = outcome("${execution.setVariable('a', one + 1)}", &mut scope);
    assert_eq!(found, "null: null");
    assert_eq!(scope.calls, ["execution.setVariable[a, 2]"]);
}

#[test]
fn assignment_changes_what_exists() {
    let assign = |text: &str, scope: &mut TestScope| {
        let template = Template::parse(text).map_err(|error| error.to_string())?;
        template
            .assign(scope, Value::Int(9))
            .map_err(|error| error.to_string())
    };
    for (text, read, expected) in [
        ("${one}", "${one}", "integer: 9"),
        ("#{map.a}", "${map.a}", "integer: 9"),
        ("${map['new']}", "${map['new']}", "integer: 9"),
        ("${map.in.b}", "${map.in}", "map: {b=9}"),
        ("${list[0]}", "${list}", "list: [9, x, null]"),
    ] {
        let mut scope = scope();
        assert_eq!(assign(text, &mut scope), Ok(()), "{text}");
        assert_eq!(outcome(read, &mut scope), expected, "{text}");
    }
    for text in [
        "${unknown}",
        "text",
        "${1}",
        "${one + 1}",
        "${list[7]}",
        "a${one}",
        "${s.x}",
    ] {
        assert!(assign(text, &mut scope()).is_err(), "{text}");
    }
    let mut scope = scope();
    assert_eq!(assign("${execution.name}", &mut scope), Ok(()));
    assert_eq!(scope.calls, ["execution.setName[9]"]);
}

#[test]
fn conditions_are_booleans_and_nothing_else() {
    for (text, expected) in [
        ("${one == 1}", Ok(true)),
        ("${!yes}", Ok(false)),
        ("${nil}", Err("condition expression returns null: ${nil}")),
        (
            "${'true'}",
            Err("condition expression returns non-Boolean: true (string): ${'true'}"),
        ),
        (
            "text",
            Err("condition expression returns non-Boolean: text (string): text"),
        ),
    ] {
        let template = Template::parse(text).expect("parses");
        let found = template.evaluate_condition(&mut scope());
        let found = found.map_err(|error| error.to_string());
        assert_eq!(found, expected.map_err(str::to_owned), "{text}");
    }
}

#[test]
fn text_of_null_is_none_and_literals_stay_as_they_are() {
    let text = |template: Template| template.evaluate_text(&mut scope());
    assert_eq!(text(Template::parse("${nil}").expect("parses")), Ok(None));
    assert_eq!(
        text(Template::parse("${list}").expect("parses")),
        Ok(Some("[1, x, null]".to_owned()))
    );
    let literal = Template::literal(" ${one} ");
    assert!(literal.is_literal());
    assert_eq!(text(literal), Ok(Some(" ${one} ".to_owned())));
}
