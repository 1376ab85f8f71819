//! Packages and their versions, and what is read from a package file.
//!
//! Owns: the order of version numbers. Core types and disk types are the same here.
//! Never: has a package's bytes; it knows their digest.

use crate::{
    Guid,
    argument::Argument,
    terms::{Label, Meta, Sha256, Stamp},
};
use serde::{Deserialize, Serialize};
use std::cmp::Ordering;

pub mod dgs;
mod xaml;

/// A package: all uploads of one name in one department.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Package {
    /// Its id.
    pub id: Guid,
    /// Where it belongs, who made it.
    pub meta: Meta,
    /// Its name (the project's), description and tags.
    pub label: Label,
    /// All versions, in the order of their upload.
    pub versions: Vec<Version>,
}

/// One upload. It never changes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Version {
    /// Its id.
    pub id: Guid,
    /// Its number, as the project says it: `1.0.0`.
    pub version: String,
    /// What the project says it is for.
    pub description: Option<String>,
    /// What it declares.
    pub arguments: Vec<Argument>,
    /// Whether it asks for an administrator; none: it does not say.
    pub run_as_admin: Option<bool>,
    /// Digest of its bytes: where they are.
    pub sha256: Sha256,
    /// Number of its bytes.
    pub size: u64,
    /// Its upload.
    pub created: Stamp,
    /// How often it was fetched.
    pub downloads: u64,
}

/// What a package file says about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Metadata {
    /// The project's name.
    pub name: String,
    /// The version's number.
    pub version: String,
    /// What it is for.
    pub description: Option<String>,
    /// What it declares.
    pub arguments: Vec<Argument>,
    /// Whether it asks for an administrator; none: it does not say.
    pub run_as_admin: Option<bool>,
    /// The file that a run begins with.
    pub entry: Option<String>,
}

impl Package {
    /// The version with the highest number.
    pub fn last_version(&self) -> Option<&Version> {
        let versions = self.versions.iter();
        versions.max_by(|left, right| compare(&left.version, &right.version))
    }

    /// The version with this id.
    pub fn version(&self, id: Guid) -> Option<&Version> {
        self.versions.iter().find(|version| version.id == id)
    }

    /// The version with this number.
    pub fn version_numbered(&self, number: &str) -> Option<&Version> {
        self.versions
            .iter()
            .find(|version| version.version == number)
    }

    /// How often any version was fetched.
    pub fn downloads(&self) -> u64 {
        self.versions.iter().map(|version| version.downloads).sum()
    }
}

/// Compares version numbers segment by segment: numbers as numbers (`1.10` follows `1.9`, `1.0` equals `1`),
/// other segments as text, a release after its pre-release (`1.0.0-beta` precedes `1.0.0`).
pub fn compare(left: &str, right: &str) -> Ordering {
    let (left_number, left_suffix) = parts(left);
    let (right_number, right_suffix) = parts(right);
    let segments = left_number
        .split('.')
        .count()
        .max(right_number.split('.').count());
    let segment = |text: &str, at: usize| text.split('.').nth(at).unwrap_or("0").trim().to_owned();
    for at in 0..segments {
        let order = compare_segment(&segment(left_number, at), &segment(right_number, at));
        if order.is_ne() {
            return order;
        }
    }
    match (left_suffix, right_suffix) {
        (None, None) => Ordering::Equal,
        (None, Some(_)) => Ordering::Greater,
        (Some(_), None) => Ordering::Less,
        (Some(left), Some(right)) => left.cmp(right),
    }
}

/// The number and what follows a dash; what follows a plus does not count.
fn parts(version: &str) -> (&str, Option<&str>) {
    let version = version.split('+').next().unwrap_or(version);
    match version.split_once('-') {
        Some((number, suffix)) => (number, Some(suffix)),
        None => (version, None),
    }
}

fn compare_segment(left: &str, right: &str) -> Ordering {
    let digits = |text: &str| !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    if !digits(left) || !digits(right) {
        return left.cmp(right);
    }
    let (left, right) = (left.trim_start_matches('0'), right.trim_start_matches('0'));
    left.len().cmp(&right.len()).then_with(|| left.cmp(right))
}

#[cfg(test)]
mod tests;
