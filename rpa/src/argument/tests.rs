//! How arguments come together, and their values as text and typed.

use super::*;

fn argument(name: &str, type_name: &str, value: Option<&str>) -> Argument {
    Argument {
        value: value.map(str::to_owned),
        ..Argument::new(name, type_name, Direction::In)
    }
}

fn shown(arguments: &[Argument]) -> String {
    let one = |a: &Argument| {
        let value = a.value.as_deref().unwrap_or("-");
        format!("{}:{}={value}", a.name, a.short_type())
    };
    arguments.iter().map(one).collect::<Vec<_>>().join(" ")
}

#[test]
fn given_values_replace_declared_ones_by_name_and_keep_the_declared_type() {
    let declared = [
        argument("a", "System.Int32", Some("1")),
        argument("b", "System.String", None),
    ];
    let rows: [(&[Argument], &str); 5] = [
        (&[], "a:Int32=1 b:String=-"),
        (
            &[argument("a", "System.String", Some("2"))],
            "a:Int32=2 b:String=-",
        ),
        (
            &[argument("a", "System.Int32", None)],
            "a:Int32=1 b:String=-",
        ),
        (&[argument("b", "", Some(""))], "a:Int32=1 b:String="),
        (
            &[argument("c", "X", Some("3"))],
            "a:Int32=1 b:String=- c:X=3",
        ),
    ];
    for (given, expected) in rows {
        assert_eq!(shown(&merge(&declared, given)), expected);
    }
}

#[test]
fn texts_become_values_of_their_type_and_back() {
    let rows: [(&str, &str, Option<Value>, Option<&str>); 14] = [
        ("System.Int32", " 41 ", Some(Value::Int(41)), Some("41")),
        ("Int32", "2147483648", None, None),
        (
            "System.Int64",
            "2147483648",
            Some(Value::Int(2_147_483_648)),
            Some("2147483648"),
        ),
        ("System.Int32", "x", None, None),
        ("System.Int32", "", Some(Value::Null), None),
        (
            "System.Double",
            "1.5",
            Some(Value::Double(1.5)),
            Some("1.5"),
        ),
        ("System.Double", "1", Some(Value::Double(1.0)), Some("1")),
        ("System.Double", "NaN", None, None),
        (
            "System.Boolean",
            "FALSE",
            Some(Value::Bool(false)),
            Some("False"),
        ),
        (
            "System.Boolean",
            "True",
            Some(Value::Bool(true)),
            Some("True"),
        ),
        ("System.Boolean", "yes", None, None),
        (
            "System.String",
            " a ",
            Some(Value::from(" a ")),
            Some(" a "),
        ),
        ("System.String", "", Some(Value::from("")), Some("")),
        (
            "Encoo.DataType.FilePath",
            "c:\\x",
            Some(Value::from("c:\\x")),
            Some("c:\\x"),
        ),
    ];
    for (type_name, text, value, back) in rows {
        let found = to_value(type_name, text);
        assert_eq!(found, value, "{type_name} {text}");
        assert_eq!(
            found.as_ref().and_then(to_text).as_deref(),
            back,
            "{type_name} {text}"
        );
    }
    let list = Value::List(vec![Value::Int(1), Value::from("x")]);
    assert_eq!(to_text(&list).as_deref(), Some("[1,\"x\"]"));
}

#[test]
fn faults_of_a_list_of_arguments_are_named() {
    let twice = [argument("a", "", None), argument("a", "", None)];
    let large = [argument(
        "a",
        "",
        Some(&"x".repeat(limits::VALUE_BYTES + 1)),
    )];
    let many = vec![argument("a", "", None); limits::ARGUMENTS + 1];
    let rows: [(&[Argument], Option<&str>); 5] = [
        (&[argument("a", "", None)], None),
        (&twice, Some("argument 'a' stands there twice")),
        (&large, Some("the value of argument 'a' is too large")),
        (&many, Some("more than 500 arguments")),
        (
            &[argument(" ", "", None)],
            Some("argument 1 has no proper name"),
        ),
    ];
    for (arguments, expected) in rows {
        assert_eq!(fault(arguments).as_deref(), expected);
    }
}

#[test]
fn an_asset_has_the_value_instead_of_the_text() {
    let mut argument = argument(
        "key",
        "System.Int32",
        Some("30f57ce8-2530-4d30-b9d1-f6352a0381c1"),
    );
    assert_eq!(argument.asset_id(), None);
    assert!(argument.typed_value().is_err());
    argument.asset = Some(AssetContent::default());
    assert_eq!(
        argument.asset_id(),
        Some(Guid(0x30f5_7ce8_2530_4d30_b9d1_f635_2a03_81c1))
    );
    assert_eq!(argument.typed_value(), Ok(None));
}
