//! The server's side: takes one request per connection and hands it to the handler.
//! Never: waits without bound for a client, or serves more than a few at once.

use super::{Answer, BackedUp, NewToken, NewUser, Request, TokenLine};
use std::{
    fs::Permissions,
    future::Future,
    io,
    os::unix::fs::PermissionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::{UnixListener, UnixStream},
    task::JoinSet,
    time::timeout,
};

const MAX_REQUEST_BYTES: u64 = 64 * 1024;

/// Time for a client to send its request, and to take its answer.
const CLIENT_MS: u64 = 10_000;

/// Time for requests in progress to end when the server stops: a backup that takes longer is given up.
const DRAIN_MS: u64 = 10_000;

/// Clients that are served at once; more wait in the socket's own queue.
const MAX_CLIENTS: usize = 8;

/// Does what clients ask. A refusal is a sentence for the person at the command line.
pub trait ControlHandler: Send + Sync + 'static {
    /// Makes a token that is durable when this returns.
    fn token_create(&self, name: String) -> impl Future<Output = Result<NewToken, String>> + Send;
    /// Lists all tokens.
    fn token_list(&self) -> impl Future<Output = Result<Vec<TokenLine>, String>> + Send;
    /// Revokes a token, durably when this returns.
    fn token_revoke(&self, name: String) -> impl Future<Output = Result<(), String>> + Send;
    /// Copies a consistent state into a new directory.
    fn backup(&self, into: PathBuf) -> impl Future<Output = Result<BackedUp, String>> + Send;
    /// Adds a person, durably when this returns.
    fn user_add(&self, new: NewUser) -> impl Future<Output = Result<(), String>> + Send;
    /// Sets a person's password to one of this hash, durably when this returns.
    fn user_password(
        &self,
        user_name: String,
        hash: String,
    ) -> impl Future<Output = Result<(), String>> + Send;
}

/// A bound socket. Dropping it removes the file.
#[derive(Debug)]
pub struct ControlSocket {
    listener: UnixListener,
    path: PathBuf,
}

impl ControlSocket {
    /// Makes the socket with mode 0600, in the place of one that an earlier server left behind.
    /// The caller holds the lock of the data, so that no other server listens there. Needs a tokio runtime.
    pub fn bind(path: &Path) -> io::Result<Self> {
        match std::fs::remove_file(path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(()) | Err(_) => {}
        }
        // Until the mode is set anyone may connect; such a client is turned away by its user id.
        let listener = UnixListener::bind(path)?;
        let socket = Self {
            listener,
            path: path.to_owned(),
        };
        std::fs::set_permissions(path, Permissions::from_mode(0o600))?;
        Ok(socket)
    }

    /// Serves until `shutdown` ends, then lets requests in progress end.
    pub async fn serve<H: ControlHandler>(
        self,
        handler: Arc<H>,
        shutdown: impl Future<Output = ()> + Send,
    ) {
        let mut clients = JoinSet::new();
        tokio::pin!(shutdown);
        loop {
            tokio::select! {
                () = &mut shutdown => break,
                accepted = self.listener.accept(), if clients.len() < MAX_CLIENTS => match accepted {
                    Ok((stream, _)) => {
                        clients.spawn(attend(stream, Arc::clone(&handler)));
                    }
                    // Most likely out of file descriptors, which only time mends.
                    Err(error) => {
                        tracing::warn!(%error, "control socket");
                        tokio::time::sleep(Duration::from_millis(100)).await;
                    }
                },
                Some(ended) = clients.join_next() => log_panic(ended),
            }
        }
        let drain = async {
            while let Some(ended) = clients.join_next().await {
                log_panic(ended);
            }
        };
        if timeout(Duration::from_millis(DRAIN_MS), drain)
            .await
            .is_err()
        {
            tracing::warn!("control socket: gave up on a request that did not end");
        }
    }
}

impl Drop for ControlSocket {
    fn drop(&mut self) {
        if let Err(error) = std::fs::remove_file(&self.path) {
            tracing::debug!(%error, "control socket was removed already");
        }
    }
}

fn log_panic(ended: Result<io::Result<()>, tokio::task::JoinError>) {
    match ended {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "control client"),
        Err(error) => tracing::error!(%error, "control request"),
    }
}

async fn attend<H: ControlHandler>(mut stream: UnixStream, handler: Arc<H>) -> io::Result<()> {
    let patience = Duration::from_millis(CLIENT_MS);
    let peer = stream.peer_cred()?.uid();
    let answer = if peer != 0 && peer != rustix::process::geteuid().as_raw() {
        Answer::Refused("only the user who runs the server may do that".to_owned())
    } else {
        match timeout(patience, read_request(&mut stream)).await?? {
            Ok(request) => answer(&*handler, request).await,
            Err(reason) => Answer::Refused(reason),
        }
    };
    let mut line = serde_json::to_vec(&answer)?;
    line.push(b'\n');
    timeout(patience, async {
        stream.write_all(&line).await?;
        stream.shutdown().await
    })
    .await?
}

async fn read_request(stream: &mut UnixStream) -> io::Result<Result<Request, String>> {
    let mut line = Vec::new();
    let bounded = stream.take(MAX_REQUEST_BYTES);
    BufReader::new(bounded).read_until(b'\n', &mut line).await?;
    if line.last() != Some(&b'\n') {
        return Ok(Err(
            "the request is no line, or a longer one than 64 KiB".to_owned()
        ));
    }
    Ok(serde_json::from_slice(&line).map_err(|error| format!("malformed request: {error}")))
}

async fn answer<H: ControlHandler>(handler: &H, request: Request) -> Answer {
    let answered = match request {
        Request::TokenCreate { name } => handler.token_create(name).await.map(Answer::TokenCreated),
        Request::TokenList => handler.token_list().await.map(Answer::Tokens),
        Request::TokenRevoke { name } => {
            let revoked = handler.token_revoke(name).await;
            revoked.map(|()| Answer::TokenRevoked)
        }
        Request::Backup { into } if into.is_relative() => {
            Err("the directory of a backup must be absolute".to_owned())
        }
        Request::Backup { into } => handler.backup(into).await.map(Answer::BackedUp),
        Request::UserAdd(new) => handler.user_add(new).await.map(|()| Answer::Done),
        Request::UserPassword { user_name, hash } => {
            let done = handler.user_password(user_name, hash).await;
            done.map(|()| Answer::Done)
        }
    };
    answered.unwrap_or_else(Answer::Refused)
}
