//! Texts that want to break the parser or to run without end.

use super::*;
use proptest::prelude::*;

#[test]
fn depth_and_size_of_a_text_are_bounded() {
    let repeated = |open: &str, inner: &str, close: &str, times: usize| {
        format!("${{{}{inner}{}}}", open.repeat(times), close.repeat(times))
    };
    for text in [
        repeated("(", "1", ")", 10_000),
        repeated("!", "true", "", 10_000),
        repeated("-", "1", "", 10_000),
        repeated("1+", "1", "", 10_000),
        repeated("", "a", ".a", 10_000),
        repeated("a[", "1", "]", 10_000),
        repeated("true?", "1", ":1", 10_000),
        repeated("s.concat(", "s", ")", 5_000),
        format!("${{s.concat({}s)}}", "s,".repeat(5_000)),
        "${1}".repeat(5_000),
        "x".repeat(MAX_TEXT_BYTES + 1),
    ] {
        assert!(Template::parse(&text).is_err(), "{}", &text[..40]);
    }
}

#[test]
fn left_chains_inside_left_chains_stay_shallow() {
    let mut inner = "1".to_owned();
    for _ in 0..20 {
        inner = format!("({inner}){}", "+1".repeat(150));
    }
    assert!(Template::parse(&format!("${{{inner}}}")).is_err());
}

#[test]
fn deepest_allowed_expression_evaluates() {
    let depth = MAX_DEPTH - 1;
    let text = format!("${{1{}}}", "+1".repeat(depth));
    let value = Template::parse(&text)
        .expect("parses")
        .evaluate(&mut scope());
    assert_eq!(
        value,
        Ok(Value::Int(i64::try_from(depth + 1).expect("small")))
    );
}

#[test]
fn growing_texts_and_repeated_large_values_hit_a_limit() {
    let mut scope = scope();
    scope
        .variables
        .insert("large".into(), Value::String("x".repeat(600_000)));
    for text in [
        "${large.concat(large)}".to_owned(),
        "${large.replace('x', 'yyyy')}".to_owned(),
        "${large}${large}".to_owned(),
        format!("${{empty large{}}}", " || empty large".repeat(150)),
    ] {
        let found = Template::parse(&text).expect("parses").evaluate(&mut scope);
        assert!(
            matches!(found, Err(EvaluationError::LimitExceeded { .. })),
            "{text}: {found:?}"
        );
    }
}

proptest! {
    #[test]
    fn any_text_parses_or_is_refused(text in "\\PC{0,200}") {
        let _ = outcome(&text, &mut scope());
        let _ = outcome(&format!("${{{text}}}"), &mut scope());
    }

    #[test]
    fn any_mix_of_tokens_parses_or_is_refused(tokens in prop::collection::vec(prop::sample::select(vec![
        "${", "}", "one", "map", "list", "s", "nil", ".a", ".size()", "[0]", "['a']", "(", ")", "+", "-", "*", "/", "%",
        "==", "!=", "<", ">=", "&&", "||", "!", "empty ", "?", ":", "'x'", "1", "2.5", "true", "null", ",", " ", "execution",
    ]), 0..40)) {
        let text = format!("${{{}}}", tokens.concat());
        let _ = outcome(&text, &mut scope());
    }
}
