//! Instants as this API writes them. Never: reads a clock.

use codec::instant;

/// `2020-05-21T06:30:12.345+0000`, always UTC.
pub fn text(ms: i64) -> String {
    let written = instant::timestamp(ms).strftime("%Y-%m-%dT%H:%M:%S.%3f+0000");
    written.to_string()
}

#[cfg(test)]
mod tests {
    #[test]
    fn an_instant_has_milliseconds_and_an_offset_without_a_colon() {
        assert_eq!(
            super::text(1_590_042_612_345),
            "2020-05-21T06:30:12.345+0000"
        );
        assert_eq!(super::text(0), "1970-01-01T00:00:00.000+0000");
    }
}
