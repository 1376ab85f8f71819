//! The front end's tests: a small API, a server on a free port, a raw client. Owns what they share; each topic has
//! its file.

mod bodies;
mod connections;
mod names;
mod routing;
mod wire;

use std::sync::Arc;

use bytes::Bytes;
use hyper::{
    Method, StatusCode,
    header::{self, HeaderValue},
};
use hyper_util::rt::TokioIo;
use tokio::sync::{Notify, mpsc};

use super::{
    Api, Arrival, Context, Fault, Gate, GateConfig, Params, Problem, Request, Response, Route,
    Router, Spring,
};

/// The state behind the test API: one handler can be held and let go.
pub(super) struct App {
    entered: mpsc::UnboundedSender<()>,
    release: Notify,
}

async fn echo(_: Context<App>, request: Request, _: Params) -> Response {
    Response::typed(
        StatusCode::OK,
        HeaderValue::from_static("application/octet-stream"),
        request.body,
    )
}

async fn show(_: Context<App>, request: Request, params: Params) -> Response {
    let pairs: Vec<_> = request
        .query
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let text = format!(
        "{} id=<{}> query=<{}>",
        request.method,
        params.get("id"),
        pairs.join(";")
    );
    Response::text(StatusCode::OK, text)
}

async fn show_nothing(_: Context<App>, _: Request, _: Params) -> Response {
    Response::text(StatusCode::OK, "here")
}

async fn form(_: Context<App>, request: Request, _: Params) -> Result<Response, Fault> {
    let form = request.form()?;
    let text = format!(
        "a={:?} first={:?} empty={}",
        form.joined("a"),
        form.get("a"),
        form.is_empty()
    );
    Ok(Response::text(StatusCode::OK, text))
}

async fn upload(_: Context<App>, request: Request, _: Params) -> Result<Response, Fault> {
    let parts = request.multipart().await?;
    let shown: Vec<_> = parts
        .iter()
        .map(|part| {
            format!(
                "{}|{:?}|{:?}|{}",
                part.name,
                part.file_name,
                part.content_type,
                part.bytes.len()
            )
        })
        .collect();
    Ok(Response::text(StatusCode::OK, shown.join("\n")))
}

async fn count(_: Context<App>, mut request: Request, _: Params) -> Result<Response, Fault> {
    let mut stream = request.take_stream().ok_or(Fault::malformed("no stream"))?;
    let mut bytes = 0;
    while let Some(piece) = stream.chunk().await? {
        bytes += piece.len();
    }
    Ok(Response::text(StatusCode::OK, bytes.to_string()))
}

async fn hold(context: Context<App>, _: Request, _: Params) -> Response {
    let released = context.release.notified();
    // The test may have gone; then nobody waits for this.
    let _gone = context.entered.send(());
    released.await;
    Response::text(StatusCode::OK, "released")
}

/// Held like the other; entered once more when it is given up.
async fn attend(context: Context<App>, _: Request, _: Params) -> Response {
    struct GivenUp(mpsc::UnboundedSender<()>);
    impl Drop for GivenUp {
        fn drop(&mut self) {
            // As above.
            let _gone = self.0.send(());
        }
    }
    let _given_up = GivenUp(context.entered.clone());
    let _gone = context.entered.send(());
    std::future::pending().await
}

/// Is entered once more when it has been let go.
async fn finish(context: Context<App>, _: Request, _: Params) -> Response {
    let released = context.release.notified();
    // As above.
    let _gone = context.entered.send(());
    released.await;
    let _gone = context.entered.send(());
    Response::text(StatusCode::OK, "finished")
}

async fn list(_: Context<App>, _: Request, _: Params) -> Response {
    let pieces = (0..1_000).map(|_| Bytes::from(vec![b'x'; 16 * 1024]));
    Response::new(StatusCode::OK).chunks(pieces)
}

/// Leaves HTTP and sends back whatever comes.
async fn upgrade(_: Context<App>, mut request: Request, _: Params) -> Result<Response, Fault> {
    let upgrade = request
        .take_upgrade()
        .ok_or(Fault::malformed("no upgrade asked for"))?;
    tokio::spawn(async move {
        if let Ok(upgraded) = upgrade.await {
            let (mut read, mut write) = tokio::io::split(TokioIo::new(upgraded));
            // The client ends it when it likes.
            let _ended = tokio::io::copy(&mut read, &mut write).await;
        }
    });
    let switching = Response::new(StatusCode::SWITCHING_PROTOCOLS)
        .header(header::CONNECTION, HeaderValue::from_static("upgrade"))
        .header(header::UPGRADE, HeaderValue::from_static("echo"));
    Ok(switching)
}

async fn panics(_: Context<App>, _: Request, _: Params) -> Response {
    panic!("asked to");
}

/// `/native` in problem style, everything else in Spring's style with trailing slashes accepted.
fn router(context: Arc<App>) -> Router<App> {
    let native = Api::new(
        "native",
        &["/native"],
        &Problem,
        vec![
            Route::get("/native/tasks/{id}", show),
            Route::delete("/native/tasks/{id}", show),
            Route::post("/native/tasks/{id}/complete", show),
            Route::post("/native/echo", echo).body_limit_bytes(100_000),
            Route::post("/native/small", echo).body_limit_bytes(10),
            Route::post("/native/upload", upload),
            Route::post("/native/count", count).streamed(10_000_000),
            Route::get("/native/hold", hold),
            Route::get("/native/wait", hold).waits(),
            Route::post("/native/attend", attend).waits(),
            Route::post("/native/finish", finish),
            Route::get("/native/list", list),
            Route::get("/native/panics", panics),
            Route::get("/native/upgrade", upgrade),
        ],
    );
    let mut servlet = Api::new(
        "servlet",
        &[""],
        &Spring,
        vec![
            Route::post("/taskCtr/complete", form),
            Route::get("/taskCtr/{id}", show),
        ],
    );
    servlet.trailing_slash = true;
    let mut secret = Api::new(
        "secret",
        &["/secret"],
        &Problem,
        vec![Route::post("/secret/{id}", show)],
    );
    secret.token_required = true;
    secret.guard = Some(|_, head| match head.headers.get("authorization") {
        Some(_) => Ok(()),
        None => Err(Box::new(Response::new(StatusCode::UNAUTHORIZED))),
    });
    let mut loose = Api::new(
        "loose",
        &["/loose"],
        &Problem,
        vec![
            Route::get("/loose/manyThings/{id}", show),
            Route::get("/loose/manyThings/batch/of", show_nothing),
            Route::post("/loose/guarded", show_nothing).guarded(|_, head| {
                match head.headers.get("authorization") {
                    Some(_) => Ok(()),
                    None => Err(Box::new(Response::new(StatusCode::UNAUTHORIZED))),
                }
            }),
        ],
    );
    loose.any_case = true;
    let gate = Gate::new(&GateConfig {
        public_urls: vec!["https://flow.example.org/base".into()],
        hosts: vec!["other.example.org".into()],
        allowed_origins: vec!["https://tool.example.org".into()],
    });
    let router = Router::new(context, gate.expect("a good configuration"));
    [native, servlet, secret, loose]
        .into_iter()
        .try_fold(router, Router::mount)
        .expect("a good table")
}

fn app() -> (Arc<App>, mpsc::UnboundedReceiver<()>) {
    let (entered, entries) = mpsc::unbounded_channel();
    let release = Notify::new();
    (Arc::new(App { entered, release }), entries)
}

/// Answers without a socket: status, some headers, body.
fn ask(arrival: Arrival) -> (u16, hyper::HeaderMap, String) {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .build()
        .expect("a runtime");
    let (app, _entries) = app();
    runtime.block_on(async {
        let response = router(app).handle(arrival).await;
        let body = response.body.collect().await;
        let text = String::from_utf8_lossy(&body).into_owned();
        (response.status.as_u16(), response.headers, text)
    })
}

fn arrival(method: &str, target: &str) -> Arrival {
    let method = Method::from_bytes(method.as_bytes()).expect("a method");
    Arrival::local(method, target.parse().expect("a target"), "")
}
