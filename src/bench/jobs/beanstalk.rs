//! The yardstick: beanstalkd with a binlog and an fsync for every write, the same number of connections.
//! Never: leaves its process behind.

use super::{super::BenchError, together};
use std::{
    fs,
    net::TcpListener,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::{Duration, Instant},
};
use tokio::{
    io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader},
    net::TcpStream,
};

/// A job's body, in bytes.
const BODY_BYTES: usize = 200;

/// A running beanstalkd.
pub struct Queue {
    child: Child,
    address: String,
    binlog: PathBuf,
}

impl Queue {
    /// Starts it; none: it is not installed.
    pub fn start(home: &Path) -> Result<Option<Self>, BenchError> {
        let binlog = home.join("beanstalkd");
        fs::create_dir_all(&binlog)?;
        let listen = TcpListener::bind("127.0.0.1:0")?.local_addr()?;
        let started = Command::new("beanstalkd")
            .args([
                "-l",
                &listen.ip().to_string(),
                "-p",
                &listen.port().to_string(),
            ])
            .args(["-f", "0", "-b"])
            .arg(&binlog)
            .stdin(Stdio::null())
            .spawn();
        let child = match started {
            Ok(child) => child,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        let queue = Queue {
            child,
            address: listen.to_string(),
            binlog,
        };
        let begun = Instant::now();
        while std::net::TcpStream::connect(&queue.address).is_err() {
            if begun.elapsed() > Duration::from_secs(10) {
                return Err(BenchError::NotReady);
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        Ok(Some(queue))
    }

    /// `host:port`.
    pub fn address(&self) -> &str {
        &self.address
    }
}

impl Drop for Queue {
    fn drop(&mut self) {
        // It may have ended already; then there is nothing to do.
        let _killed = self.child.kill();
        let _reaped = self.child.wait();
        let _removed = fs::remove_dir_all(&self.binlog);
    }
}

/// One window: put, reserve, delete.
pub async fn window(
    address: &str,
    connections: usize,
    length: Duration,
) -> Result<(u64, Duration), BenchError> {
    let begun = Instant::now();
    let until = begun + length;
    let mut tasks = Vec::with_capacity(connections);
    for _ in 0..connections {
        let stream = TcpStream::connect(address).await?;
        stream.set_nodelay(true)?;
        tasks.push(tokio::spawn(work(BufReader::new(stream), until)));
    }
    together(tasks, begun).await
}

async fn work(mut stream: BufReader<TcpStream>, until: Instant) -> Result<u64, BenchError> {
    let put = format!("put 0 0 60 {BODY_BYTES}\r\n{}\r\n", "x".repeat(BODY_BYTES));
    let mut done = 0;
    let mut line = String::new();
    let mut body = vec![0; BODY_BYTES + 2];
    while Instant::now() < until {
        told(&mut stream, &put, &mut line, "INSERTED").await?;
        told(&mut stream, "reserve\r\n", &mut line, "RESERVED").await?;
        let id = line.split(' ').nth(1).unwrap_or_default().to_owned();
        stream.read_exact(&mut body).await?;
        let delete = format!("delete {id}\r\n");
        told(&mut stream, &delete, &mut line, "DELETED").await?;
        done += 1;
    }
    Ok(done)
}

async fn told(
    stream: &mut BufReader<TcpStream>,
    command: &str,
    line: &mut String,
    expected: &str,
) -> Result<(), BenchError> {
    stream.get_mut().write_all(command.as_bytes()).await?;
    line.clear();
    stream.read_line(line).await?;
    if line.starts_with(expected) {
        return Ok(());
    }
    Err(BenchError::Client(format!("beanstalkd said {line:?}")))
}
