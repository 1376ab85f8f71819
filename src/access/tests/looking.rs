//! Who may only look: every writing route of the engine's APIs against every kind of caller.

use super::{KEY, person, state};
use crate::{
    api,
    config::Auth,
    http::{Api, Arrival, Gate, GateConfig, HeaderName, HeaderValue, Method, Router},
    process_center,
    server::State,
    sso::secret,
};
use codec::Tenant;
use std::sync::Arc;

const OPERATOR: &str = "lwk_abcdef0123456789";
/// What both APIs say of it, each in its form.
const TITLE: &str = "your roles let you look, not change anything";

/// Method and a path of each route; parameters are `x`.
fn table(api: &Api<State>) -> Vec<(Method, String)> {
    let routes = api.routes.iter();
    let filled = routes.map(|route| {
        let parts = route.path.split('/');
        let parts = parts.map(|part| if part.starts_with('{') { "x" } else { part });
        let path: Vec<&str> = parts.collect();
        (route.method.clone(), path.join("/"))
    });
    filled.collect()
}

struct World {
    router: Router<State>,
    state: Arc<State>,
    routes: Vec<(Method, String)>,
    _data: tempfile::TempDir,
}

impl World {
    async fn with(auth: Auth) -> World {
        let (mut state, data) = state().await;
        state.config.api.auth = auth;
        state.config.process_center.auth = auth;
        let (state, gate) = (Arc::new(state), Gate::new(&GateConfig::default()));
        let (native, documented) = (api::api(), process_center::api());
        let routes = [table(&native), table(&documented)].concat();
        let router = Router::new(Arc::clone(&state), gate.expect("a gate"));
        let router = router.mount(native).and_then(|it| it.mount(documented));
        World {
            router: router.expect("tables without contradictions"),
            state,
            routes,
            _data: data,
        }
    }

    /// Status and text of the answer to a bare request.
    async fn ask(&self, token: &str, (method, path): &(Method, String)) -> (u16, String) {
        let arrival = Arrival::local(method.clone(), path.parse().expect("a path"), "");
        let bearer = HeaderValue::from_str(&format!("Bearer {token}")).expect("a header");
        let arrival = arrival.header(HeaderName::from_static("authorization"), bearer);
        let response = self.router.handle(arrival).await;
        let body = response.body.collect().await;
        (
            response.status.as_u16(),
            String::from_utf8_lossy(&body).into_owned(),
        )
    }

    async fn end(self) {
        let engine = self.state.engine.clone();
        let stopped = tokio::task::spawn_blocking(move || engine.stop());
        stopped.await.expect("a clean stop");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn who_may_only_look_is_refused_by_every_writing_route_and_by_no_other() {
    let world = World::with(Auth::Token).await;
    let before = world.state.engine.queue.last_sequence();
    let mut writes = 0;
    for route in &world.routes {
        let is_write = route.0 != Method::GET;
        let (status, text) = world.ask(KEY, route).await;
        assert_eq!(text.contains(TITLE), is_write, "{route:?}: {text}");
        assert_eq!(status == 403, is_write, "{route:?}: {text}");
        let form = match route.1.starts_with("/api/v1/") {
            true => "\"code\":\"looks-only\"",
            false => "\"path\":\"",
        };
        assert!(!is_write || text.contains(form), "{route:?}: {text}");
        writes += usize::from(is_write);
    }
    assert!(writes > 40, "{writes} writing routes");
    assert_eq!(world.state.engine.queue.last_sequence(), before);
    world.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn others_are_not_taken_for_somebody_who_may_only_look() {
    let world = World::with(Auth::Token).await;
    let program = "lw_program".to_owned();
    let command = org::Command::CreateToken(org::Token {
        tenant: Tenant(0),
        name: "program".to_owned(),
        principal: "program".to_owned(),
        digest: secret::digest(&program),
        created_ms: 1,
    });
    let engine = &world.state.engine;
    let put = engine.organisation.command(engine.core(), command).await;
    put.expect("a token");
    let kim = person(&world.state, "kim").await;
    let complete = (Method::POST, "/taskCtr/complete".to_owned());
    let claim = (Method::POST, "/api/v1/tasks/x/claim".to_owned());
    for token in [OPERATOR, &program, &kim] {
        for route in [&complete, &claim] {
            let (status, text) = world.ask(token, route).await;
            let refused = [401, 403].contains(&status);
            assert!(!refused, "{token} {route:?}: {status} {text}");
        }
    }
    world.end().await;
    // An open server lets everyone do everything, with or without a token.
    let open = World::with(Auth::Open).await;
    let (status, text) = open.ask(KEY, &claim).await;
    assert_eq!(status, 404, "{text}");
    open.end().await;
}
