//! `Siblings`: the state that the address spaces of one machine share. It has the regions with bytes that any of their maps
//! shows, and the bits of the open dirty clients.

use crate::linear::dirty_map::{self, CLIENTS};
use crate::machine::fault::Fault;
use crate::machine::memory_map::Region;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

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
}

#[derive(Debug)]
struct Member {
    region: Arc<Region>,
    /// The number of placements of the region and of its aliases.
    placed: usize,
}

impl Siblings {
    fn lock(&self) -> MutexGuard<'_, Members> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes note of regions that were placed and of regions that were removed. All pages of a region that enters the
    /// machine are dirty for each open client, as QEMU has it for a new RAM block.
    pub(crate) fn change<'a>(
        &self,
        placed: impl Iterator<Item = &'a Arc<Region>>,
        removed: impl Iterator<Item = &'a Arc<Region>>,
    ) {
        let mut members = self.lock();
        let clients = members.clients;
        // Placed first: a region that is removed and placed in one change has not left.
        for region in placed.map(|region| region.leaf().0) {
            if !region.has_bytes() {
                continue;
            }
            let fresh = || {
                region.each_page(|block, pages| block.mark(pages, clients));
                Member {
                    region: Arc::clone(region),
                    placed: 0,
                }
            };
            let member = members.regions.entry(region.id()).or_insert_with(fresh);
            member.placed += 1;
        }
        for region in removed.map(|region| region.leaf().0) {
            if let Some(member) = members.regions.get_mut(&region.id()) {
                member.placed -= 1;
                if member.placed == 0 {
                    members.regions.remove(&region.id());
                }
            }
        }
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
