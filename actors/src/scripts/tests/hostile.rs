//! Scripts that want to run, grow or nest without end: each ends with a clear error, soon, and the next script runs.

use super::*;

const LIMITS: ScriptLimits = ScriptLimits {
    memory_bytes: 16 * 1024 * 1024,
    stack_bytes: 256 * 1024,
    time_ms: 200,
};

/// For what must end by another bound than its time, however busy the machine is.
const PATIENT: ScriptLimits = ScriptLimits {
    time_ms: 30_000,
    ..LIMITS
};

/// What a script ends with, within its time and the grace of one native operation.
fn ends(source: &str, limits: &ScriptLimits) -> String {
    let began = Instant::now();
    let result = run(&script(source), &mut scope(), limits, &mut {
        PATIENT.time_ms
    });
    let took = began.elapsed();
    let most = Duration::from_millis(limits.time_ms) + GRACE + Duration::from_secs(10);
    assert!(took < most, "{source} took {took:?}");
    let after = run(&script("1 + 1"), &mut scope(), &PATIENT, &mut {
        PATIENT.time_ms
    });
    assert_eq!(after, Ok(Value::Int(2)), "after {source}");
    shown(result)
}

fn check_ends(limits: &ScriptLimits, start: &str, sources: &[&str]) {
    let wrong: Vec<String> = sources
        .iter()
        .map(|source| (source, ends(source, limits)))
        .filter(|(_, found)| !found.starts_with(start))
        .map(|(source, found)| format!("{source}\n  found {found}"))
        .collect();
    assert!(wrong.is_empty(), "expected {start}\n{}", wrong.join("\n"));
}

#[test]
fn endless_scripts_are_stopped_and_cannot_catch_it() {
    check_ends(
        &LIMITS,
        "limit: the script ",
        &[
            "while (true);",
            "for (;;) { try { while (true); } catch (e) {} finally { while (true); } }",
            "(function f() { try { while (true); } finally { f(); } })()",
            "function* g() { while (true) yield 1 } for (const x of g());",
            "({ get a() { while (true); } })",
            "({ toString() { while (true); } }) + ''",
            "throw { get message() { while (true); }, toString() { while (true); } }",
            "throw new BpmnError({ toString() { while (true); } })",
            "Object.defineProperty(globalThis, 'x', { enumerable: true, get() { while (true); } }); x",
            "[3, 2, 1].sort(() => { while (true); })",
            "/(a+)+$/.test('a'.repeat(64) + 'b')",
            "'a'.repeat(30).match(/(a|aa)+$(?=b)/); /^(([a-z])+.)+[A-Z]([a-z])+$/.test('a'.repeat(100))",
            "class A extends Array {} ; A.from({ length: 1e9, get 0() { while (true); } })",
            "new Set(new Array(4e9))",
            "let a = []; for (let n = 0; n < 60; n++) a = [a, a]; a.flat(Infinity)",
            "let a = []; for (let n = 0; n < 20; n++) a = [a, a]; while (true) String(a)",
            "const s = 'x'.repeat(1e6); const a = []; for (let n = 0; n < 1e5; n++) a.push(s + ''); a.indexOf(s + 'y'); while (true) a.sort();",
            "Array.prototype.concat.call([], { [Symbol.isConcatSpreadable]: true, length: 2 ** 53 - 1 }); while (true);",
        ],
    );
}

#[test]
fn growing_scripts_run_out_of_memory() {
    check_ends(
        &PATIENT,
        "limit: the script ",
        &[
            "const a = []; while (true) a.push(new Array(1000).fill(a.length));",
            "let s = 'x'; while (true) s += s + '!';",
            "'x'.repeat(1e9)",
            "'x'.padStart(1e9)",
            "new Uint8Array(1e9)",
            "const a = []; for (let n = 0; n < 1e9; n++) a[n] = { n };",
            "new Array(1e6).fill('x'.repeat(1000)).join()",
            "JSON.stringify(new Array(4e9))",
            "Array.from({ length: 1e9 })",
            "const s = 'x'.repeat(1e6); s.replaceAll('x', 'y'.repeat(100))",
            "[...new Array(1e9)]",
        ],
    );
}

#[test]
fn deep_scripts_run_out_of_stack() {
    check_ends(
        &PATIENT,
        "limit: the script nests too deep",
        &[
            "function f() { return f() + 1 } f()",
            "const o = { get a() { return this.a } }; o.a",
            "[1].map(function f(x) { return [x].map(f) })",
        ],
    );
    let brackets = "[".repeat(100_000) + &"]".repeat(100_000);
    let found = ends(&brackets, &PATIENT);
    assert!(found.contains("stack"), "{found}");
    let found = ends(&format!("eval('{brackets}')"), &PATIENT);
    assert!(found.contains("stack"), "{found}");
    let found = ends(
        "let a = []; for (let n = 0; n < 1e5; n++) a = [a]; a",
        &PATIENT,
    );
    assert_eq!(found, "failed: a value is nested too deep or holds itself");
    let found = ends(
        "let a = []; for (let n = 0; n < 1e5; n++) a = [a]; JSON.stringify(a)",
        &PATIENT,
    );
    assert!(found.contains("stack"), "{found}");
}

#[test]
fn native_loops_over_lengths_are_refused_at_once() {
    check_ends(
        &PATIENT,
        "failed: RangeError",
        &[
            "new Array(4e9).forEach(x => x)",
            "new Array(4e9).reverse()",
            "new Array(4e9).sort()",
            "const a = []; a.length = 4e9; a.find(x => x)",
            "Array.prototype.every.call({ length: 2 ** 53 - 1 }, x => x)",
            "JSON.stringify({}, new Array(4e9))",
            "const s = 'a'.repeat(1e6); s.indexOf('a'.repeat(5e5) + 'b')",
            "const s = 'a'.repeat(1e6); s.split('a'.repeat(5e5) + 'b')",
            "'a'.repeat(2e6).replaceAll('a', 'b')",
        ],
    );
    check_ends(
        &PATIENT,
        "failed: TypeError",
        &[
            "let n = 0; Array.prototype.reverse.call({ get length() { return n++ ? 2 ** 53 - 1 : 1 } })",
            "let n = 0; Array.prototype.fill.call({ get length() { return n++ ? 2 ** 53 - 1 : 1 } }, 0)",
        ],
    );
    let found = ends(
        "let n = 0; Array.prototype.some.call({ get length() { return n++ ? 2 ** 53 - 1 : 1 } }, x => x)",
        &PATIENT,
    );
    assert_eq!(found, "boolean: false");
}

#[test]
fn tampering_harms_only_the_script_itself() {
    check_ends(
        &LIMITS,
        "",
        &[
            "Array.prototype.push = Array.prototype.join = function () { while (true); }; print(1); execution.getVariable('n')",
            "let plain; Reflect.apply = (f, ...rest) => { plain = f }; Array.isArray = () => true; Object.keys = () => []; new Array(4e9).forEach(x => x)",
            "String.prototype.toString = Date.prototype.getTime = function () { throw 1 }; execution.setVariable('d', new Date(1)); execution.getVariable('d')",
            "Object.prototype.then = function () { while (true); }; Object.prototype.toJSON = 1; ({})",
            "Object.defineProperty(Object.prototype, 'length', { get() { return 1e9 } }); [1]",
            "globalThis.execution = null; globalThis.BpmnError = null; Math.max = null; 1",
            "Error.prepareStackTrace = function () { return 7 }; throw new Error('x')",
            "Error.stackTraceLimit = 1e9; throw new Error('x')",
            "RegExp.prototype.test = RegExp.prototype.exec = function () { throw 1 }; execution.getVariable('n')",
            "Object.setPrototypeOf(globalThis, { get x() { while (true); } }); 1",
            "const e = new BpmnError('a'); e.code = { toString() { throw 1 } }; throw e",
            "delete globalThis.Object; delete globalThis.Array; [1]",
            "Object.freeze(globalThis); 1",
            "execution.__proto__.x",
            "throw execution",
            "execution",
            "eval('1 + 1') + new Function('return 2')()",
        ],
    );
    check(&[
        (
            "typeof Proxy + typeof SharedArrayBuffer + typeof Atomics",
            "string: undefinedundefinedundefined",
        ),
        (
            "typeof require + typeof process + typeof std + typeof os",
            "string: undefinedundefinedundefinedundefined",
        ),
        (
            "String.prototype.toString = Date.prototype.getTime = null; execution.setVariable('d', new Date(1)); execution.getVariable('d')",
            "date: 1970-01-01T00:00:00.001Z",
        ),
    ]);
}

#[test]
fn large_numbers_end_within_the_grace() {
    check_ends(
        &LIMITS,
        "",
        &[
            "let a = 3n ** 300000n; while (true) a = a * a;",
            "(3n ** 600000n).toString().length",
            "2n ** (2n ** 40n)",
            "let a = 1n << 1000000n; while (true) a = (a * a) % (a - 1n);",
        ],
    );
}

#[test]
fn any_characters_run_or_fail() {
    let pieces = [
        "n",
        "s",
        "list",
        "map",
        "execution",
        ".",
        "(",
        ")",
        "[",
        "]",
        "{",
        "}",
        "=>",
        "=",
        "+",
        "'",
        "`",
        "${",
        "/",
        ";",
        "function",
        "class",
        "async",
        "await",
        "yield",
        "throw",
        "try",
        "new",
        "1",
        "1e9",
        "\0",
        "\u{fffd}",
        "\n",
        "?.",
        "...",
    ];
    let mut state: u64 = 42;
    for _ in 0..300 {
        let mut source = String::new();
        for _ in 0..12 {
            state = state
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1);
            let pick = usize::try_from(state >> 33).unwrap_or(0) % pieces.len();
            source.push_str(pieces[pick]);
        }
        let _ = run(&script(&source), &mut scope(), &LIMITS, &mut 10_000);
    }
    assert_eq!(ends("1", &PATIENT), "integer: 1");
}
