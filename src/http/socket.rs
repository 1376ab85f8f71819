//! A connection's socket as hyper uses it. Owns the notes of what moved when, and the lingering close; must never
//! look at the bytes.

use std::{
    io,
    pin::Pin,
    sync::Arc,
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    net::TcpStream,
};

use super::pulse::{Connections, Phase, Pulse};

/// What is read and thrown away of a body that was refused, before the connection is reset anyway.
const LINGER_BYTES: usize = 4 * 1024 * 1024;

/// A counted socket: while it lives its connection counts as open, also after an upgrade.
#[derive(Debug)]
pub(super) struct Socket {
    stream: TcpStream,
    pulse: Arc<Pulse>,
    connections: Arc<Connections>,
    number: u64,
    lingered: usize,
}

impl Socket {
    pub(super) fn new(
        stream: TcpStream,
        pulse: Arc<Pulse>,
        connections: Arc<Connections>,
        number: u64,
    ) -> Self {
        Self {
            stream,
            pulse,
            connections,
            number,
            lingered: 0,
        }
    }

    /// An error when the client has left while its request is worked on; its task is woken when it leaves later.
    /// hyper would look into a buffer of 8 KiB that it makes anew for each request, as the head still lies in the last.
    fn still_there(&self, cx: &mut Context<'_>) -> io::Result<()> {
        let mut byte = [0];
        match self.stream.poll_peek(cx, &mut ReadBuf::new(&mut byte)) {
            Poll::Ready(Ok(0)) => Err(io::ErrorKind::UnexpectedEof.into()),
            Poll::Ready(Err(error)) => Err(error),
            Poll::Ready(Ok(_)) | Poll::Pending => Ok(()),
        }
    }

    /// Reads on until the client closes. Closing at once would reset the connection under a client that is still
    /// sending its refused body, and the reset would take our answer with it.
    fn poll_linger(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let mut scrap = [0; 4096];
        loop {
            let mut buffer = ReadBuf::new(&mut scrap);
            ready!(Pin::new(&mut self.stream).poll_read(cx, &mut buffer))?;
            let read = buffer.filled().len();
            self.lingered += read;
            if read == 0 || self.lingered > LINGER_BYTES {
                return Poll::Ready(Ok(()));
            }
        }
    }
}

impl AsyncRead for Socket {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buffer.filled().len();
        let read = Pin::new(&mut self.stream).poll_read(cx, buffer);
        if buffer.filled().len() > before && self.pulse.phase() == Phase::Idle {
            self.pulse.enter(Phase::Head);
        }
        read
    }
}

impl AsyncWrite for Socket {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let written = Pin::new(&mut self.stream).poll_write(cx, bytes);
        self.pulse.wrote(written.is_pending());
        written
    }

    fn is_write_vectored(&self) -> bool {
        // Answers are small: one buffer that is written costs less than pieces that are gathered.
        false
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        // hyper flushes when its buffer is empty, also while a handler is at work; a TCP stream has none of its own.
        match self.pulse.phase() {
            Phase::Answered => self.pulse.enter(Phase::Idle),
            Phase::Busy if !self.pulse.unread() => return Poll::Ready(self.still_there(cx)),
            Phase::Busy | Phase::Idle | Phase::Head | Phase::Lingering => {}
        }
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(Pin::new(&mut self.stream).poll_shutdown(cx))?;
        if !self.pulse.unread() {
            return Poll::Ready(Ok(()));
        }
        if self.pulse.phase() != Phase::Lingering {
            self.pulse.enter(Phase::Lingering);
        }
        self.poll_linger(cx)
    }
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.connections.close(self.number);
    }
}
