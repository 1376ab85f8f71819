//! Dates as text, as `java.util.Date.toString` gives them: `Thu Jan 01 08:00:00 CST 2026`.
//! Never: chooses the zone; the scope brings it.

use codec::Value;
use jiff::tz::TimeZone;

/// The value with text for every date in it.
pub(crate) fn spelled(value: Value, zone: &TimeZone) -> Value {
    match value {
        Value::Date(ms) => Value::String(text(ms, zone)),
        Value::List(items) => {
            Value::List(items.into_iter().map(|item| spelled(item, zone)).collect())
        }
        Value::Map(entries) => Value::Map(
            entries
                .into_iter()
                .map(|(key, value)| (key, spelled(value, zone)))
                .collect(),
        ),
        Value::Null
        | Value::Bool(_)
        | Value::Int(_)
        | Value::BigInt(_)
        | Value::Double(_)
        | Value::Bytes(_)
        | Value::String(_) => value,
    }
}

fn text(ms: i64, zone: &TimeZone) -> String {
    let zoned = codec::instant::timestamp(ms).to_zoned_datetime(zone.clone());
    let named = zone
        .to_offset_info(zoned.timestamp())
        .abbreviation()
        .starts_with(|c: char| c.is_ascii_alphabetic());
    // Java names a zone without a name by its distance.
    let format = if named {
        "%a %b %d %H:%M:%S %Z %Y"
    } else {
        "%a %b %d %H:%M:%S GMT%:z %Y"
    };
    zoned.strftime(format).to_string()
}
