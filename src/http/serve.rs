//! A listener and its connections. Owns accepting, the bound on connections, the run of each one and the drain at the
//! end; must never look at what a request asks.

use std::{
    convert::Infallible,
    future::{Future, poll_fn},
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    sync::Arc,
    task::{Context, Poll},
    time::Duration,
};

use bytes::Bytes;
use hyper::{
    body::{Body as HttpBody, Frame, Incoming, SizeHint},
    header::{self, HeaderValue},
    server::conn::http1,
    service::service_fn,
};
use hyper_util::rt::TokioIo;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::{Semaphore, watch},
    time::{MissedTickBehavior, interval, sleep, timeout},
};

use super::{
    Arrival, At, Body, BodyStream, Fault, Limits, Payload, Response, Router,
    pulse::{Connections, Order, Phase, Pulse},
    socket::Socket,
};

/// Turns true when the server is to end.
pub type Shutdown = watch::Receiver<bool>;

const FULL: &[u8] = b"HTTP/1.1 503 Service Unavailable\r\nConnection: close\r\nRetry-After: 1\r\nContent-Length: 0\r\n\r\n";
/// Connections past the limit that are still being told so; more are dropped unheard.
const TELLING: usize = 64;
/// How long a client past the limit may take to listen.
const TELL: Duration = Duration::from_millis(500);
/// Pause after the machine could not give a socket (out of files): accepting again at once would spin.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);
/// hyper's bound on headers when none is set: up to it they are read on the stack, with a bound of ours on the heap.
const HEADERS_ON_THE_STACK: usize = 100;
/// hyper's smallest buffer.
const MIN_BUFFER_BYTES: usize = 8_192;

/// What all connections of a listener share.
struct Server<S> {
    router: Arc<Router<S>>,
    limits: Limits,
    connections: Arc<Connections>,
}

/// One connection's share: cloned for each request without touching what connections share.
struct Connection<S> {
    server: Arc<Server<S>>,
    pulse: Arc<Pulse>,
    peer: SocketAddr,
    local: SocketAddr,
}

/// Serves `router` on `listener` until `shutdown` turns true and the requests in progress have ended, or their time is up.
pub async fn serve<S: Send + Sync + 'static>(
    listener: TcpListener,
    router: Arc<Router<S>>,
    limits: Limits,
    mut shutdown: Shutdown,
) -> io::Result<()> {
    let server = Arc::new(Server {
        router,
        limits,
        connections: Connections::new(),
    });
    let telling = Arc::new(Semaphore::new(TELLING));
    let builder = builder(&server.limits);
    let tick_ms = server.limits.tick_ms();
    let mut ticks = interval(Duration::from_millis(tick_ms));
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // A guard of the watched value must not be held over an await: only the fact is kept.
    let mut ended = pin!(async { shutdown.wait_for(|ended| *ended).await.is_ok() });
    loop {
        tokio::select! {
            accepted = listener.accept() => match accepted {
                Ok((stream, peer)) => admit(&server, &builder, &telling, stream, peer),
                Err(error) if is_of_one_connection(&error) => {}
                Err(error) => {
                    tracing::warn!(%error, "cannot accept connections");
                    sleep(ACCEPT_PAUSE).await;
                }
            },
            _ = ticks.tick() => server.connections.look(&server.limits, tick_ms),
            _ = &mut ended => break,
        }
    }
    drop(listener);
    drain(&server, tick_ms).await;
    Ok(())
}

fn is_of_one_connection(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::ConnectionAborted
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::Interrupted
    )
}

fn builder(limits: &Limits) -> http1::Builder {
    // No `pipeline_flush`: with it hyper keeps back what it has answered for as long as unread bytes of the next head are
    // there, and drops that, and its own 400, when they are no head.
    let mut builder = http1::Builder::new();
    // hyper's own refusals have no body, so its bounds stand a little past ours and only keep memory bounded.
    if limits.header_count > HEADERS_ON_THE_STACK * 9 / 10 {
        builder.max_headers(limits.header_count.saturating_mul(2));
    }
    builder
        .header_read_timeout(None)
        // The socket itself looks whether the client has left.
        .half_close(true)
        .max_buf_size((limits.header_bytes.saturating_mul(2)).max(MIN_BUFFER_BYTES * 8));
    builder
}

/// Waits for the connections to end, and cuts what has not after the limit.
async fn drain<S>(server: &Server<S>, tick_ms: u64) {
    server.connections.tell_all(Order::Drain);
    let all_ended = async {
        loop {
            let one_ended = server.connections.ended.notified();
            if server.connections.count() == 0 {
                return;
            }
            // The clock must go on: a silent client may not hold the drain up to its end.
            if timeout(Duration::from_millis(tick_ms), one_ended)
                .await
                .is_err()
            {
                server.connections.look(&server.limits, tick_ms);
            }
        }
    };
    if timeout(Duration::from_millis(server.limits.drain_ms), all_ended)
        .await
        .is_err()
    {
        tracing::warn!(
            connections = server.connections.count(),
            "connections cut at shutdown"
        );
        server.connections.tell_all(Order::Cut);
    }
}

fn admit<S: Send + Sync + 'static>(
    server: &Arc<Server<S>>,
    builder: &http1::Builder,
    telling: &Arc<Semaphore>,
    stream: TcpStream,
    peer: SocketAddr,
) {
    let Ok(local) = stream.local_addr() else {
        return;
    };
    let Some((number, pulse)) = server.connections.open(server.limits.connections) else {
        if let Ok(permit) = Arc::clone(telling).try_acquire_owned() {
            tokio::spawn(async move {
                let _permit = permit;
                // The client's loss when it does not listen.
                let _unheard = timeout(TELL, tell_full(stream)).await;
            });
        }
        return;
    };
    if let Err(error) = stream.set_nodelay(true) {
        tracing::debug!(%error, "TCP_NODELAY");
    }
    let socket = Socket::new(
        stream,
        Arc::clone(&pulse),
        Arc::clone(&server.connections),
        number,
    );
    let connection = Arc::new(Connection {
        server: Arc::clone(server),
        pulse,
        peer,
        local,
    });
    tokio::spawn(run(builder.clone(), socket, connection));
}

async fn tell_full(mut stream: TcpStream) -> io::Result<()> {
    stream.write_all(FULL).await?;
    stream.shutdown().await?;
    // Closed with unread bytes, the connection would be reset and the answer lost.
    let mut scrap = [0; 1024];
    while stream.read(&mut scrap).await? > 0 {}
    Ok(())
}

async fn run<S: Send + Sync + 'static>(
    builder: http1::Builder,
    socket: Socket,
    connection: Arc<Connection<S>>,
) {
    let pulse = Arc::clone(&connection.pulse);
    let service = service_fn(move |request| {
        let connection = Arc::clone(&connection);
        async move { Ok::<_, Infallible>(connection.answer(request).await) }
    });
    let served = builder.serve_connection(TokioIo::new(socket), service);
    let mut served = pin!(served.with_upgrades());
    let mut draining = false;
    let ended = poll_fn(|cx| {
        match pulse.order(cx.waker()) {
            Order::Run => {}
            Order::Drain if draining => {}
            Order::Drain => {
                draining = true;
                served.as_mut().graceful_shutdown();
            }
            Order::Cut => return Poll::Ready(Ok(())),
        }
        served.as_mut().poll(cx)
    });
    if let Err(error) = ended.await {
        tracing::debug!(%error, "connection ended");
    }
}

impl<S: Send + Sync + 'static> Connection<S> {
    async fn answer(&self, request: hyper::Request<Incoming>) -> hyper::Response<Outgoing> {
        self.pulse.enter(Phase::Busy);
        let (head, incoming) = request.into_parts();
        let stream = BodyStream::new(incoming, &self.server.limits, Arc::clone(&self.pulse));
        let mut response = if self.head_fits(&head.headers) {
            let arrival = Arrival {
                head,
                body: Payload::Wire(stream),
                peer: self.peer,
                local: self.local,
            };
            self.server.router.handle(arrival).await
        } else {
            self.server
                .router
                .fault(&Fault::HeadTooLarge, &At::of(&head))
        };
        if self.pulse.unread() {
            response
                .headers
                .insert(header::CONNECTION, HeaderValue::from_static("close"));
        }
        self.outgoing(response)
    }

    fn head_fits(&self, headers: &hyper::HeaderMap) -> bool {
        // Name, colon, space, value, line end.
        let line = |(name, value): (&header::HeaderName, &HeaderValue)| {
            name.as_str().len() + value.len() + 4
        };
        let bytes: usize = headers.iter().map(line).sum();
        headers.len() <= self.server.limits.header_count && bytes <= self.server.limits.header_bytes
    }

    fn outgoing(&self, response: Response) -> hyper::Response<Outgoing> {
        let pulse = if response.body.is_whole() {
            self.pulse.enter(Phase::Answered);
            None
        } else {
            Some(Arc::clone(&self.pulse))
        };
        let mut outgoing = hyper::Response::new(Outgoing {
            body: response.body,
            pulse,
        });
        *outgoing.status_mut() = response.status;
        *outgoing.headers_mut() = response.headers;
        outgoing
    }
}

/// A body on its way out; one in pieces tells when it has ended.
struct Outgoing {
    body: Body,
    pulse: Option<Arc<Pulse>>,
}

impl HttpBody for Outgoing {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        Pin::new(&mut self.body).poll_frame(cx)
    }

    fn is_end_stream(&self) -> bool {
        self.body.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.body.size_hint()
    }
}

impl Drop for Outgoing {
    fn drop(&mut self) {
        if let Some(pulse) = &self.pulse {
            pulse.enter(Phase::Answered);
        }
    }
}
