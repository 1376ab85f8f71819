//! What scripts do with `execution`, `task` and `BpmnError`.

use super::*;

#[test]
fn the_execution_answers_and_takes_variables() {
    let mut scope = scope();
    let found = outcome(
        "execution.setVariable('n', execution.getVariable('n') + 1);
         execution.setVariable('new', {list: [1, new Date(5)]});
         [execution.getVariable('n'), execution.getVariable('absent'), execution.hasVariable('new'),
          execution.processInstanceId, execution.getVariables().s]",
        &mut scope,
    );
    assert_eq!(
        shown(found),
        "list: [42, null, true, execution.processInstanceId, Grüße]"
    );
    assert_eq!(scope.variables["n"], Value::Int(42));
    assert_eq!(
        scope.variables["new"].to_java_string(),
        "{list=[1, 1970-01-01T00:00:00.005Z]}"
    );
}

#[test]
fn a_task_is_known_in_task_listeners_only() {
    let mut scope = TestScope {
        task: true,
        ..scope()
    };
    let found = outcome(
        "task.setAssignee('kermit'); task.priority = 7;
         task.execution.setVariable('t', task.getExecution().getVariable('n')); task.name",
        &mut scope,
    );
    assert_eq!(shown(found), "string: task.name");
    assert_eq!(
        scope.calls,
        ["task.setAssignee[kermit]", "task.setPriority[7]"]
    );
    assert_eq!(scope.variables["t"], Value::Int(41));
    check(&[(
        "task.name",
        "failed: ReferenceError: task is not defined (line 1)",
    )]);
}

#[test]
fn a_thrown_bpmn_error_is_one_and_everything_else_fails_with_its_line() {
    check(&[
        (
            "throw new BpmnError('E1', 'broken')",
            "bpmn error E1: broken",
        ),
        ("throw BpmnError('E1')", "bpmn error E1: E1"),
        (
            "throw new org.activiti.engine.delegate.BpmnError('E2', 'x')",
            "bpmn error E2: x",
        ),
        (
            "throw new org.flowable.engine.delegate.BpmnError('E3')",
            "bpmn error E3: E3",
        ),
        (
            "throw new org.camunda.bpm.engine.delegate.BpmnError(4)",
            "bpmn error 4: 4",
        ),
        (
            "var E = Java.type('org.activiti.engine.delegate.BpmnError'); throw new E('E5')",
            "bpmn error E5: E5",
        ),
        (
            "try { throw new BpmnError('E6') } catch (e) { e.getErrorCode() + (e instanceof Error) }",
            "string: E6true",
        ),
        (
            "throw new BpmnError()",
            "failed: Error: Error Code must not be empty. (line 1)",
        ),
        (
            "throw {code: 'E1', message: 'no BPMN error'}",
            "failed: [object Object]",
        ),
        (
            "execution.removeVariable('E7')",
            "bpmn error E7: from the engine",
        ),
        (
            "try { execution.removeVariable('E7') } catch (e) { e.code }",
            "string: E7",
        ),
        (
            "var a;\n\na.b",
            "failed: TypeError: cannot read property 'b' of undefined (line 3)",
        ),
        (
            "function f() {\n  throw new Error('deep')\n}\nf()",
            "failed: Error: deep (line 2)",
        ),
        ("throw 'text'", "failed: text"),
        ("throw null", "failed: null"),
        (
            "execution.nonsense",
            "failed: Error: no property nonsense (line 1)",
        ),
        (
            "execution.getNonsense()",
            "failed: Error: unknown method getNonsense (line 1)",
        ),
        (
            "execution.setVariable('f', function () {})",
            "failed: Error: a function or promise is not a value (line 1)",
        ),
        (
            "java.lang.System.exit(1)",
            "failed: ReferenceError: java is not defined (line 1)",
        ),
        (
            "Java.type('java.lang.System')",
            "failed: TypeError: no class java.lang.System (line 1)",
        ),
    ]);
    let syntax = shown(outcome("var = 1", &mut scope()));
    assert!(syntax.starts_with("failed: SyntaxError: "), "{syntax}");
}

#[test]
fn reads_see_writes_in_every_order() {
    let mut scope = scope();
    let found = outcome(
        "execution.setVariable('n', 1); execution.setVariable('n', execution.getVariable('n') + 1);
         const all = execution.getVariables(); execution.setVariable('n', 7);
         const has = execution.hasVariable('n'); execution.setVariable('late', n);
         [all.n, has, execution.getVariable('n'), execution.getVariable('la' + 'te')]",
        &mut scope,
    );
    assert_eq!(shown(found), "list: [2, true, 7, 41]");
    assert_eq!(scope.variables["late"], Value::Int(41));
    let mut thrown = TestScope::default();
    let found = outcome(
        "execution.setVariable('before', 1); throw new BpmnError('E')",
        &mut thrown,
    );
    assert_eq!(shown(found), "bpmn error E: E");
    assert_eq!(thrown.variables["before"], Value::Int(1));
}

#[test]
fn maps_have_the_methods_of_java_behind_their_entries() {
    let mut scope = scope();
    scope.variables.insert(
        "odd".to_owned(),
        Value::Map(vec![("size".to_owned(), Value::Int(9))]),
    );
    let found = outcome(
        "map.put('c', 2);
         [execution.getVariables().size(), map.size(), map.get('a'), map.get('nope'), map.containsKey('b'),
          map.isEmpty(), map.keySet(), map.values()[2], odd.size, JSON.stringify(map)]",
        &mut scope,
    );
    assert_eq!(
        shown(found),
        "list: [12, 3, 1, null, true, false, [a, b, c], 2, 9, {\"a\":1,\"b\":[\"x\"],\"c\":2}]"
    );
    let kept = outcome("map", &mut scope);
    assert_eq!(shown(kept), "map: {a=1, b=[x]}");
}
