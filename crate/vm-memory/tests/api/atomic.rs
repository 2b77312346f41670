//! `vm_memory::atomic`.

use crate::support::least::Backend;
use std::fmt::Debug;
use std::ops::Deref;
use std::sync::{Arc, LockResult};
use vm_memory::atomic::{GuestMemoryAtomic, GuestMemoryExclusiveGuard, GuestMemoryLoadGuard};
use vm_memory::bitmap::BS;
use vm_memory::guest_memory::{GuestMemorySliceIterator, Result};
use vm_memory::{GuestAddress, GuestAddressSpace, GuestMemory, GuestMemoryBackend, Permissions};

/// A memory with no other trait: not even `Debug` or `Clone`.
struct Bare(Backend);

impl GuestMemory for Bare {
    type PhysicalMemory = Backend;
    type Bitmap = ();

    fn check_range(&self, _addr: GuestAddress, _count: usize, _access: Permissions) -> bool {
        false
    }

    fn get_slices<'a>(
        &'a self,
        addr: GuestAddress,
        count: usize,
        _access: Permissions,
    ) -> Result<impl GuestMemorySliceIterator<'a, BS<'a, ()>>> {
        Ok(GuestMemoryBackend::get_slices(&self.0, addr, count))
    }
}

fn list<M: GuestMemory + 'static>() {
    type Space<M> = GuestMemoryAtomic<M>;
    implements! {
        Space<M>: Clone, GuestAddressSpace;
        GuestMemoryLoadGuard<M>: Clone;
    }
    signatures! {
        Space::from => fn(Arc<M>) -> Space<M>;
        Space::new => fn(M) -> Space<M>;
        Space::lock => fn(&Space<M>) -> LockResult<GuestMemoryExclusiveGuard<'_, M>>;
        Space::memory => fn(&Space<M>) -> GuestMemoryLoadGuard<M>;
        GuestMemoryLoadGuard::deref => fn(&GuestMemoryLoadGuard<M>) -> &M;
        GuestMemoryLoadGuard::into_inner => fn(GuestMemoryLoadGuard<M>) -> Arc<M>;
        GuestMemoryExclusiveGuard::replace => fn(GuestMemoryExclusiveGuard<'static, M>, M);
    }
}

#[test]
fn the_list_is_complete() {
    list::<Bare>();
    implements! {
        GuestMemoryAtomic<Backend>: Debug, Send, Sync;
        GuestMemoryLoadGuard<Backend>: Debug;
        GuestMemoryExclusiveGuard<'static, Backend>: Debug, Sync;
    }
    lacks! { Send: GuestMemoryExclusiveGuard<'static, Backend>; }
}
