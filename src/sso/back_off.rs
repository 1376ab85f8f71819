//! How often a sign-in may be tried after failures: for each name and address together, so that a stranger's failures
//! are nobody else's. Never: kept over a restart, or without bound.

use super::network;
use parking_lot::Mutex;
use sha2::{Digest as _, Sha256};
use std::{collections::HashMap, net::IpAddr};

/// The first wait, in milliseconds; each further failure doubles it.
const FIRST_WAIT_MS: i64 = 5_000;
/// The longest wait, in milliseconds.
const LONGEST_WAIT_MS: i64 = 900_000;
/// Failures are forgotten after this without another one, in milliseconds.
const FORGET_MS: i64 = 1_800_000;
/// Pairs of name and address that are remembered.
const PAIRS: usize = 100_000;

/// Which name from which address.
type Pair = ([u8; 16], IpAddr);

/// What is remembered.
pub struct BackOff {
    failures: u32,
    pairs: Mutex<HashMap<Pair, Failures>>,
}

#[derive(Clone, Copy)]
struct Failures {
    count: u32,
    last_ms: i64,
    until_ms: i64,
}

impl BackOff {
    /// Waits begin after so many failures.
    pub fn new(failures: u32) -> Self {
        BackOff {
            failures,
            pairs: Mutex::default(),
        }
    }

    /// How long the next try must wait, in seconds; none: not at all.
    pub fn wait_s(&self, name: &str, address: IpAddr, now_ms: i64) -> Option<u32> {
        let pairs = self.pairs.lock();
        let found = pairs.get(&pair(name, address))?;
        let wait_ms = found.until_ms.saturating_sub(now_ms);
        (wait_ms > 0).then(|| u32::try_from((wait_ms + 999) / 1000).unwrap_or(u32::MAX))
    }

    /// Remembers a failure.
    pub fn failed(&self, name: &str, address: IpAddr, now_ms: i64) {
        let mut pairs = self.pairs.lock();
        if pairs.len() >= PAIRS {
            pairs.retain(|_, one| now_ms.saturating_sub(one.last_ms) < FORGET_MS);
        }
        if pairs.len() >= PAIRS {
            pairs.clear();
        }
        let found = pairs.entry(pair(name, address)).or_insert(Failures {
            count: 0,
            last_ms: now_ms,
            until_ms: 0,
        });
        if now_ms.saturating_sub(found.last_ms) >= FORGET_MS {
            found.count = 0;
        }
        found.count = found.count.saturating_add(1);
        found.last_ms = now_ms;
        if let Some(more) = found.count.checked_sub(self.failures) {
            // Twenty doublings are far past the longest wait.
            let wait_ms = FIRST_WAIT_MS << more.min(20);
            found.until_ms = now_ms.saturating_add(wait_ms.min(LONGEST_WAIT_MS));
        }
    }

    /// Forgets the failures of a name from an address that has signed in.
    pub fn succeeded(&self, name: &str, address: IpAddr) {
        self.pairs.lock().remove(&pair(name, address));
    }
}

fn pair(name: &str, address: IpAddr) -> Pair {
    let digest = Sha256::digest(name.to_lowercase().as_bytes());
    let mut short = [0; 16];
    short.copy_from_slice(&digest[..16]);
    (short, network(address))
}

#[cfg(test)]
mod tests {
    use super::{BackOff, FORGET_MS};
    use std::net::IpAddr;

    const HERE: IpAddr = IpAddr::V4(std::net::Ipv4Addr::LOCALHOST);

    #[test]
    fn waits_begin_at_the_limit_double_and_end() {
        let back_off = BackOff::new(3);
        let rows = [
            (0, None),
            (0, None),
            (0, Some(5)),
            (5_000, Some(10)),
            (15_000, Some(20)),
        ];
        for (at_ms, expected) in rows {
            assert_eq!(back_off.wait_s("kim", HERE, at_ms), None, "before {at_ms}");
            back_off.failed("kim", HERE, at_ms);
            assert_eq!(back_off.wait_s("kim", HERE, at_ms), expected, "at {at_ms}");
        }
        for _ in 0..40 {
            back_off.failed("kim", HERE, 20_000);
        }
        assert_eq!(
            back_off.wait_s("kim", HERE, 20_000),
            Some(900),
            "the longest"
        );
        back_off.failed("kim", HERE, 20_000 + FORGET_MS);
        assert_eq!(
            back_off.wait_s("kim", HERE, 20_000 + FORGET_MS),
            None,
            "long ago"
        );
    }

    #[test]
    fn a_stranger_makes_nobody_else_wait_and_success_forgets() {
        let back_off = BackOff::new(1);
        let stranger = IpAddr::from([10, 9, 9, 9]);
        back_off.failed("Kim", stranger, 0);
        assert_eq!(
            back_off.wait_s("kim", stranger, 0),
            Some(5),
            "whatever the case"
        );
        assert_eq!(back_off.wait_s("kim", HERE, 0), None);
        assert_eq!(back_off.wait_s("lee", stranger, 0), None);
        back_off.succeeded("KIM", stranger);
        assert_eq!(back_off.wait_s("kim", stranger, 0), None);
        let [one, two] = ["2001:db8::1", "2001:db8::2"].map(|text| text.parse::<IpAddr>());
        if let (Ok(one), Ok(two)) = (one, two) {
            back_off.failed("kim", one, 0);
            assert!(back_off.wait_s("kim", two, 0).is_some(), "of one network");
        }
    }
}
