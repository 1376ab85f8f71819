//! Package files, by their digest, each fetched once.
//! Owns: what is fetched is exactly what was announced. Never: opens a package.

use super::{messages::PackageRef, net, trust::Trust};
use http_body_util::BodyExt;
use hyper::Method;
use sha2::{Digest, Sha256};
use std::{
    fmt::Write as _,
    fs, io,
    io::{Read, Write},
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};
use tokio::time::timeout;

/// Bytes kept; beyond, what was not used for the longest time goes.
const KEPT_BYTES: u64 = 4 * 1024 * 1024 * 1024;
/// A package is never larger, whatever is announced.
const MAX_BYTES: u64 = 2 * 1024 * 1024 * 1024;
/// A server that sends nothing for so long has stopped sending.
const SILENCE: Duration = Duration::from_secs(30);

/// Why a package is not there.
#[derive(Debug, thiserror::Error)]
pub enum CacheError {
    /// What was announced makes no sense.
    #[error("the package's {0} is improper")]
    Improper(&'static str),
    /// It could not be fetched.
    #[error("fetching the package failed: {0}")]
    Fetch(String),
    /// It has other bytes than it should.
    #[error("the package's {0} is not the one announced")]
    Differs(&'static str),
    /// The disk failed.
    #[error("keeping the package failed: {0}")]
    Io(#[from] io::Error),
}

/// Where packages are kept, and whom their servers are believed by.
#[derive(Clone, Debug)]
pub struct Packages {
    /// The folder.
    pub folder: PathBuf,
    /// Whom to believe.
    pub trust: Trust,
}

/// The file of a package, fetched when it is not there yet.
pub async fn package(packages: Packages, package: PackageRef) -> Result<PathBuf, CacheError> {
    let folder = packages.folder.clone();
    let digest = package.sha256.to_ascii_lowercase();
    if digest.len() != 64 || !digest.bytes().all(|byte| byte.is_ascii_hexdigit()) {
        return Err(CacheError::Improper("sha256"));
    }
    if package.size > MAX_BYTES {
        return Err(CacheError::Improper("size"));
    }
    let path = folder.join(format!("{digest}.zip"));
    let (kept, size, wanted) = (path.clone(), package.size, digest.clone());
    let is_good = on_disk(move || is_good(&kept, size, &wanted)).await?;
    if is_good {
        return Ok(path);
    }
    // Two may fetch the same: an offer's time ends before its download.
    let part = folder.join(format!("{digest}.{}.part", uuid::Uuid::now_v7()));
    let fetched = fetch(&part, &package, &packages.trust).await;
    if let Err(error) = fetched.and_then(|found| compare(found, &package, &digest)) {
        // A part of no use; the next offer begins anew.
        fs::remove_file(&part).unwrap_or_default();
        return Err(error);
    }
    let kept = path.clone();
    on_disk(move || {
        fs::rename(&part, &kept)?;
        fs::File::open(&folder)?.sync_all()?;
        make_room(&folder, &kept)
    })
    .await?;
    Ok(path)
}

/// Runs what blocks where it disturbs nobody.
pub async fn on_disk<T: Send + 'static>(
    work: impl FnOnce() -> io::Result<T> + Send + 'static,
) -> io::Result<T> {
    let done = tokio::task::spawn_blocking(work).await;
    done.map_err(io::Error::other)?
}

fn compare(
    (size, sha256): (u64, String),
    package: &PackageRef,
    digest: &str,
) -> Result<(), CacheError> {
    if size != package.size {
        return Err(CacheError::Differs("size"));
    }
    if sha256 != digest {
        return Err(CacheError::Differs("sha256"));
    }
    Ok(())
}

/// Writes what the server sends; its size and digest.
async fn fetch(
    part: &Path,
    package: &PackageRef,
    trust: &Trust,
) -> Result<(u64, String), CacheError> {
    let fault = |fault: &dyn std::fmt::Display| CacheError::Fetch(fault.to_string());
    let address = net::Address::read(&package.url, trust).map_err(|error| fault(&error))?;
    let opened = timeout(SILENCE, net::open(&address, Method::GET, &[], Vec::new()));
    let response = opened
        .await
        .map_err(|_| fault(&net::NetError::Late))?
        .map_err(|error| fault(&error))?;
    if !response.status().is_success() {
        return Err(fault(&response.status()));
    }
    let mut body = response.into_body();
    let mut file = fs::File::create(part)?;
    let (mut size, mut hash) = (0_u64, Sha256::new());
    while let Some(frame) = timeout(SILENCE, body.frame())
        .await
        .map_err(|_| fault(&net::NetError::Late))?
    {
        let frame = frame.map_err(|error| fault(&error))?;
        let Some(data) = frame.data_ref() else {
            continue;
        };
        size += data.len() as u64;
        if size > package.size {
            return Err(CacheError::Differs("size"));
        }
        hash.update(data);
        file.write_all(data)?;
    }
    on_disk(move || file.sync_all()).await?;
    Ok((size, hexadecimal(&hash.finalize())))
}

fn is_good(path: &Path, size: u64, digest: &str) -> io::Result<bool> {
    let mut file = match fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    if file.metadata()?.len() != size {
        return Ok(false);
    }
    let (mut hash, mut chunk) = (Sha256::new(), vec![0; 256 * 1024]);
    loop {
        let read = file.read(&mut chunk)?;
        if read == 0 {
            break;
        }
        hash.update(&chunk[..read]);
    }
    // When it was used last decides what goes first.
    file.set_modified(SystemTime::now())?;
    Ok(hexadecimal(&hash.finalize()) == digest)
}

fn hexadecimal(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len() * 2);
    for byte in bytes {
        // Writing to a String cannot fail.
        let _written = write!(text, "{byte:02x}");
    }
    text
}

fn make_room(folder: &Path, but: &Path) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.metadata()?;
        files.push((found.modified()?, found.len(), entry.path()));
    }
    files.sort();
    let mut kept: u64 = files.iter().map(|(_, size, _)| size).sum();
    for (_, size, path) in files {
        if kept > KEPT_BYTES && path != but {
            fs::remove_file(path)?;
            kept -= size;
        }
    }
    Ok(())
}
