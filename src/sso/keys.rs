//! The keys: a directory beside the data, made at the first start and bound to the data by a fingerprint.
//!
//! ```text
//!  signing.pem   RSA, PKCS #8: signs access tokens          upload.key   32 bytes in base64: signs upload links
//!                                                           assets.key   32 bytes in base64: encrypts assets
//! ```
//!
//! Never: replaces a key by itself once somebody has signed in; shows one.

use aws_lc_rs::{
    digest::{SHA1_FOR_LEGACY_USE_ONLY, digest},
    encoding::AsDer as _,
    rsa::{KeyPair, KeySize},
    signature::KeyPair as _,
};
use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD},
};
use jsonwebtoken::{DecodingKey, EncodingKey};
use sha2::{Digest as _, Sha256};
use std::{
    fmt,
    fs::{self, File, Permissions},
    io::{self, Write as _},
    os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _},
    path::{Path, PathBuf},
};

/// The last to be made: when it is there, all are.
const SIGNING: &str = "signing.pem";
const UPLOAD: &str = "upload.key";
const ASSETS: &str = "assets.key";
/// Bytes of a symmetric key.
const KEY_BYTES: usize = 32;
/// Columns of a PEM file.
const PEM_COLUMNS: usize = 64;

/// Why there are no keys to start with.
#[derive(Debug, thiserror::Error)]
pub enum KeysError {
    /// The directory or a file in it cannot be read or written.
    #[error("keys: {path}: {error}", path = .path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the machine says.
        error: io::Error,
    },
    /// A file is no key.
    #[error("keys: {path} is no key: {why}", path = .path.display())]
    NoKey {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        why: String,
    },
    /// None could be made.
    #[error("keys: the machine could not make one")]
    NotMade,
}

/// All keys.
#[derive(Clone)]
pub struct Keys {
    pub(super) signing: EncodingKey,
    pub(super) verifying: DecodingKey,
    /// Which key it is, for whoever verifies.
    pub(super) id: String,
    /// The same in the form that a certificate's has: there is none, so it is of the key itself.
    pub(super) thumbprint: String,
    /// Modulus and exponent as a JWK has them.
    pub(super) public: (String, String),
    upload: [u8; KEY_BYTES],
    assets: [u8; KEY_BYTES],
    fingerprint: org::Digest,
}

/// The files' texts.
struct Texts {
    signing: String,
    upload: String,
    assets: String,
}

impl Keys {
    /// Makes keys that lie nowhere yet.
    pub fn generate() -> Result<Self, KeysError> {
        Self::of(Path::new(""), &Texts::generate()?)
    }

    /// Reads the directory; none: there are no keys in it.
    pub fn read(directory: &Path) -> Result<Option<Self>, KeysError> {
        if !directory.join(SIGNING).exists() {
            return Ok(None);
        }
        let read = |name: &str| {
            let path = directory.join(name);
            fs::read_to_string(&path).map_err(|error| KeysError::File { path, error })
        };
        let texts = Texts {
            signing: read(SIGNING)?,
            upload: read(UPLOAD)?,
            assets: read(ASSETS)?,
        };
        Self::of(directory, &texts).map(Some)
    }

    /// Makes new ones in the directory.
    pub fn make(directory: &Path) -> Result<Self, KeysError> {
        let texts = Texts::generate()?;
        let keys = Self::of(directory, &texts)?;
        let failed = |path: &Path, error| KeysError::File {
            path: path.to_owned(),
            error,
        };
        fs::create_dir_all(directory).map_err(|error| failed(directory, error))?;
        fs::set_permissions(directory, Permissions::from_mode(0o700))
            .map_err(|error| failed(directory, error))?;
        for (name, text) in [
            (UPLOAD, &texts.upload),
            (ASSETS, &texts.assets),
            (SIGNING, &texts.signing),
        ] {
            let path = directory.join(name);
            write(&path, text).map_err(|error| failed(&path, error))?;
        }
        let synced = File::open(directory).and_then(|directory| directory.sync_all());
        synced.map_err(|error| failed(directory, error))?;
        Ok(keys)
    }

    fn of(directory: &Path, texts: &Texts) -> Result<Self, KeysError> {
        let no_key = |name: &str, why: String| KeysError::NoKey {
            path: directory.join(name),
            why,
        };
        let signing = EncodingKey::from_rsa_pem(texts.signing.as_bytes())
            .map_err(|error| no_key(SIGNING, error.to_string()))?;
        let pair = KeyPair::from_der(signing.as_bytes())
            .map_err(|error| no_key(SIGNING, error.to_string()))?;
        let public = pair.public_key();
        let (n, e) = (public.modulus(), public.exponent());
        let (n, e) = (
            n.big_endian_without_leading_zero(),
            e.big_endian_without_leading_zero(),
        );
        let symmetric = |name: &str, text: &str| {
            let bytes = STANDARD.decode(text.trim()).ok();
            let bytes = bytes.and_then(|bytes| <[u8; KEY_BYTES]>::try_from(bytes).ok());
            bytes.ok_or_else(|| no_key(name, "it is not 32 bytes in base64".to_owned()))
        };
        let mut fingerprint = Sha256::new();
        for text in [&texts.signing, &texts.upload, &texts.assets] {
            fingerprint.update(Sha256::digest(text.trim().as_bytes()));
        }
        Ok(Keys {
            verifying: DecodingKey::from_rsa_raw_components(n, e),
            id: URL_SAFE_NO_PAD.encode(&Sha256::digest(n)[..16]),
            thumbprint: URL_SAFE_NO_PAD.encode(digest(&SHA1_FOR_LEGACY_USE_ONLY, public.as_ref())),
            public: (URL_SAFE_NO_PAD.encode(n), URL_SAFE_NO_PAD.encode(e)),
            upload: symmetric(UPLOAD, &texts.upload)?,
            assets: symmetric(ASSETS, &texts.assets)?,
            fingerprint: org::Digest(fingerprint.finalize().into()),
            signing,
        })
    }

    /// Signs links to upload to.
    pub fn upload(&self) -> &[u8; KEY_BYTES] {
        &self.upload
    }

    /// Encrypts assets.
    pub fn assets(&self) -> &[u8; KEY_BYTES] {
        &self.assets
    }

    /// Says which keys these are without saying anything of them.
    pub fn fingerprint(&self) -> org::Digest {
        self.fingerprint
    }
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Keys")
            .field("id", &self.id)
            .finish_non_exhaustive()
    }
}

impl Texts {
    fn generate() -> Result<Self, KeysError> {
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(|_| KeysError::NotMade)?;
        let der = pair.as_der().map_err(|_| KeysError::NotMade)?;
        let symmetric = || {
            let mut bytes = [0; KEY_BYTES];
            getrandom::fill(&mut bytes).map_err(|_| KeysError::NotMade)?;
            Ok(STANDARD.encode(bytes) + "\n")
        };
        Ok(Texts {
            signing: pem(der.as_ref()),
            upload: symmetric()?,
            assets: symmetric()?,
        })
    }
}

fn pem(der: &[u8]) -> String {
    let mut text = String::from("-----BEGIN PRIVATE KEY-----\n");
    for (n, letter) in STANDARD.encode(der).chars().enumerate() {
        if n > 0 && n % PEM_COLUMNS == 0 {
            text.push('\n');
        }
        text.push(letter);
    }
    text.push_str("\n-----END PRIVATE KEY-----\n");
    text
}

/// Whole and synced under another name first, so that half a key is never found.
fn write(path: &Path, text: &str) -> io::Result<()> {
    let new = path.with_extension("new");
    let mut file = File::options()
        .write(true)
        .create(true)
        .truncate(true)
        .mode(0o600)
        .open(&new)?;
    file.set_permissions(Permissions::from_mode(0o600))?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, path)
}
