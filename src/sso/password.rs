//! Hashes of people's passwords: argon2id in PHC form.
//! Never: keeps a password. Each call takes tens of milliseconds and 19 MiB, so it runs where nothing waits for it.

use argon2::{
    Argon2,
    password_hash::{PasswordHasher as _, PasswordVerifier as _, phc::PasswordHash},
};

/// Longest password, in bytes.
pub const MAX_BYTES: usize = 1_024;
/// Bytes of salt.
const SALT_BYTES: usize = 16;

/// What an unknown name is compared with, so that its answer takes as long as a known one's.
const NOBODY: &str = "$argon2id$v=19$m=19456,t=2,p=1$AQEBAQEBAQEBAQEBAQEBAQ$+m21d7tbteefuH7Lm+E+MLLzRJL8zllqwBoWL8clQi0";

/// Why there is no hash.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NoHash {
    /// It is empty or too long.
    #[error("a password must have 1 to {MAX_BYTES} bytes")]
    Length,
    /// The machine could not.
    #[error("the password could not be hashed: {0}")]
    Machine(String),
}

/// The hash of a password with a new salt.
pub fn hash(password: &str) -> Result<String, NoHash> {
    if password.is_empty() || password.len() > MAX_BYTES {
        return Err(NoHash::Length);
    }
    let mut salt = [0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| NoHash::Machine(error.to_string()))?;
    let hash: PasswordHash = Argon2::default()
        .hash_password_with_salt(password.as_bytes(), &salt)
        .map_err(|error| NoHash::Machine(error.to_string()))?;
    Ok(hash.to_string())
}

/// Whether a password is the hashed one. Without a hash it is not, and takes as long.
pub fn is_right(password: &str, hash: Option<&str>) -> bool {
    let Ok(parsed) = PasswordHash::new(hash.unwrap_or(NOBODY)) else {
        return false;
    };
    let same = Argon2::default().verify_password(password.as_bytes(), &parsed);
    same.is_ok() && hash.is_some()
}
