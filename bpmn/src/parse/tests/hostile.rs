//! Text that is no model, or is made to cost time and memory: it ends in one clear error.

use super::{HEAD, Severity, parse, told};

#[track_caller]
fn refused(text: &str, expected: &str) {
    let result = parse(text.as_bytes());
    let begin: String = text.chars().take(200).collect();
    assert_eq!(told(&result, Severity::Error), [expected], "{begin}");
}

#[test]
fn text_that_is_no_xml_is_refused_with_its_place() {
    let rows = [
        ("", "1 xml-syntax"),
        ("hello", "1 xml-syntax"),
        ("<a>\n<b>\n</a>", "3 xml-syntax"),
        ("<a>\n<b/>", "2 xml-syntax"),
        ("<a/>\n<b/>", "2 xml-syntax"),
        ("<a/>\ntext", "1 xml-syntax"),
        ("<a\nb='1' b='2'/>", "1 xml-syntax"),
        ("<a b='<'/>", "1 xml-syntax"),
        ("<a b=1/>", "1 xml-syntax"),
        ("<a>\n\u{1}</a>", "1 xml-syntax"),
        ("<a>&#0;</a>", "1 xml-syntax"),
        ("<a>\n&unknown;</a>", "2 xml-entity"),
        ("<a b='&unknown;'/>", "1 xml-entity"),
        ("<p:a/>", "1 xml-prefix"),
        ("<a p:b='1'/>", "1 xml-prefix"),
        ("<!DOCTYPE a>\n<a/>", "1 xml-doctype"),
        (
            "\n<!DOCTYPE a [<!ENTITY b 'bbbb'><!ENTITY c '&b;&b;&b;'>]><a>&c;</a>",
            "2 xml-doctype",
        ),
        (
            "<?xml version='1.0' encoding='klingon'?><a/>",
            "1 xml-encoding",
        ),
    ];
    for (text, expected) in rows {
        refused(text, expected);
    }
}

#[test]
fn models_are_read_in_the_encoding_that_they_declare() {
    let model = |encoding: &str| {
        format!(
            r#"<?xml version="1.0" encoding="{encoding}"?>
{HEAD}<process id="p" name="请假"/></definitions>"#
        )
    };
    let gbk = encoding_rs::GBK.encode(&model("GBK")).0.into_owned();
    let utf16: Vec<u8> = [0xfeff_u16]
        .into_iter()
        .chain(model("UTF-16").encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    let rows = [
        model("utf-8").into_bytes(),
        format!("\u{feff}{}", model("UTF-8")).into_bytes(),
        gbk,
        utf16,
    ];
    for bytes in rows {
        let name = parse(&bytes).map(|parsed| parsed.processes[0].name.clone());
        assert_eq!(name.ok().flatten().as_deref(), Some("请假"));
    }
    let broken = parse(b"<a>\xff</a>");
    assert_eq!(told(&broken, Severity::Error), ["1 xml-encoding"]);
}

#[test]
fn attributes_and_text_are_normalised_as_xml_says() {
    let text = format!(
        "{HEAD}<process id=\"p\" name=\"a\nb&#10;c&amp;&lt;\"><documentation>x &amp;<![CDATA[ <y> ]]>\r\nz</documentation></process></definitions>"
    );
    let parsed = parse(text.as_bytes()).map(|parsed| parsed.processes[0].clone());
    let process = parsed.ok();
    let process = process.as_deref();
    assert_eq!(process.and_then(|p| p.name.as_deref()), Some("a b\nc&<"));
    assert_eq!(
        process.and_then(|p| p.description.as_deref()),
        Some("x & <y> \nz")
    );
}

#[test]
fn depth_number_and_size_are_bounded() {
    let deep = "<a>".repeat(100_000);
    refused(&deep, "1 xml-limit");
    let elements = format!("<a>{}</a>", "<b/>".repeat(1_000_000));
    refused(&elements, "1 xml-limit");
    let mut attributes = String::from("<a");
    for number in 0..1_000_000 {
        attributes.push_str(&format!(" b{number}=''"));
    }
    attributes.push_str("/>");
    refused(&attributes, "1 xml-limit");
    let wide = format!(
        "<a>{}</a>",
        r#"<b c="" d="" e="" f="" g="" h=""/>"#.repeat(190_000)
    );
    refused(&wide, "1 xml-limit");
    refused(&" ".repeat((16 << 20) + 1), "1 xml-limit");
}

#[test]
fn prefixes_that_are_declared_again_and_again_cost_no_more_than_their_text() {
    let mut text = String::new();
    for number in 0..200 {
        text.push_str(&format!("<a xmlns='u{number}'"));
        for prefix in 0..900 {
            text.push_str(&format!(" xmlns:p{prefix}='{number}'"));
        }
        text.push('>');
    }
    for number in 0..100_000 {
        text.push_str(&format!("<p{}:b/>", number % 900));
    }
    text.push_str(&"</a>".repeat(200));
    refused(&text, "1 not-bpmn");
}

#[test]
fn a_model_with_a_hundred_thousand_mistakes_gets_a_bounded_answer() {
    let flows = r#"<sequenceFlow sourceRef="a" targetRef="b"/>"#.repeat(100_000);
    let text = format!("{HEAD}<process id='p'>{flows}</process></definitions>");
    let diagnostics = parse(text.as_bytes()).err().unwrap_or_default();
    assert_eq!(diagnostics.len(), 501);
    assert!(
        diagnostics
            .iter()
            .any(|diagnostic| diagnostic.code == "too-many-complaints")
    );
}

#[test]
fn sub_processes_may_be_nested_as_deep_as_elements_may() {
    let depth = 250;
    let mut text = format!("{HEAD}<process id='p'>");
    for number in 0..depth {
        text.push_str(&format!("<subProcess id='s{number}'>"));
    }
    text.push_str(&"</subProcess>".repeat(depth));
    text.push_str("</process></definitions>");
    let elements = parse(text.as_bytes()).map(|parsed| parsed.processes[0].elements.len());
    assert_eq!(elements.ok(), Some(depth));
}

#[test]
fn many_processes_of_one_collaboration_share_their_diagram() {
    let mut text = format!("{HEAD}<collaboration id='c'>");
    for number in 0..2_000 {
        text.push_str(&format!(
            "<participant id='q{number}' processRef='p{number}'/>"
        ));
    }
    text.push_str("</collaboration>");
    for number in 0..2_000 {
        text.push_str(&format!(
            "<process id='p{number}'><task id='t{number}'/></process>"
        ));
    }
    text.push_str("</definitions>");
    let parsed = parse(text.as_bytes());
    let diagrams = parsed.map(|parsed| parsed.diagrams).unwrap_or_default();
    assert_eq!(diagrams.len(), 2_000);
    assert!(
        diagrams
            .iter()
            .all(|d| std::sync::Arc::ptr_eq(d, &diagrams[0]))
    );
    assert_eq!(diagrams[0].nodes.len(), 2_000);
}

proptest::proptest! {
    #[test]
    fn any_bytes_end_in_an_answer(bytes in proptest::collection::vec(proptest::num::u8::ANY, 0..300)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn any_damage_to_a_model_ends_in_an_answer(at in 0usize..2_000, byte in proptest::num::u8::ANY) {
        let mut bytes = format!(
            "{HEAD}<process id='p'><userTask id='a' activiti:assignee='${{a}}'><documentation>x &amp; y\
             </documentation><multiInstanceLoopCharacteristics isSequential='true'><loopCardinality>3\
             </loopCardinality></multiInstanceLoopCharacteristics></userTask><!-- c --><![CDATA[ ]]>\
             <sequenceFlow sourceRef='a' targetRef='a'/></process></definitions>"
        )
        .into_bytes();
        let place = at % bytes.len();
        bytes[place] = byte;
        let _ = parse(&bytes);
    }
}
