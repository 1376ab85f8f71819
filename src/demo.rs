//! `loomwork demo`: a server with an example process, and what to do with it next.
//! Never: touches data that it did not make.

use crate::{
    cli::DemoArgs,
    config::{Config, Overrides},
    http::{Api, HeaderValue, Problem, Response, Route, StatusCode},
    server::{self, Extra, Failed, State},
};
use std::io::ErrorKind;

const PAGE: &str = include_str!("demo/live.html");
const EXAMPLE: &[u8] = include_bytes!("demo/leave.bpmn20.xml");

const GREETING: &str = "\
Loomwork serves the example process 'leave' at {base}. Watch it live in a browser: {base}/demo
Next:

  start a leave request:
    curl -s -X POST {base}/api/v1/instances -H 'Content-Type: application/json' \\
      -d '{\"definitionKey\":\"leave\",\"variables\":{\"employee\":\"kim\",\"days\":3}}'
  see the open tasks:
    curl -s '{base}/api/v1/tasks?assignee=kim'
  complete one (put its id in the place of ID):
    curl -s -X POST {base}/api/v1/tasks/ID/complete -H 'Content-Type: application/json' -d '{\"variables\":{\"days\":3}}'
  see where an instance stands, as a picture (open it in a browser):
    {base}/api/v1/instances/INSTANCE/diagram.svg?highlight=path

Ctrl-C ends it; the data are thrown away.";

/// Serves the demonstration.
pub fn serve(arguments: &DemoArgs) -> Result<(), Failed> {
    let data = std::env::temp_dir().join(format!("loomwork-demo-{}", std::process::id()));
    let config = Config::default().with(Overrides {
        listen: arguments.listen.clone(),
        data: Some(data.clone()),
        keys: Some(data.join("keys")),
    });
    config.check()?;
    let served = server::serve(
        config,
        Extra {
            example: Some(("leave.bpmn20.xml", EXAMPLE)),
            greeting: Some(GREETING),
            page: Some(PAGE),
            new_keys: false,
        },
    );
    match std::fs::remove_dir_all(&data) {
        // What could not listen has made nothing.
        Err(error) if error.kind() == ErrorKind::NotFound => served,
        removed => served.and(removed.map_err(Into::into)),
    }
}

/// A page that shows what happens, at `/demo`.
pub fn page(page: &'static str) -> Api<State> {
    let show = move |_, _, _| async move {
        let html = HeaderValue::from_static("text/html; charset=utf-8");
        Response::typed(StatusCode::OK, html, page)
    };
    let show = Route::get("/demo", show).summary("What happens, as a page");
    Api::new("demo", &["/demo"], &Problem, vec![show])
}
