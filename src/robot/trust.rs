//! Whom the robot believes that a server is who it says.
//! Owns: the authorities, read once: those of the machine when the first connection needs them. Never: lets a certificate pass unchecked.

use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, InvalidDnsNameError, ServerName, pem::PemObject},
};
use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::{Arc, OnceLock},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// Authorities: those of the machine, or those of a file.
#[derive(Clone, Default)]
pub struct Trust {
    file: Option<PathBuf>,
    connector: Arc<OnceLock<TlsConnector>>,
}

impl fmt::Debug for Trust {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Trust({:?})", self.file)
    }
}

impl PartialEq for Trust {
    fn eq(&self, other: &Self) -> bool {
        self.file == other.file
    }
}

impl Eq for Trust {}

impl Trust {
    /// In the authorities of a PEM file, and in no others.
    pub fn in_file(file: PathBuf) -> io::Result<Self> {
        let connector = connector(Some(&file))?;
        Ok(Trust {
            file: Some(file),
            connector: Arc::new(OnceLock::from(connector)),
        })
    }

    /// Speaks TLS over a connection with a host.
    pub async fn secure(&self, host: &str, stream: TcpStream) -> io::Result<TlsStream<TcpStream>> {
        let connector = self.connector().await?;
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|error: InvalidDnsNameError| {
            io::Error::new(io::ErrorKind::InvalidInput, error)
        })?;
        connector.connect(name, stream).await
    }

    async fn connector(&self) -> io::Result<TlsConnector> {
        if let Some(known) = self.connector.get() {
            return Ok(known.clone());
        }
        let reading = tokio::task::spawn_blocking(|| connector(None));
        let made = reading.await.map_err(io::Error::other)??;
        Ok(self.connector.get_or_init(|| made).clone())
    }
}

fn connector(file: Option<&Path>) -> io::Result<TlsConnector> {
    let mut roots = RootCertStore::empty();
    match file {
        Some(file) => {
            let wrong = |error| {
                let text = format!("{}: {error}", file.display());
                io::Error::new(io::ErrorKind::InvalidData, text)
            };
            for certificate in CertificateDer::pem_file_iter(file).map_err(wrong)? {
                let added = roots.add(certificate.map_err(wrong)?);
                added.map_err(io::Error::other)?;
            }
        }
        None => {
            // One that cannot be read is no trouble of the others.
            roots.add_parsable_certificates(rustls_native_certs::load_native_certs().certs);
        }
    }
    if roots.is_empty() {
        let text = "there is no authority to trust: name a file of them by --ca";
        return Err(io::Error::new(io::ErrorKind::NotFound, text));
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let versions =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = versions
        .map_err(io::Error::other)?
        .with_root_certificates(roots)
        .with_no_client_auth();
    Ok(TlsConnector::from(Arc::new(config)))
}
