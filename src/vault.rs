//! The values of assets: sealed before they are kept, opened for who may read them.
//!
//! Owns: the bytes of a sealed value. Never: shows or logs a value; keeps the key.
//!
//! ```text
//!  sealed   1 │ nonce, 12 random bytes │ AES-256-GCM of the JSON, bound to company and asset │ tag, 16 bytes
//! ```

use aws_lc_rs::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use codec::Tenant;
use rpa::{Guid, registry::Sealed};
use serde::{Deserialize, Serialize};
use std::fmt;

/// The first byte of a sealed value: which form the rest has.
const FORM: u8 = 1;

/// A value, as text.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Plain {
    /// Of an asset with one value.
    Text(String),
    /// Of a credential.
    #[serde(rename_all = "camelCase")]
    Credential {
        /// Whose password it is.
        user_name: String,
        /// The password.
        password: String,
    },
}

impl fmt::Debug for Plain {
    /// Shows which kind of value it is and nothing else.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Plain::Text(_) => "Text(…)",
            Plain::Credential { .. } => "Credential(…)",
        })
    }
}

/// Why a value cannot be sealed or opened.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Fault {
    /// The machine gave no random bytes, or the value is too long for the cipher.
    #[error("the value could not be encrypted")]
    NotSealed,
    /// The key is another one than it was sealed with, or the bytes were changed.
    #[error("the value cannot be decrypted: the keys are not those that it was encrypted with")]
    NotOpened,
}

/// Seals the value of an asset.
pub fn seal(key: &[u8; 32], tenant: Tenant, asset: Guid, plain: &Plain) -> Result<Sealed, Fault> {
    let mut nonce = [0; NONCE_LEN];
    getrandom::fill(&mut nonce).map_err(|_| Fault::NotSealed)?;
    let mut bytes = serde_json::to_vec(plain).map_err(|_| Fault::NotSealed)?;
    let key = cipher(key).ok_or(Fault::NotSealed)?;
    let sealed = key.seal_in_place_append_tag(
        Nonce::assume_unique_for_key(nonce),
        Aad::from(owner(tenant, asset)),
        &mut bytes,
    );
    sealed.map_err(|_| Fault::NotSealed)?;
    let mut whole = Vec::with_capacity(1 + NONCE_LEN + bytes.len());
    whole.push(FORM);
    whole.extend(nonce);
    whole.extend(bytes);
    Ok(Sealed(whole))
}

/// Opens the value of an asset.
pub fn open(key: &[u8; 32], tenant: Tenant, asset: Guid, sealed: &Sealed) -> Result<Plain, Fault> {
    let (form, rest) = sealed.0.split_first().ok_or(Fault::NotOpened)?;
    let (nonce, bytes) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(Fault::NotOpened)?;
    if *form != FORM {
        return Err(Fault::NotOpened);
    }
    let key = cipher(key).ok_or(Fault::NotOpened)?;
    let mut bytes = bytes.to_vec();
    let opened = key.open_in_place(
        Nonce::assume_unique_for_key(*nonce),
        Aad::from(owner(tenant, asset)),
        &mut bytes,
    );
    let opened = opened.map_err(|_| Fault::NotOpened)?;
    serde_json::from_slice(opened).map_err(|_| Fault::NotOpened)
}

fn cipher(key: &[u8; 32]) -> Option<LessSafeKey> {
    let key = UnboundKey::new(&AES_256_GCM, key).ok()?;
    Some(LessSafeKey::new(key))
}

/// What the value is bound to: moved to another asset it cannot be opened.
fn owner(tenant: Tenant, asset: Guid) -> String {
    format!("{}/{asset}", tenant.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_opens_with_its_key_at_its_asset_only_and_is_never_shown() {
        let plain = Plain::Credential {
            user_name: "kim".to_owned(),
            password: "hunter2".to_owned(),
        };
        let (key, tenant, asset) = ([7; 32], Tenant(1), Guid(2));
        let sealed = seal(&key, tenant, asset, &plain).expect("sealed");
        assert_eq!(open(&key, tenant, asset, &sealed), Ok(plain.clone()));
        assert_ne!(
            seal(&key, tenant, asset, &plain),
            Ok(sealed.clone()),
            "no two look alike"
        );
        assert!(!sealed.0.windows(7).any(|window| window == b"hunter2"));
        assert!(!format!("{plain:?} {sealed:?}").contains("hunter2"));
        for (key, tenant, asset) in [
            ([8; 32], tenant, asset),
            (key, Tenant(2), asset),
            (key, tenant, Guid(3)),
        ] {
            assert_eq!(open(&key, tenant, asset, &sealed), Err(Fault::NotOpened));
        }
        for at in 0..sealed.0.len() {
            let mut changed = sealed.clone();
            changed.0[at] ^= 1;
            let opened = open(&key, tenant, asset, &changed);
            assert_eq!(opened, Err(Fault::NotOpened), "byte {at}");
            changed.0.truncate(at);
            assert_eq!(
                open(&key, tenant, asset, &changed),
                Err(Fault::NotOpened),
                "{at} bytes"
            );
        }
    }
}
