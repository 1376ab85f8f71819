//! The `Accept` header: whether a caller takes JSON, and whether an error is better shown as a page.
//! Never: refuses anything itself.

use crate::http::At;

/// Whether a JSON body is acceptable; without the header it is.
pub fn takes_json(at: &At) -> bool {
    ranges(at).is_none_or(|ranges| ranges.iter().any(|range| is_json(range.name)))
}

/// Whether an error is shown as a page: HTML is named, and nothing that is JSON comes before it.
pub fn prefers_page(at: &At) -> bool {
    let ranges = ranges(at).unwrap_or_default();
    let mut best: Option<&Range<'_>> = None;
    for range in &ranges {
        let named = is_page(range.name) || is_json(range.name);
        if named && best.is_none_or(|best| range.thousandths > best.thousandths) {
            best = Some(range);
        }
    }
    best.is_some_and(|best| is_page(best.name))
}

struct Range<'a> {
    name: &'a str,
    /// The weight `q` in thousandths.
    thousandths: u32,
}

/// The acceptable media ranges; none without the header, or when it has no text.
fn ranges(at: &At) -> Option<Vec<Range<'_>>> {
    let header = at.accept.as_ref()?.to_str().ok()?;
    let ranges = header.split(',').filter_map(range);
    Some(ranges.filter(|range| range.thousandths > 0).collect())
}

fn range(text: &str) -> Option<Range<'_>> {
    let mut parts = text.split(';').map(str::trim);
    let name = parts.next().filter(|name| !name.is_empty())?;
    let weight = parts.find_map(|part| part.strip_prefix("q="));
    let weight: f64 = weight.map_or(Some(1.0), |weight| weight.parse().ok())?;
    Some(Range {
        name,
        // Clamped, so it fits.
        thousandths: (weight.clamp(0.0, 1.0) * 1000.0) as u32,
    })
}

fn is_json(name: &str) -> bool {
    let name = name.to_ascii_lowercase();
    name == "*/*"
        || name == "application/*"
        || name == "application/json"
        || (name.starts_with("application/") && name.ends_with("+json"))
}

fn is_page(name: &str) -> bool {
    name.eq_ignore_ascii_case("text/html") || name.eq_ignore_ascii_case("text/*")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::http::{HeaderValue, Method, Uri};

    #[test]
    fn json_is_taken_unless_the_header_leaves_it_out_and_a_page_only_when_it_is_named_first() {
        let rows = [
            (None, true, false),
            (Some("*/*"), true, false),
            (Some("application/json"), true, false),
            (Some("application/vnd.x+json"), true, false),
            (Some("application/json;q=0"), false, false),
            (Some("application/xml"), false, false),
            (Some("text/html"), false, true),
            (Some("application/json, text/html"), true, false),
            (
                Some("text/html,application/xhtml+xml,*/*;q=0.8"),
                true,
                true,
            ),
            (Some("text/html;q=0.5, application/json"), true, false),
        ];
        for (accept, json, page) in rows {
            let at = At {
                method: Method::GET,
                uri: Uri::from_static("/"),
                accept: accept.map(HeaderValue::from_static),
            };
            assert_eq!(takes_json(&at), json, "{accept:?}");
            assert_eq!(prefers_page(&at), page, "{accept:?}");
        }
    }
}
