//! The identifiers that occur in a source, in code, strings and comments alike: too many do no harm.
//! Never: understands the source.

/// Every run of characters that could be a name.
pub(super) fn of(source: &str) -> impl Iterator<Item = &str> {
    source
        .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '$'))
        .filter(|word| word.starts_with(|c: char| !c.is_ascii_digit()))
}
