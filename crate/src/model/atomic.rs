//! [`GuestMemoryAtomic`]: a memory that is replaced as a whole, while its users keep their snapshots.

use crate::model::guest_memory::{GuestAddressSpace, GuestMemory};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use arc_swap::{ArcSwap, Guard};
use std::ops::Deref;
use std::sync::{Arc, LockResult};

/// A memory that can be replaced, shared by all clones of this handle.
///
/// A reader takes a snapshot by [`memory`](GuestAddressSpace::memory), without waiting. A writer
/// [locks](GuestMemoryAtomic::lock) out other writers, changes a copy, and puts the copy in place; older snapshots
/// stay as they are.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryAtomic, Permissions};
/// let machine = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let space = GuestMemoryAtomic::from(machine.view());
/// let device = space.clone();
/// let before = device.memory();
/// let exclusive = space.lock().unwrap();
/// machine.insert_region(GuestAddress(0x1000), 0x1000)?;
/// exclusive.replace((*machine.view()).clone());
/// assert!(!before.check_range(GuestAddress(0x1000), 1, Permissions::Read));
/// assert!(device.memory().check_range(GuestAddress(0x1000), 1, Permissions::Read));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestMemoryAtomic<M: GuestMemory> {
    inner: Arc<(ArcSwap<M>, Mutex<()>)>,
}

impl<M: GuestMemory> From<Arc<M>> for GuestMemoryAtomic<M> {
    fn from(map: Arc<M>) -> Self {
        let inner = (ArcSwap::new(map), Mutex::new(()));
        GuestMemoryAtomic {
            inner: Arc::new(inner),
        }
    }
}

impl<M: GuestMemory> GuestMemoryAtomic<M> {
    /// A space whose memory is `map`.
    pub fn new(map: M) -> Self {
        Arc::new(map).into()
    }

    /// Waits until no other writer holds the right to replace the memory, and takes it.
    ///
    /// # Errors
    /// If a thread panicked while it held that right. The guard inside the error can be used all the same.
    pub fn lock(&self) -> LockResult<GuestMemoryExclusiveGuard<'_, M>> {
        let guard = |lock| GuestMemoryExclusiveGuard {
            space: self,
            _lock: lock,
        };
        match self.inner.1.lock() {
            Ok(lock) => Ok(guard(lock)),
            Err(poisoned) => Err(PoisonError::new(guard(poisoned.into_inner()))),
        }
    }
}

// Not derived, because that would require `M: Clone`.
impl<M: GuestMemory> Clone for GuestMemoryAtomic<M> {
    fn clone(&self) -> Self {
        GuestMemoryAtomic {
            inner: self.inner.clone(),
        }
    }
}

impl<M: GuestMemory> GuestAddressSpace for GuestMemoryAtomic<M> {
    type M = M;
    type T = GuestMemoryLoadGuard<M>;

    fn memory(&self) -> Self::T {
        GuestMemoryLoadGuard {
            guard: self.inner.0.load(),
        }
    }
}

/// A snapshot of a [`GuestMemoryAtomic`]. For long use, [`into_inner`](GuestMemoryLoadGuard::into_inner) is faster.
///
/// ```
/// use guest_memory::{AddressSpace, Bytes, GuestAddress, GuestAddressSpace, GuestMemoryAtomic};
/// let machine = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let space = GuestMemoryAtomic::from(machine.view());
/// let snapshot = space.memory(); // for one piece of work
/// snapshot.write_obj(5u32, GuestAddress(8))?;
/// let kept = snapshot.into_inner(); // an `Arc`, for a thread of its own
/// assert_eq!(kept.read_obj::<u32>(GuestAddress(8))?, 5);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestMemoryLoadGuard<M: GuestMemory> {
    guard: Guard<Arc<M>>,
}

impl<M: GuestMemory> GuestMemoryLoadGuard<M> {
    /// The memory itself, which the caller may keep for any time.
    pub fn into_inner(self) -> Arc<M> {
        Guard::into_inner(self.guard)
    }
}

impl<M: GuestMemory> Clone for GuestMemoryLoadGuard<M> {
    fn clone(&self) -> Self {
        GuestMemoryLoadGuard {
            guard: Guard::from_inner(Arc::clone(&self.guard)),
        }
    }
}

impl<M: GuestMemory> Deref for GuestMemoryLoadGuard<M> {
    type Target = M;

    fn deref(&self) -> &M {
        &self.guard
    }
}

/// The right to replace the memory of a [`GuestMemoryAtomic`]. If it is dropped, nothing is replaced.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestAddressSpace, GuestMemoryAtomic};
/// let machine = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)])?;
/// let space = GuestMemoryAtomic::from(machine.view());
/// let exclusive = space.lock().unwrap(); // nobody else replaces it meanwhile
/// exclusive.replace(Default::default()); // a memory without a byte
/// assert!(space.memory().flat().ranges().is_empty());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestMemoryExclusiveGuard<'a, M: GuestMemory> {
    space: &'a GuestMemoryAtomic<M>,
    _lock: MutexGuard<'a, ()>,
}

impl<M: GuestMemory> GuestMemoryExclusiveGuard<'_, M> {
    /// Makes `map` the memory, from the next snapshot on.
    pub fn replace(self, map: M) {
        self.space.inner.0.store(Arc::new(map));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bytes::Bytes;
    use crate::model::guest_memory::tests::memory;
    use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};

    #[test]
    fn a_snapshot_stays_and_the_next_is_new() {
        let space = GuestMemoryAtomic::new(memory(&[(0, 64)]));
        let other = space.clone();
        let before = other.memory();
        before.write_obj(5u32, GuestAddress(8)).unwrap();
        space.lock().unwrap().replace(memory(&[(0, 64), (64, 64)]));
        let copy = before.clone();
        assert_eq!((before.num_regions(), other.memory().num_regions()), (1, 2));
        drop(before);
        assert_eq!(copy.read_obj::<u32>(GuestAddress(8)).unwrap(), 5);
        assert_eq!(
            Arc::strong_count(&copy.into_inner()),
            1,
            "nobody else keeps it"
        );
        let now = other.memory().into_inner();
        assert!(Arc::ptr_eq(&now, &space.memory().into_inner()));
        let same = GuestMemoryAtomic::from(now.clone());
        assert!(Arc::ptr_eq(&now, &same.memory().into_inner()));
    }

    #[test]
    fn a_guard_that_is_dropped_replaces_nothing() {
        let space = GuestMemoryAtomic::new(memory(&[(0, 64)]));
        drop(space.lock().unwrap());
        assert_eq!(space.lock().unwrap().space.memory().num_regions(), 1);
    }

    #[cfg(not(target_family = "wasm"))]
    #[test]
    fn after_a_panic_the_guard_is_in_the_error() {
        let space = GuestMemoryAtomic::new(memory(&[(0, 64)]));
        std::thread::scope(|scope| {
            let panics = scope.spawn(|| {
                let _guard = space.lock();
                panic!("while it is held");
            });
            panics.join().unwrap_err();
        });
        let guard = space.lock().unwrap_err().into_inner();
        guard.replace(memory(&[(0, 64), (64, 64)]));
        assert_eq!(space.memory().num_regions(), 2);
    }
}
