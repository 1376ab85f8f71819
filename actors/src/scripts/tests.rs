//! Scripts as tables: source, variables, outcome. Those that use `execution` and `task` are in `tests/objects.rs`,
//! hostile ones in `tests/hostile.rs`.

use super::*;
use bpmn::{model::ScriptLanguage, uel::EvaluationError};
use std::collections::BTreeMap;

mod hostile;
mod objects;

/// Variables, and an `execution` that writes down its calls.
#[derive(Default)]
struct TestScope {
    variables: BTreeMap<String, Value>,
    calls: Vec<String>,
    task: bool,
}

impl ScriptScope for TestScope {
    fn variable(&mut self, name: &str) -> Option<Value> {
        self.variables.get(name).cloned()
    }

    fn set_variable(&mut self, name: &str, value: Value) -> Result<(), String> {
        self.variables.insert(name.to_owned(), value);
        Ok(())
    }

    fn names(&mut self) -> Vec<String> {
        self.variables.keys().cloned().collect()
    }

    fn has_object(&self, object: Object) -> bool {
        match object {
            Object::Execution => true,
            Object::Task => self.task,
            Object::FlowElement => false,
        }
    }

    fn object_property(&mut self, object: Object, name: &str) -> Result<Value, EvaluationError> {
        match name {
            "nonsense" => Err(EvaluationError::failed("no property nonsense")),
            _ => Ok(Value::String(format!("{}.{name}", object.name()))),
        }
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
            ("setVariable", [Value::String(name), value]) => {
                self.variables.insert(name.clone(), value.clone());
                Ok(Value::Null)
            }
            ("hasVariable", [Value::String(name)]) => {
                Ok(Value::Bool(self.variables.contains_key(name)))
            }
            ("getVariables", []) => Ok(Value::Map(
                self.variables
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone()))
                    .collect(),
            )),
            ("removeVariable", [Value::String(code)]) => Err(EvaluationError::BpmnError {
                code: code.clone(),
                message: "from the engine".to_owned(),
            }),
            ("getNonsense", _) => Err(EvaluationError::unknown_method("execution", method)),
            _ => {
                let arguments = Value::List(arguments.to_vec()).to_java_string();
                self.calls
                    .push(format!("{}.{method}{arguments}", object.name()));
                Ok(Value::Null)
            }
        }
    }
}

fn script(source: &str) -> Script {
    Script {
        language: ScriptLanguage::JavaScript,
        source: source.to_owned(),
        juel: None,
        result_variable: Some("result".to_owned()),
        auto_store_variables: false,
    }
}

fn scope() -> TestScope {
    let map = Value::Map(vec![
        ("a".into(), Value::Int(1)),
        ("b".into(), Value::List(vec![Value::from("x")])),
    ]);
    let variables = [
        ("n", Value::Int(41)),
        ("half", Value::Double(0.5)),
        ("s", Value::from("Grüße")),
        ("yes", Value::Bool(true)),
        ("nil", Value::Null),
        ("list", Value::List(vec![Value::Int(1), Value::from("x")])),
        ("map", map),
        ("when", Value::Date(1_590_042_605_123)),
        ("bytes", Value::Bytes(vec![1, 255])),
        ("long", Value::Int(i64::MAX)),
        ("huge", Value::BigInt("99999999999999999999".into())),
    ];
    TestScope {
        variables: variables
            .into_iter()
            .map(|(name, value)| (name.to_owned(), value))
            .collect(),
        ..TestScope::default()
    }
}

fn outcome(source: &str, scope: &mut TestScope) -> Result<Value, ScriptFailure> {
    let mut budget_ms = 10_000;
    run(
        &script(source),
        scope,
        &ScriptLimits::default(),
        &mut budget_ms,
    )
}

fn shown(result: Result<Value, ScriptFailure>) -> String {
    match result {
        Ok(value) => format!("{}: {}", value.type_name(), value.to_java_string()),
        Err(ScriptFailure::BpmnError { code, message }) => format!("bpmn error {code}: {message}"),
        Err(ScriptFailure::Failed(message)) => format!("failed: {message}"),
        Err(ScriptFailure::LimitExceeded(message)) => format!("limit: {message}"),
    }
}

fn check(rows: &[(&str, &str)]) {
    let wrong: Vec<String> = rows
        .iter()
        .map(|(source, expected)| (source, expected, shown(outcome(source, &mut scope()))))
        .filter(|(_, expected, found)| found != *expected)
        .map(|(source, expected, found)| {
            format!("{source}\n  expected {expected}\n  found    {found}")
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_last_expression_is_the_result_and_variables_are_globals() {
    check(&[
        ("n + 1", "integer: 42"),
        ("half * 3", "double: 1.5"),
        ("half * 4", "integer: 2"),
        ("s + '!'", "string: Grüße!"),
        ("var x = n; x > 40 && yes", "boolean: true"),
        ("nil", "null: null"),
        ("undefined", "null: null"),
        ("var x = 1;", "null: null"),
        ("list.length + list[1]", "string: 2x"),
        ("map.b.concat([map.a, null])", "list: [x, 1, null]"),
        (
            "({z: 1, a: undefined, f() {}, n: null})",
            "map: {z=1, n=null}",
        ),
        ("when.getTime()", "integer: 1590042605123"),
        (
            "new Date(when.getTime() + 1)",
            "date: 2020-05-21T06:30:05.124Z",
        ),
        ("bytes[1] + bytes.length", "integer: 257"),
        ("new Uint8Array([3, 4])", "bytes: byte[2]"),
        ("long", "integer: 9223372036854775807"),
        ("long + 1n", "big integer: 9223372036854775808"),
        ("huge * 10n", "big integer: 999999999999999999990"),
        ("typeof unknown", "string: undefined"),
        ("function f(a) { return a * 2 } f(n)", "integer: 82"),
        (
            "let total = 0; for (const i of [1, 2, 3]) total += i; total",
            "integer: 6",
        ),
        ("JSON.parse(JSON.stringify(map)).b[0]", "string: x"),
        ("undeclared = 5; undeclared", "integer: 5"),
    ]);
}

#[test]
fn what_is_no_value_fails_where_a_result_is_wanted() {
    check(&[
        (
            "(function () {})",
            "failed: a function or promise is not a value",
        ),
        (
            "Promise.resolve(1)",
            "failed: a function or promise is not a value",
        ),
        ("0 / 0", "failed: NaN is not a value"),
        (
            "var a = []; a[0] = a; a",
            "failed: a value is nested too deep or holds itself",
        ),
        ("Symbol('x')", "failed: a symbol is not a value"),
        ("new Date(NaN)", "failed: a date is invalid"),
    ]);
    let mut unwanted = script("(function () {})");
    unwanted.result_variable = None;
    let found = run(
        &unwanted,
        &mut scope(),
        &ScriptLimits::default(),
        &mut 1_000,
    );
    assert_eq!(found, Ok(Value::Null));
}

#[test]
fn assigned_globals_become_variables_when_the_model_says_so() {
    let source =
        "n = n + 1; var declared = 'd'; undeclared = [1]; let local = 1; list.push(2); map.a;
                  function helper() {} var nothing; print('not stored');";
    let mut storing = script(source);
    storing.auto_store_variables = true;
    let mut scope = scope();
    let before = scope.variables.clone();
    let found = run(&storing, &mut scope, &ScriptLimits::default(), &mut 1_000);
    assert_eq!(found, Ok(Value::Null));
    let changed: Vec<String> = scope
        .variables
        .iter()
        .filter(|(name, value)| before.get(*name) != Some(value))
        .map(|(name, value)| format!("{name}={}", value.to_java_string()))
        .collect();
    assert_eq!(
        changed,
        ["declared=d", "list=[1, x, 2]", "n=42", "undeclared=[1]"]
    );
    storing.auto_store_variables = false;
    scope.variables = before.clone();
    let found = run(&storing, &mut scope, &ScriptLimits::default(), &mut 1_000);
    assert_eq!((found, scope.variables), (Ok(Value::Null), before));
}

#[test]
fn javas_methods_on_texts_and_lists_work() {
    check(&[
        (
            "s.equals('Grüße') && s.contains('rü') && !s.isEmpty() && s.equalsIgnoreCase('GRÜSSE'.replace('SS', 'ß'))",
            "boolean: true",
        ),
        ("list.size() + list.get(0)", "integer: 3"),
        (
            "list.contains('x') && !list.isEmpty() && list.add(3) && list.length === 3",
            "boolean: true",
        ),
        (
            "console.log('a', 1); println('b'); print(null)",
            "null: null",
        ),
    ]);
}

#[test]
fn guarded_builtins_behave_as_the_plain_ones() {
    check(&[
        ("[3, 1, undefined, 10].sort().join()", "string: 1,10,3,"),
        ("[3, 1, 2].toSorted((a, b) => b - a)", "list: [3, 2, 1]"),
        ("[1, [2, [3, [4]]]].flat(2).length", "integer: 4"),
        ("[1, 2, 3].concat(4, [5, [6]]).length", "integer: 6"),
        (
            "[1, 2, NaN].includes(NaN) && [1, 2, 1].indexOf(1, 1) === 2 && [1, 2, 1].lastIndexOf(1) === 2",
            "boolean: true",
        ),
        (
            "[1, 2, 3].includes(1, -2) || [1].lastIndexOf(1, -2) === 0",
            "boolean: false",
        ),
        (
            "(function () { return Array.prototype.slice.call(arguments, 1) })(1, 2, 3)",
            "list: [2, 3]",
        ),
        (
            "Array.prototype.map.call('abc', c => c + c).join('-')",
            "string: aa-bb-cc",
        ),
        (
            "'a-b-c'.split('-', 2).length + 'abc'.split('').length + 'x'.split().length",
            "integer: 6",
        ),
        (
            "'a1b2'.replace(/[0-9]/g, d => d * 2) + 'aa'.replaceAll('a', 'b') + 'ab'.replace('b', '$&$&')",
            "string: a2b4bbabb",
        ),
        (
            "'abcb'.indexOf('b', 2) + 'abcb'.lastIndexOf('b') + 'xundefined'.indexOf()",
            "integer: 7",
        ),
        (
            "[1, 2, 3, 4].filter(x => x % 2).map(x => x * 2).reduce((a, b) => a + b)",
            "integer: 8",
        ),
        (
            "JSON.stringify({a: 1, b: 2}, ['a']) + JSON.stringify([1], null, 1)",
            "string: {\"a\":1}[\n 1\n]",
        ),
        (
            "[1, 2, 3].splice(1, 1).concat([4, 5, 6].reverse(), [7].fill(8))",
            "list: [2, 6, 5, 4, 8]",
        ),
    ]);
}

#[test]
fn scripts_do_not_see_each_other() {
    let mut scope = scope();
    let first = outcome(
        "leak = 1; Array.prototype.map = null; String.prototype.trim = null",
        &mut scope,
    );
    assert_eq!(first, Ok(Value::Null));
    let second = outcome("typeof leak + [1].map(x => x) + ' a '.trim()", &mut scope);
    assert_eq!(shown(second), "string: undefined1a");
}

#[test]
fn a_command_pays_its_scripts_from_one_budget() {
    let spin = "const until = Date.now() + 30; while (Date.now() < until); 1";
    let mut budget_ms = 60_000;
    let limits = ScriptLimits {
        time_ms: budget_ms,
        ..ScriptLimits::default()
    };
    let first = run(&script(spin), &mut scope(), &limits, &mut budget_ms);
    assert_eq!(first, Ok(Value::Int(1)));
    // Thirty ticks of the script's clock are a little more than 29 ms at least.
    assert!(budget_ms <= 60_000 - 29, "{budget_ms}");
    budget_ms = 50;
    let second = run(
        &script("while (true);"),
        &mut scope(),
        &limits,
        &mut budget_ms,
    );
    assert!(
        matches!(second, Err(ScriptFailure::LimitExceeded(_))),
        "{second:?}"
    );
    assert_eq!(budget_ms, 0);
    let third = run(&script("1"), &mut scope(), &limits, &mut budget_ms);
    assert!(
        matches!(third, Err(ScriptFailure::LimitExceeded(_))),
        "{third:?}"
    );
}

#[test]
fn an_interpreter_left_behind_counts_until_it_ends() {
    static COUNT: AtomicUsize = AtomicUsize::new(0);
    let interpreter = Interpreter::start(256 * 1024).expect("a thread");
    interpreter.leave_behind(&COUNT);
    assert_eq!(COUNT.load(Ordering::Relaxed), 1);
    let Interpreter { jobs, messages, .. } = interpreter;
    drop(jobs);
    assert!(messages.recv().is_err(), "the thread ends");
    assert_eq!(COUNT.load(Ordering::Relaxed), 0);
}
