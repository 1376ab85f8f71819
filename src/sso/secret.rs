//! Random texts and ids: refresh tokens, keys, passwords, GUIDs.
//! Never: keeps one.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use org::{Digest, Guid};
use sha2::{Digest as _, Sha256};

/// Random bytes of a text that lets somebody in.
const SECRET_BYTES: usize = 32;
/// Random bytes by which a refresh token's family is found.
const FAMILY_BYTES: usize = 16;
/// Letters of a password that is made here: without those that look alike.
const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz23456789A";
/// Letters of it: 100 bits.
const PASSWORD_LETTERS: usize = 20;

/// The machine gave no random bytes.
pub type NoChance = getrandom::Error;

/// A refresh token, and what is kept of it.
pub struct Refresh {
    /// What the client must bring.
    pub text: String,
    /// The family that it belongs to.
    pub family: Guid,
    /// The SHA-256 of the text.
    pub digest: Digest,
}

impl Refresh {
    /// The first of a new family.
    pub fn first() -> Result<Self, NoChance> {
        let mut family = [0; FAMILY_BYTES];
        getrandom::fill(&mut family)?;
        Self::of_family(family)
    }

    /// The next one of the same family.
    pub fn next(&self) -> Result<Self, NoChance> {
        match decoded(&self.text) {
            Some((family, _)) => Self::of_family(family),
            // Cannot be: it was read or made here.
            None => Self::first(),
        }
    }

    /// Reads what a client brings; none: it is no refresh token of ours.
    pub fn read(text: &str) -> Option<Self> {
        let (family, _) = decoded(text)?;
        Some(Refresh {
            family: family_id(&family),
            digest: digest(text),
            text: text.to_owned(),
        })
    }

    fn of_family(family: [u8; FAMILY_BYTES]) -> Result<Self, NoChance> {
        loop {
            let mut secret = [0; SECRET_BYTES];
            getrandom::fill(&mut secret)?;
            let text = URL_SAFE_NO_PAD.encode([&family[..], &secret[..]].concat());
            if is_harmless(&text) || !is_harmless(&URL_SAFE_NO_PAD.encode(family)) {
                return Ok(Refresh {
                    family: family_id(&family),
                    digest: digest(&text),
                    text,
                });
            }
        }
    }
}

fn decoded(text: &str) -> Option<([u8; FAMILY_BYTES], [u8; SECRET_BYTES])> {
    let bytes = URL_SAFE_NO_PAD.decode(text).ok()?;
    let (family, secret) = bytes.split_first_chunk()?;
    Some((*family, secret.try_into().ok()?))
}

/// Access tokens show the family's id, so it must not tell what finds the family: only bearers of its tokens end it.
fn family_id(family: &[u8; FAMILY_BYTES]) -> Guid {
    let digest = Sha256::new_with_prefix(b"family")
        .chain_update(family)
        .finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Guid(u128::from_be_bytes(id))
}

/// Callers take an answer that has the word `error` in it anywhere for a failure.
pub fn is_harmless(text: &str) -> bool {
    !text.to_ascii_lowercase().contains("error")
}

/// A random text behind a prefix.
pub fn text(prefix: &str) -> Result<String, NoChance> {
    let mut random = [0; SECRET_BYTES];
    getrandom::fill(&mut random)?;
    Ok(format!("{prefix}{}", URL_SAFE_NO_PAD.encode(random)))
}

/// A password that can be read aloud.
pub fn password() -> Result<String, NoChance> {
    let mut random = [0; PASSWORD_LETTERS];
    getrandom::fill(&mut random)?;
    let letters = random.map(|byte| char::from(LETTERS[usize::from(byte) % LETTERS.len()]));
    Ok(letters.iter().collect())
}

/// A random id.
pub fn guid() -> Result<Guid, NoChance> {
    let mut random = [0; 16];
    getrandom::fill(&mut random)?;
    Ok(Guid(
        uuid::Builder::from_random_bytes(random)
            .into_uuid()
            .as_u128(),
    ))
}

/// What is kept of a random text.
pub fn digest(text: &str) -> Digest {
    Digest(Sha256::digest(text.as_bytes()).into())
}
