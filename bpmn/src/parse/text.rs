//! Small texts inside attributes: lists with commas, `user(x)` assignments, XML names.
//! Never: evaluates an expression; a comma inside of one does not separate.

/// Splits at commas outside of expressions. Empty parts are parts, as in Activiti, but for one after the last comma.
pub(super) fn comma_list(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let mut begin = 0;
    let mut inside = false;
    for (offset, character) in text.char_indices() {
        match character {
            '{' => inside = true,
            '}' => inside = false,
            ',' if !inside => {
                parts.push(&text[begin..offset]);
                begin = offset + 1;
            }
            _ => {}
        }
    }
    if begin < text.len() {
        parts.push(&text[begin..]);
    }
    parts.into_iter().map(str::trim).collect()
}

/// Whom an assignment expression of the standard names.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Assigned<'a> {
    /// `user(x)`.
    User(&'a str),
    /// `group(x)`, or a bare `x`.
    Group(&'a str),
}

/// Reads `user(kermit), group(sales), accountancy`.
pub(super) fn assignments(text: &str) -> Vec<Assigned<'_>> {
    comma_list(text)
        .into_iter()
        .map(|part| {
            let inner = |kind: &str| part.strip_prefix(kind)?.strip_suffix(')');
            if let Some(user) = inner("user(") {
                Assigned::User(user.trim())
            } else if let Some(group) = inner("group(") {
                Assigned::Group(group.trim())
            } else {
                Assigned::Group(part)
            }
        })
        .collect()
}

/// Whether a text is a name that XML takes as an id: no blank, no colon, no digit first.
pub(super) fn is_ncname(text: &str) -> bool {
    let start = |c: char| c == '_' || c.is_alphabetic();
    let rest = |c: char| {
        start(c) || c.is_numeric() || matches!(c, '-' | '.' | '\u{b7}') || is_combining(c)
    };
    let mut characters = text.chars();
    characters.next().is_some_and(start) && characters.all(rest)
}

/// Whether a text is such a name, perhaps behind a prefix.
pub(super) fn is_qname(text: &str) -> bool {
    match text.split_once(':') {
        Some((prefix, local)) => is_ncname(prefix) && is_ncname(local),
        None => is_ncname(text),
    }
}

/// The marks that XML names take and that are neither letters nor numbers.
fn is_combining(c: char) -> bool {
    matches!(c, '\u{300}'..='\u{36f}' | '\u{203f}'..='\u{2040}' | '\u{200c}'..='\u{200d}' | '\u{3099}'..='\u{309a}')
}
