//! The bytes of packages for robots, by signed addresses that are good for an hour.
//! Never: asks for a token, or serves what no address names.

use crate::{
    blobs,
    http::{Context, Fault, Params, Request, Response},
    links,
    server::State,
};
use rpa::terms::Sha256;
use std::fs::File;
use tokio::task::spawn_blocking;

/// How long an address is good, in milliseconds.
const GOOD_MS: i64 = 3_600_000;

/// Where a robot fetches a package.
pub fn address(state: &State, sha256: Sha256) -> String {
    let gateway = state.gateway_url();
    let expires_ms = state.engine.clock.real_ms() + GOOD_MS;
    let subject = format!("package {sha256}");
    let signed = links::sign(state, "GET", &subject, expires_ms);
    format!("{gateway}/robothub/packages/{sha256}{signed}")
}

/// `GET /robothub/packages/{sha256}`
pub async fn download(
    state: Context<State>,
    request: Request,
    params: Params,
) -> Result<Response, Fault> {
    let digest = params.get("sha256");
    let subject = format!("package {digest}");
    let now_ms = state.engine.clock.real_ms();
    let known = digest
        .parse::<Sha256>()
        .ok()
        .filter(|_| links::allows(&state, "GET", &subject, &request.query, now_ms));
    let Some(sha256) = known else {
        return Err(Fault::Forbidden(
            "the address is not signed, or its time is over",
        ));
    };
    let path = state.blobs.path(sha256);
    let opened = spawn_blocking(move || {
        let file = File::open(path)?;
        let size = file.metadata()?.len();
        Ok::<_, std::io::Error>((file, size))
    });
    match opened.await {
        Ok(Ok((file, size))) => Ok(blobs::stream(file, size)),
        Ok(Err(error)) if error.kind() == std::io::ErrorKind::NotFound => {
            tracing::warn!(%sha256, "a package file that a robot asks for is not there");
            Err(Fault::NoEndpoint)
        }
        Ok(Err(error)) => {
            tracing::error!(%error, "a package could not be read");
            Err(Fault::Panicked)
        }
        Err(_) => Err(Fault::Panicked),
    }
}
