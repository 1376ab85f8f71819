//! Over TLS: who is trusted is answered, nobody else; a WebSocket goes the same way.

use super::*;
use crate::robot::{
    link::Closed,
    socket::{self, Handshake},
    trust::Trust,
};
use rustls::{
    ServerConfig,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
};
use std::{
    io::Write,
    path::{Path, PathBuf},
    sync::Arc,
};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};
use tokio_rustls::TlsAcceptor;

fn file(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"));
    folder.join("src/robot/net").join(name)
}

/// A server called localhost that answers everything with this; its port.
async fn server(answer: &'static str) -> u16 {
    let pem = file("localhost.pem");
    let chain = CertificateDer::pem_file_iter(&pem).expect("a file");
    let chain = chain.collect::<Result<Vec<_>, _>>().expect("certificates");
    let key = PrivateKeyDer::from_pem_file(&pem).expect("a key");
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config = ServerConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("versions")
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .expect("a certificate");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let listener = TcpListener::bind("0.0.0.0:0").await.expect("a port");
    let port = listener.local_addr().expect("an address").port();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // Who does not trust it leaves.
            let Ok(mut stream) = acceptor.accept(stream).await else {
                continue;
            };
            let mut asked = [0; 4096];
            let read = stream.read(&mut asked).await.unwrap_or(0);
            assert!(read > 0);
            stream.write_all(answer.as_bytes()).await.expect("written");
            stream.shutdown().await.unwrap_or_default();
        }
    });
    port
}

async fn status(url: &str, trust: &Trust) -> Result<u16, NetError> {
    let address = Address::read(url, trust).expect("an address");
    assert_eq!(address.to_string(), url);
    let bounds = (Duration::from_secs(20), 1024);
    let answer = ask(&address, Method::GET, &[], Vec::new(), bounds).await?;
    assert_eq!(answer.body, b"hello");
    Ok(answer.status.as_u16())
}

#[tokio::test]
async fn a_server_is_asked_whose_authority_is_trusted_and_no_other() {
    let port = server("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await;
    let trust = Trust::in_file(file("authority.pem")).expect("authorities");
    for host in ["localhost", "127.0.0.1"] {
        let url = format!("https://{host}:{port}/x");
        assert_eq!(status(&url, &trust).await.expect("an answer"), 200);
        // The machine's authorities do not know it.
        let machine = status(&url, &Trust::default()).await;
        assert!(matches!(machine, Err(NetError::Io(_))), "{machine:?}");
    }
    let other = status(&format!("https://127.0.0.2:{port}/x"), &trust).await;
    assert!(
        matches!(other, Err(NetError::Io(_))),
        "its name is another: {other:?}"
    );
}

#[test]
fn a_file_without_authorities_is_refused() {
    let mut empty = tempfile::NamedTempFile::new().expect("a file");
    empty.write_all(b"nothing\n").expect("written");
    for path in [empty.path(), Path::new("/does/not/exist")] {
        let trust = Trust::in_file(path.to_owned());
        assert!(trust.is_err(), "{trust:?}");
    }
}

#[tokio::test]
async fn a_websocket_goes_over_tls_and_what_refuses_it_is_told() {
    let port = server("HTTP/1.1 401 Unauthorized\r\ncontent-length: 0\r\n\r\n").await;
    let trust = Trust::in_file(file("authority.pem")).expect("authorities");
    let url = format!("wss://localhost:{port}/robothub");
    let hub = Address::read(&url, &trust).expect("an address");
    let handshake = socket::open(&hub, "token").await;
    assert!(matches!(handshake, Handshake::Closed(Closed::Token)));
}
