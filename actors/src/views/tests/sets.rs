//! The sorted set against the standard library's.

use crate::views::sorted::SortedSet;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Unbounded};

fn check(set: &SortedSet<u32>, model: &BTreeSet<u32>, key: u32) {
    assert_eq!(set.len(), model.len());
    assert_eq!(set.is_empty(), model.is_empty());
    assert!(set.ascending(None).eq(model.iter().copied()));
    assert!(set.descending(None).eq(model.iter().rev().copied()));
    let above = model.range((Excluded(key), Unbounded)).copied();
    assert!(set.ascending(Some(&key)).eq(above));
    assert!(
        set.descending(Some(&key))
            .eq(model.range(..key).rev().copied())
    );
    assert_eq!(set.rank(&key), model.range(..key).count());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn a_sorted_set_is_a_set(
        steps in proptest::collection::vec((0_u32..3_000, 0_u32..400, 0_u8..3), 1..40),
        key in 0_u32..3_000,
    ) {
        let mut set = SortedSet::default();
        let mut model = BTreeSet::new();
        for (first, count, kind) in steps {
            for key in first..first + count {
                // Neighbours come and go together, every other one, or in reverse.
                let key = match kind {
                    0 | 1 => key,
                    _ => 2 * first + count - key,
                };
                let present = kind != 1;
                set.set(key, present);
                if present { model.insert(key); } else { model.remove(&key); }
            }
            check(&set, &model, key);
        }
        for key in model.clone() {
            set.remove(&key);
            model.remove(&key);
        }
        check(&set, &model, key);
    }
}
