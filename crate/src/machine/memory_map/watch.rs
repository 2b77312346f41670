//! `Watches`: the watched accesses and their addresses. Watches may overlap.
//!
//! A page that a watch covers has a bit for it in the page attributes, so that accesses elsewhere never look here.

use super::Access;
use super::attributes::{Attributes, WATCHED};
use crate::linear::host::PAGE_SHIFT;
use crate::machine::fault::Fault;

#[derive(Clone, Copy, Debug)]
struct Watch {
    id: u32,
    first: u64,
    last: u64,
    access: Access,
}

/// The watches of an address space, in the order in which they were set.
#[derive(Debug, Default)]
pub(crate) struct Watches {
    list: Vec<Watch>,
    last_id: u32,
}

impl Watches {
    /// Adds a watch over `[first, last]`; gives its number and the pages that it covers.
    pub(crate) fn add(
        &mut self,
        attributes: &mut Attributes,
        (first, last): (u64, u64),
        access: Access,
    ) -> Result<u32, Fault> {
        self.list
            .try_reserve(1)
            .map_err(|_| Fault::OutOfMemory { bytes: 32 })?;
        let bits = access.watching();
        attributes.change(first >> PAGE_SHIFT, last >> PAGE_SHIFT, 0, bits)?;
        self.last_id = self.last_id.wrapping_add(1);
        let id = self.last_id;
        self.list.push(Watch {
            id,
            first,
            last,
            access,
        });
        Ok(id)
    }

    /// Takes a watch away from `[first, last]`, or from all of its range. Gives the addresses whose pages have changed.
    pub(crate) fn remove(
        &mut self,
        attributes: &mut Attributes,
        id: u32,
        (first, last): (u64, u64),
    ) -> Result<Option<(u64, u64)>, Fault> {
        let covered = |watch: &Watch| watch.id == id && watch.first <= last && watch.last >= first;
        let Some(index) = self.list.iter().position(covered) else {
            return Ok(None);
        };
        // The parts that are left before and behind: at most one more in the list.
        self.list
            .try_reserve(1)
            .map_err(|_| Fault::OutOfMemory { bytes: 32 })?;
        let watch = self.list.remove(index);
        if watch.last > last {
            self.list.insert(
                index,
                Watch {
                    first: last + 1,
                    ..watch
                },
            );
        }
        if watch.first < first {
            self.list.insert(
                index,
                Watch {
                    last: first - 1,
                    ..watch
                },
            );
        }
        let (first, last) = (watch.first.max(first), watch.last.min(last));
        let (first_page, last_page) = (first >> PAGE_SHIFT, last >> PAGE_SHIFT);
        attributes.change(first_page, last_page, WATCHED, 0)?;
        for other in &self.list {
            let (from, to) = (other.first >> PAGE_SHIFT, other.last >> PAGE_SHIFT);
            if from <= last_page && to >= first_page {
                let bits = other.access.watching();
                attributes.change(from.max(first_page), to.min(last_page), 0, bits)?;
            }
        }
        Ok(Some((first, last)))
    }

    /// The watches that see an access to `[first, last]`, in the order in which they were set.
    pub(crate) fn seeing(
        &self,
        first: u64,
        last: u64,
        access: Access,
    ) -> impl Iterator<Item = u32> {
        let sees = move |watch: &&Watch| {
            watch.first <= last
                && watch.last >= first
                && watch.access.watching() & access.watching() != 0
        };
        self.list.iter().filter(sees).map(|watch| watch.id)
    }
}
