//! `Siblings`: the state that the address spaces of one machine share. It has the regions with bytes that any of their maps
//! shows, and the bits of the open dirty clients.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::machine::fault::Fault;
use crate::machine::memory_map::Region;
use crate::machine::traps::Segment;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

/// An address space, to its siblings.
pub(crate) trait Sibling: Send + Sync {
    /// Writes the page table entries again that show these bytes.
    fn retrap(&self, segments: &[Segment]);

    /// The host offset of the page table, which no other address space has.
    fn table(&self) -> usize;
}

/// The machine that an address space and its siblings belong to.
#[derive(Debug, Default)]
pub(crate) struct Siblings {
    members: Mutex<Members>,
}

#[derive(Debug, Default)]
struct Members {
    /// The bits of the open dirty clients.
    clients: u8,
    /// The regions with bytes that a map of the machine has, itself or through an alias, by id.
    regions: BTreeMap<u32, Member>,
    spaces: Vec<Weak<dyn Sibling>>,
}

#[derive(Debug)]
struct Member {
    region: Arc<Region>,
    /// The placements of the region and of its aliases, by address space and id.
    placed: BTreeMap<(usize, u32), Arc<Region>>,
}

impl Siblings {
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of regions that the address space with this page table has placed (true) or removed, in that order. All
    /// pages of a region that enters the machine are dirty for each open client, as QEMU has it for a new RAM block.
    pub(crate) fn change<'a>(
        &self,
        table: usize,
        steps: impl Iterator<Item = (bool, &'a Arc<Region>)>,
    ) {
        let mut members = self.lock();
        let clients = members.clients;
        let mut left = Vec::new();
        for (is_placed, shown) in steps {
            let region = shown.leaf().0;
            let key = (table, shown.id());
            if !is_placed {
                if let Some(member) = members.regions.get_mut(&region.id()) {
                    member.placed.remove(&key);
                    left.push(region.id());
                }
            } else if region.has_bytes() || region.external_memory().is_some() {
                let fresh = || {
                    region.each_page(|block, pages| block.mark(pages, clients));
                    Member {
                        region: Arc::clone(region),
                        placed: BTreeMap::new(),
                    }
                };
                let member = members.regions.entry(region.id()).or_insert_with(fresh);
                member.placed.insert(key, Arc::clone(shown));
            }
        }
        // At the end, because a region that is removed and placed again in one change has not left.
        for id in left {
            let is_gone = |member: &Member| member.placed.is_empty();
            if members.regions.get(&id).is_some_and(is_gone) {
                members.regions.remove(&id);
            }
        }
    }

    /// Gives the placements that show a region in the address space with this page table: the region and its aliases.
    pub(crate) fn each_placement(&self, table: usize, region: u32, give: impl FnMut(&Arc<Region>)) {
        let members = self.lock();
        let placed = members.regions.get(&region).map(|member| &member.placed);
        let here = placed.map(|placed| placed.range((table, 0)..=(table, u32::MAX)));
        here.into_iter()
            .flatten()
            .map(|(_, region)| region)
            .for_each(give);
    }

    /// Takes note of an address space that has got a handle.
    pub(crate) fn add(&self, space: Arc<dyn Sibling>) {
        let mut members = self.lock();
        members.spaces.retain(|other| other.strong_count() > 0);
        members.spaces.push(Arc::downgrade(&space));
    }

    /// The address spaces of the machine that have a handle, or had one.
    pub(crate) fn spaces(&self) -> Vec<Arc<dyn Sibling>> {
        self.lock()
            .spaces
            .iter()
            .filter_map(Weak::upgrade)
            .collect()
    }

    /// Opens a dirty client, for which no page is dirty, and gives its bit.
    pub(crate) fn open_client(&self) -> Result<u8, Fault> {
        let mut members = self.lock();
        let free = (0..CLIENTS).find(|&client| members.clients & (1 << client) == 0);
        let client = free.ok_or(Fault::TooManyClients)?;
        for member in members.regions.values() {
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
