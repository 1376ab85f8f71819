//! How many rows a list over memory and the archive has.
//! Never: counts further than was asked.

use super::problem::Refused;
use actors::{Failure, archive, views::Count};

/// A total is counted up to this many rows unless the exact one is asked for.
const COUNTED: u64 = 10_000;

/// The total of memory and archive; none when it is not asked or there are too many to count.
pub fn add(
    memory: Option<u64>,
    count: Count,
    archived: impl FnOnce(u64) -> archive::Result<u64>,
) -> Result<Option<u64>, Refused> {
    let most = match count {
        Count::No => return Ok(None),
        Count::Bounded => COUNTED,
        Count::Exact => i64::MAX.cast_unsigned() - 1,
    };
    let Some(memory) = memory else {
        return Ok(None);
    };
    let archived = archived(most + 1).map_err(|error| Failure::Archive(error.to_string()))?;
    Ok((archived <= most).then_some(memory + archived))
}
