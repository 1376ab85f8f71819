//! API tokens: what is kept of them, and how a digest is compared.
//! Core type and disk type are the same here. Never: sees the token's text; a hash of it comes from outside.

use codec::Tenant;
use serde::{Deserialize, Serialize};

/// The SHA-256 of a token's text.
#[derive(Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Digest(pub [u8; 32]);

/// A token that a program brings. Its text was shown once and is nowhere.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Token {
    /// The company that its bearer works in.
    pub tenant: Tenant,
    /// What its maker calls it; one of a kind in its tenant.
    pub name: String,
    /// Whom its bearer acts as.
    pub principal: String,
    /// What is kept of its text.
    pub digest: Digest,
    /// When it was made, in milliseconds since 1970.
    pub created_ms: i64,
}

impl Digest {
    /// The half by which a token is found. That look-up may take longer the more of it fits, so it proves nothing.
    pub(crate) fn selector(&self) -> u128 {
        self.halves().0
    }

    /// Compares the half that proves the token, in constant time.
    pub(crate) fn proves(&self, other: &Digest) -> bool {
        // The optimiser must not turn a comparison of bytes into one that ends at the first difference.
        std::hint::black_box(self.halves().1 ^ other.halves().1) == 0
    }

    /// Whether two digests are one, in constant time.
    pub fn is_same(&self, other: &Digest) -> bool {
        let ((a, b), (c, d)) = (self.halves(), other.halves());
        std::hint::black_box((a ^ c) | (b ^ d)) == 0
    }

    fn halves(&self) -> (u128, u128) {
        let both = self.0.iter().fold([0_u128; 2], |[high, low], &byte| {
            [(high << 8) | (low >> 120), (low << 8) | u128::from(byte)]
        });
        (both[0], both[1])
    }
}

impl std::fmt::Debug for Digest {
    /// Shows the first bytes only: enough to tell digests apart, too little to be worth stealing from a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Digest({:08x}…)", self.selector() >> 96)
    }
}
