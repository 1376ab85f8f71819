//! Assets: values that runs receive and that nobody sees in lists or logs.
//!
//! Owns: which text is a value of which type. Core types and disk types are the same here.
//! Never: sees a value; it comes sealed and leaves sealed.

use crate::{
    Guid,
    registry::LabelSettings,
    terms::{AssetType, Label, Meta},
};
use serde::{Deserialize, Serialize};

/// An asset.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Asset {
    /// Its id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// What people call it; its name is one of a kind in its department.
    pub label: Label,
    /// What its value is; fixed when it is created.
    pub kind: AssetType,
    /// Whether people are to be told that it is a secret; a credential always is.
    pub is_required_encryption: bool,
    /// Its value, encrypted.
    pub value: Sealed,
}

/// An encrypted value: bytes that mean nothing here.
#[derive(Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Sealed(pub Vec<u8>);

/// What may be said about an asset; what is absent stays, or has its default.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AssetSettings {
    /// What people call it.
    pub label: LabelSettings,
    /// What its value is; a new asset must say, an old one must not say otherwise.
    pub kind: Option<AssetType>,
    /// Whether it is a secret.
    pub is_required_encryption: Option<bool>,
    /// Its value, encrypted; a new asset must have one.
    pub value: Option<Sealed>,
}

impl std::fmt::Debug for Sealed {
    /// Shows how long it is and nothing else.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Sealed({} bytes)", self.0.len())
    }
}

/// Whether a text is a value of the type; to be asked before it is sealed. A credential's parts are any texts.
pub fn accepts(kind: AssetType, text: &str) -> bool {
    match kind {
        AssetType::String | AssetType::Credential => true,
        AssetType::Integer => text.trim().parse::<i64>().is_ok(),
        AssetType::Float => text.trim().parse::<f64>().is_ok_and(f64::is_finite),
        AssetType::Boolean => {
            ["true", "false"].contains(&text.trim().to_ascii_lowercase().as_str())
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_must_be_of_its_type_and_is_never_shown() {
        let rows = [
            (AssetType::String, "", true),
            (AssetType::Integer, " -7 ", true),
            (AssetType::Integer, "7.5", false),
            (AssetType::Float, "7.5", true),
            (AssetType::Float, "inf", false),
            (AssetType::Boolean, "True", true),
            (AssetType::Boolean, "1", false),
            (AssetType::Credential, "anything", true),
        ];
        for (kind, text, expected) in rows {
            assert_eq!(accepts(kind, text), expected, "{kind:?} {text}");
        }
        assert_eq!(
            format!("{:?}", Sealed(b"secret".to_vec())),
            "Sealed(6 bytes)"
        );
    }
}
