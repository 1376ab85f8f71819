//! JSON pointers (RFC 6901): which part of a message's body becomes an argument.
//! Never: fails; what is not there is none.

use codec::Value;

/// The part of a value that a pointer names; an empty one names all of it.
pub fn find<'a>(value: &'a Value, pointer: &str) -> Option<&'a Value> {
    if pointer.is_empty() {
        return Some(value);
    }
    let mut found = value;
    for token in pointer.strip_prefix('/')?.split('/') {
        let token = token.replace("~1", "/").replace("~0", "~");
        found = match found {
            Value::Map(_) => found.get(&token)?,
            Value::List(items) => {
                let canonical = token == "0" || !token.starts_with('0');
                items.get(token.parse::<usize>().ok().filter(|_| canonical)?)?
            }
            _ => return None,
        };
    }
    Some(found)
}
