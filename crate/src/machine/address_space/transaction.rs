//! Transactions of an address space's map, and the turn that a thread has while it changes the map.

use super::AddressSpace;
use crate::linear::host::ONE_THREAD;
use crate::machine::fault::Fault;
use crate::sync::thread::{self, ThreadId};
use crate::sync::{Condvar, Mutex, MutexGuard, PoisonError};

impl AddressSpace {
    /// Makes several changes of the map take effect together, when `act` returns `Ok`. Otherwise none of them takes effect:
    /// also where `act` panics. A transaction inside another one takes effect with it, and is undone by itself.
    ///
    /// The transaction belongs to this thread. Until it ends, `map`, `unmap`, `move_region`, `set_enabled`, `protect` and
    /// transactions of other threads wait, so `act` must not wait for such a thread.
    ///
    /// Until the end, accesses see the map as it was, in `act` too, and so do `view`, `trap_writes`, `permissions` and
    /// `map_generation`. Only `region_at`, `region_named` and `placements` see the steps so far.
    ///
    /// # Errors
    ///
    /// The errors of `act`; `MemoryRegionOverlap` of two enabled regions of the same priority; `OutOfMemory`.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, Fault, GuestAddress, Region, RegionKind};
    /// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
    /// let rom = Region::new("boot ROM", RegionKind::Rom, GuestAddress(0), 0x1000)?;
    /// let failed: Result<(), Fault> = space.transaction(|space| {
    ///     space.map(&rom, GuestAddress(0x8000), 0)?;
    ///     space.remove_region(GuestAddress(0x4000), 0x1000)?; // there is none
    ///     Ok(())
    /// });
    /// assert!(failed.is_err() && space.region_named("boot ROM").is_none());
    /// space.transaction(|space| space.map(&rom, GuestAddress(0x8000), 0))?;
    /// assert!(space.region_named("boot ROM").is_some());
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn transaction<T, E: From<Fault>>(
        &self,
        act: impl FnOnce(&Self) -> Result<T, E>,
    ) -> Result<T, E> {
        self.begin();
        let mut open = Open {
            space: self,
            keep: false,
        };
        let result = act(self)?;
        open.keep = true;
        drop(open);
        self.commit()?;
        Ok(result)
    }
}

/// Takes back an open transaction, unless it is to be kept.
struct Open<'a> {
    space: &'a AddressSpace,
    keep: bool,
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        if !self.keep {
            self.space.roll_back();
        }
    }
}

/// Whose turn it is to change the map. A thread may take its turn again while it has it.
#[derive(Debug, Default)]
pub(super) struct Turn {
    /// The thread, and how often it has taken its turn.
    taken: Mutex<Option<(ThreadId, usize)>>,
    ended: Condvar,
}

/// Ends a turn.
pub(super) struct Taken<'a>(&'a Turn);

impl Turn {
    /// Waits until no other thread changes the map.
    pub(super) fn take(&self) -> Taken<'_> {
        if !ONE_THREAD {
            let own = thread::current().id();
            let others = |taken: &mut Option<(ThreadId, usize)>| {
                taken.is_some_and(|(thread, _)| thread != own)
            };
            let taken = self.ended.wait_while(self.lock(), others);
            let mut taken = taken.unwrap_or_else(PoisonError::into_inner);
            let times = taken.map_or(0, |(_, times)| times);
            *taken = Some((own, times + 1));
        }
        Taken(self)
    }

    /// A turn whose [`Taken`] was forgotten.
    pub(super) fn held(&self) -> Taken<'_> {
        Taken(self)
    }

    fn lock(&self) -> MutexGuard<'_, Option<(ThreadId, usize)>> {
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if ONE_THREAD {
            return;
        }
        let mut taken = self.0.lock();
        *taken = taken.and_then(|(thread, times)| {
            Some((thread, times.checked_sub(1).filter(|&left| left > 0)?))
        });
        if taken.is_none() {
            self.0.ended.notify_one();
        }
    }
}
