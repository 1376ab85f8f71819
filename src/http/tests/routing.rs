//! Which path and method reaches which handler, with what parameters, and how each API words a refusal.

use hyper::header::{self, HeaderValue};

use super::{App, arrival, ask};
use crate::http::{Api, Arrival, Gate, Method, Problem, Route, Router, Spring};

fn check(method: &str, target: &str, status: u16, body: &str) {
    let (found, _, text) = ask(arrival(method, target));
    assert_eq!((found, text.as_str()), (status, body), "{method} {target}");
}

#[test]
fn a_path_reaches_its_handler_with_decoded_parameters() {
    check("GET", "/native/tasks/7-1", 200, "GET id=<7-1> query=<>");
    check(
        "GET",
        "/native/tasks/a%20b+c",
        200,
        "GET id=<a b+c> query=<>",
    );
    check(
        "GET",
        "/native/tasks/%E4%BB%BB%E5%8A%A1",
        200,
        "GET id=<任务> query=<>",
    );
    check("GET", "/native/tasks/a%2Fb", 200, "GET id=<a/b> query=<>");
    check("GET", "/native/%74asks/7", 200, "GET id=<7> query=<>");
    check(
        "GET",
        "/native/tasks/7?b=1&a=x+y&a=%26&c",
        200,
        "GET id=<7> query=<b=1;a=x y;a=&;c=>",
    );
    check(
        "POST",
        "/native/tasks/7/complete",
        200,
        "POST id=<7> query=<>",
    );
    check("DELETE", "/native/tasks/7", 200, "DELETE id=<7> query=<>");
}

#[test]
fn where_case_means_nothing_parameters_keep_theirs() {
    let rows = [
        ("/loose/manyThings/Ab", "GET id=<Ab> query=<>"),
        ("/LOOSE/MANYTHINGS/aB?C=D", "GET id=<aB> query=<C=D>"),
        ("/Loose/many%54hings/%C3%84x%2FY", "GET id=<Äx/Y> query=<>"),
        ("/loose/ManyThings/BATCH/Of", "here"),
    ];
    for (target, body) in rows {
        check("GET", target, 200, body);
    }
    let (status, ..) = ask(arrival("GET", "/NATIVE/tasks/7"));
    assert_eq!(status, 404, "elsewhere case means something");
}

#[test]
fn a_route_may_have_a_guard_of_its_own() {
    let (status, ..) = ask(arrival("POST", "/loose/Guarded"));
    assert_eq!(status, 401);
    let known = arrival("POST", "/loose/guarded");
    let known = known.header(header::AUTHORIZATION, HeaderValue::from_static("any"));
    assert_eq!(ask(known).0, 200);
}

#[test]
fn broken_encodings_are_400() {
    for target in [
        "/native/tasks/%",
        "/native/tasks/%4",
        "/native/tasks/%zz",
        "/native/tasks/%FF",
        "/native/tasks/%00",
        "/native/tasks/7?a=%C3",
        "/native/tasks/7?a=%C3&%A9=1",
        "/native/tasks/7?%",
    ] {
        let (status, _, body) = ask(arrival("GET", target));
        assert_eq!(status, 400, "{target}");
        assert!(
            body.contains("\"code\":\"malformed-request\""),
            "{target}: {body}"
        );
    }
    let many = format!("/native/tasks/7?{}", "a&".repeat(10_001));
    assert_eq!(ask(arrival("GET", &many)).0, 400);
}

#[test]
fn unknown_paths_and_methods_are_worded_by_each_api() {
    let native_404 = r#"{"type":"about:blank","title":"Not Found","status":404,"detail":"no endpoint has this path","instance":"/native/none","code":"no-such-endpoint"}"#;
    check("GET", "/native/none", 404, native_404);
    let (status, headers, body) = ask(arrival("PUT", "/native/tasks/7"));
    assert_eq!(status, 405);
    assert_eq!(headers[header::ALLOW], "GET, HEAD, DELETE, OPTIONS");
    assert_eq!(headers[header::CONTENT_TYPE], "application/problem+json");
    assert!(body.contains("\"code\":\"method-not-allowed\""), "{body}");
    for target in ["/native/Tasks/7", "/native/tasks/7/", "/native", "/nativex"] {
        assert_eq!(ask(arrival("GET", target)).0, 404, "{target}");
    }

    let (status, headers, body) = ask(arrival("GET", "/none/at/all"));
    assert_eq!(status, 404);
    assert_eq!(
        headers[header::CONTENT_TYPE],
        "application/json;charset=UTF-8"
    );
    assert!(body.starts_with("{\"timestamp\":\"20"), "{body}");
    let rest = r#"+0000","status":404,"error":"Not Found","message":"No message available","path":"/none/at/all"}"#;
    assert!(body.ends_with(rest), "{body}");
    let (status, headers, body) = ask(arrival("PUT", "/taskCtr/complete"));
    assert_eq!(
        (status, &headers[header::ALLOW]),
        (405, &HeaderValue::from_static("POST, OPTIONS"))
    );
    assert!(
        body.contains("\"message\":\"Request method 'PUT' not supported\""),
        "{body}"
    );
}

#[test]
fn a_trailing_slash_is_accepted_where_the_api_says_so() {
    check("GET", "/taskCtr/7/", 200, "GET id=<7> query=<>");
    assert_eq!(ask(arrival("GET", "/taskCtr/7//")).0, 404);
    assert_eq!(ask(arrival("GET", "/")).0, 404);
}

#[test]
fn head_is_answered_for_every_get_and_options_for_every_path() {
    let (status, headers, body) = ask(arrival("HEAD", "/native/tasks/7"));
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(headers[header::CONTENT_LENGTH], "20");
    let (status, headers, body) = ask(arrival("HEAD", "/native/none"));
    assert_eq!((status, body.as_str()), (404, ""));
    assert!(headers.contains_key(header::CONTENT_LENGTH));
    let (status, headers, _) = ask(arrival("HEAD", "/native/echo"));
    assert_eq!(
        (status, &headers[header::ALLOW]),
        (405, &HeaderValue::from_static("POST, OPTIONS"))
    );
    let (status, headers, body) = ask(arrival("OPTIONS", "/native/tasks/7"));
    assert_eq!((status, body.as_str()), (200, ""));
    assert_eq!(headers[header::ALLOW], "GET, HEAD, DELETE, OPTIONS");
    assert_eq!(ask(arrival("OPTIONS", "/native/none")).0, 404);
}

#[test]
fn a_form_is_the_query_then_the_body() {
    let form = |target: &str, content_type: &'static str, body: &'static str| {
        let asked = Arrival::local(Method::POST, target.parse().expect("a target"), body)
            .header(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        let (status, _, text) = ask(asked);
        (status, text)
    };
    let urlencoded = "application/x-www-form-urlencoded; charset=UTF-8";
    let rows = [
        (
            "/taskCtr/complete?a=1",
            urlencoded,
            "a=2&b=3",
            "a=Some(\"1,2\") first=Some(\"1\") empty=false",
        ),
        (
            "/taskCtr/complete",
            urlencoded,
            "a=%E7%AD%BE+x",
            "a=Some(\"签 x\") first=Some(\"签 x\") empty=false",
        ),
        (
            "/taskCtr/complete?a=1",
            "application/json",
            "{\"a\":2}",
            "a=Some(\"1\") first=Some(\"1\") empty=false",
        ),
        (
            "/taskCtr/complete",
            "text/plain",
            "a=2",
            "a=None first=None empty=true",
        ),
    ];
    for (target, content_type, body, expected) in rows {
        assert_eq!(
            form(target, content_type, body),
            (200, expected.to_owned()),
            "{target} {body}"
        );
    }
    assert_eq!(form("/taskCtr/complete", urlencoded, "a=%F").0, 400);
    assert_eq!(form("/taskCtr/complete", urlencoded, "a=%FF").0, 400);
}

#[test]
fn a_handler_that_panics_answers_500_in_the_apis_style() {
    let (status, _, body) = ask(arrival("GET", "/native/panics"));
    assert_eq!(status, 500);
    assert!(body.contains("\"code\":\"internal-error\""), "{body}");
}

#[test]
fn a_guard_answers_before_the_body_is_looked_at() {
    let big = || {
        Arrival::local(
            Method::POST,
            "/secret/7".parse().expect("a target"),
            vec![0; 2_000_000],
        )
    };
    assert_eq!(ask(big()).0, 401);
    let token = HeaderValue::from_static("Bearer x");
    assert_eq!(ask(big().header(header::AUTHORIZATION, token)).0, 413);
}

#[test]
fn a_contradictory_table_is_refused() {
    let (app, _entries) = super::app();
    let empty = || Router::new(std::sync::Arc::clone(&app), Gate::default());
    let api =
        |prefix: &'static str, routes: Vec<Route<App>>| Api::new("x", &[prefix], &Spring, routes);
    let twice = vec![Route::get("/a", super::show), Route::get("/a", super::show)];
    let meeting = vec![
        Route::get("/a/{b}", super::show),
        Route::get("/a/{c}", super::show),
    ];
    let malformed = vec![Route::get("/a/{b", super::show)];
    for (routes, message) in [
        (twice, "GET /a is in the table twice"),
        (meeting, "/a/{c}: "),
        (malformed, "/a/{b: "),
    ] {
        let error = empty()
            .mount(api("", routes))
            .err()
            .expect("a refusal")
            .to_string();
        assert!(error.starts_with(message), "{error}");
    }
    let mounted = empty()
        .mount(Api::new("y", &["/y"], &Problem, vec![]))
        .expect("one");
    assert!(mounted.mount(api("/y", vec![])).is_err());
}
