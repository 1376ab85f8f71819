//! Reading a journal that somebody else may be writing.
//!
//! Owns: that only a whole one is read. Must never: change anything, or need the lock.

use std::ops::ControlFlow;

use crate::disk::Disk;
use crate::journal::{Link, Positions, StoredRef, visit_links};
use crate::recovery::{OpenError, check_chain, survey};

/// Lends the records from this sequence on, in order. Behind the last one that can be read nothing is looked for: it is
/// being written, or the next start cuts it off.
pub fn reread(
    disk: &dyn Disk,
    from: u64,
    visit: &mut dyn FnMut(StoredRef<'_>),
) -> Result<(), OpenError> {
    let checked = check_chain(disk, &survey(disk)?, &mut Positions::default())?;
    if let Some(damage) = checked.damages.into_iter().next() {
        return Err(OpenError::Corrupt(Box::new(damage)));
    }
    let links: Vec<Link> = checked
        .links
        .iter()
        .map(|link| Link {
            header: link.header,
            until: link.expected,
        })
        .collect();
    visit_links(disk, &links, from, &mut |record| {
        visit(record);
        ControlFlow::Continue(())
    })?;
    Ok(())
}
