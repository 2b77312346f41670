//! `Siblings`: the state that the address spaces of one machine share. It has the regions with bytes that any of their maps
//! shows, and the bits of the open dirty clients.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::machine::fault::Fault;
use crate::machine::index::Index;
use crate::machine::memory_map::Region;
use crate::machine::traps::Segment;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use std::sync::{Arc, Weak};

/// An address space, to its siblings.
pub(crate) trait Sibling: Send + Sync {
    /// Writes the page table entries again that show these bytes.
    fn retrap(&self, segments: &[Segment]);

    /// The host offset of the page table, which no other address space has.
    fn table(&self) -> usize;

    /// Shows what an alias, and the aliases that follow it, show now.
    fn follow(&self, alias: &Arc<Region>);
}

/// The machine that an address space and its siblings belong to.
#[derive(Debug)]
pub(crate) struct Siblings {
    /// The machine's number, which no other machine has.
    id: u32,
    members: Mutex<Members>,
}

/// The number of the next machine.
static NEXT: AtomicU32 = AtomicU32::new(0);

impl Default for Siblings {
    fn default() -> Self {
        Siblings {
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            members: Mutex::default(),
        }
    }
}

#[derive(Debug, Default)]
struct Members {
    /// The bits of the open dirty clients.
    clients: u8,
    /// The regions with bytes that a map of the machine has, itself or through an alias.
    regions: Vec<Member>,
    /// Each region's id, its index in `regions`, 0.
    by_id: Index,
    /// The address spaces that have a handle, or had one.
    spaces: Vec<Weak<dyn Sibling>>,
}

#[derive(Debug)]
struct Member {
    region: Arc<Region>,
    /// The number of placements of the region and of its aliases.
    placed: usize,
}

impl Members {
    /// A region's index in the list.
    fn index_of(&self, region: &Region) -> Option<usize> {
        let id = u64::from(region.id());
        let key = self.by_id.from((id, 0, 0)).next();
        usize::try_from(key.filter(|key| key.0 == id)?.1).ok()
    }

    /// Puts a region on the list, or finds it there.
    fn enter(&mut self, region: &Arc<Region>) -> &mut Member {
        let index = self.index_of(region).unwrap_or_else(|| {
            region.each_page(|block, pages| block.mark(pages, self.clients));
            let index = self.regions.len();
            self.by_id.insert((region.id().into(), index as u64, 0));
            self.regions.push(Member {
                region: Arc::clone(region),
                placed: 0,
            });
            index
        });
        &mut self.regions[index]
    }

    /// Takes a region off the list. The last one takes its index.
    fn leave(&mut self, index: usize) {
        let (at, end) = (index as u64, self.regions.len() as u64 - 1);
        let left = self.regions.swap_remove(index).region.id();
        self.by_id.remove(&(left.into(), at, 0));
        if let Some(moved) = self.regions.get(index) {
            let id = u64::from(moved.region.id());
            self.by_id.remove(&(id, end, 0));
            self.by_id.insert((id, at, 0));
        }
    }
}

impl Siblings {
    /// The machine's number.
    pub(crate) fn id(&self) -> u32 {
        self.id
    }

    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of the regions that got a placement, and of the regions that lost one, where an alias counts for the
    /// region that it shows in the end. All pages of a region that enters the
    /// machine are dirty for each open client, as QEMU has it for a new RAM block.
    pub(crate) fn change<'a>(
        &self,
        placed: impl Iterator<Item = &'a Arc<Region>>,
        removed: impl Iterator<Item = &'a Arc<Region>>,
    ) {
        let mut members = self.lock();
        // Placed first: a region that is removed and placed in one change has not left.
        for region in placed {
            if !region.has_bytes() {
                continue;
            }
            members.enter(region).placed += 1;
        }
        for region in removed {
            if let Some(index) = members.index_of(region) {
                let member = &mut members.regions[index];
                member.placed -= 1;
                if member.placed == 0 {
                    members.leave(index);
                }
            }
        }
    }

    /// Takes note of an address space that has got a handle.
    pub(crate) fn add(&self, space: Arc<dyn Sibling>) {
        let mut members = self.lock();
        members.spaces.retain(|other| other.strong_count() > 0);
        members.spaces.push(Arc::downgrade(&space));
    }

    /// The address spaces of the machine that have a handle, or had one.
    pub(crate) fn spaces(&self) -> Vec<Arc<dyn Sibling>> {
        let members = self.lock();
        members.spaces.iter().filter_map(Weak::upgrade).collect()
    }

    /// Opens a dirty client, for which no page is dirty, and gives its bit.
    pub(crate) fn open_client(&self) -> Result<u8, Fault> {
        let mut members = self.lock();
        let free = (0..CLIENTS).find(|&client| members.clients & (1 << client) == 0);
        let client = free.ok_or(Fault::TooManyClients)?;
        for member in &members.regions {
            member.region.each_page(|block, pages| {
                let marks = block.marks().get(pages).unwrap_or(&[]);
                dirty_map::clear(marks, 1 << client);
            });
        }
        members.clients |= 1 << client;
        Ok(client)
    }

    pub(crate) fn close_client(&self, client: u8) {
        self.lock().clients &= !(1 << client);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GuestAddress;
    use crate::machine::memory_map::RegionKind;

    #[test]
    fn the_list_has_the_regions_that_are_placed() {
        let mut seed = 3_usize;
        let mut random = |limit: usize| {
            seed = seed.wrapping_mul(1_103_515_245).wrapping_add(12_345) & 0x7fff_ffff;
            (seed >> 8) % limit
        };
        let make = |_| Region::new("x", RegionKind::Ram, GuestAddress(0), 0x1000).unwrap();
        let regions: Vec<_> = (0..20).map(make).collect();
        let (siblings, mut placed) = (Siblings::default(), vec![0_usize; 20]);
        for _ in 0..if cfg!(miri) { 50 } else { 2_000 } {
            let at = random(20);
            let one = || core::iter::once(&regions[at]);
            if placed[at] > 0 && random(2) == 0 {
                placed[at] -= 1;
                siblings.change(core::iter::empty(), one());
            } else {
                placed[at] += 1;
                siblings.change(one(), core::iter::empty());
            }
            let members = siblings.lock();
            for (region, &count) in regions.iter().zip(&placed) {
                let found = members
                    .index_of(region)
                    .map(|index| &members.regions[index]);
                let found = found.filter(|member| Arc::ptr_eq(&member.region, region));
                assert_eq!(found.map_or(0, |member| member.placed), count);
            }
            let listed = placed.iter().filter(|&&count| count > 0).count();
            assert_eq!(members.regions.len(), listed);
        }
    }
}
