//! Which elements are elements of BPMN at all.

use super::{
    file,
    refusals::{refused, warned},
    told,
};
use crate::diagnostic::Severity;

#[test]
fn elements_that_the_schema_of_bpmn_does_not_have_are_refused() {
    refused(&[
        (r#"<fooTask id="a"/>"#, &["1 unknown-element"]),
        (
            r#"<userTask id="a"><multiInstance/></userTask>
<usertask id="b"/>"#,
            &["1 unknown-element", "2 unknown-element"],
        ),
        (r#"<choreographyTask id="a"/>"#, &["1 not-supported-yet"]),
    ]);
    let elsewhere = file(r#"<process id="a"/><fooEvent id="b"/>"#);
    assert_eq!(told(&elsewhere, Severity::Error), ["1 unknown-element"]);
    // Extensions and mixed texts hold what they like.
    warned(&[(
        r#"<task id="a"><extensionElements><foo/></extensionElements><documentation>a<br/></documentation></task>"#,
        &["1 ignored"],
    )]);
}
