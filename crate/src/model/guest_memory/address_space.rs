//! [`GuestAddressSpace`]: a consumer's handle to a memory.

use super::GuestMemory;
use std::ops::Deref;
use std::rc::Rc;
use std::sync::Arc;

/// A handle to a guest's memory, which may be replaced while the handle is kept.
///
/// ```
/// use guest_memory::{GuestAddressSpace, GuestMemoryBackend};
/// struct Device<S: GuestAddressSpace> {
///     space: S,
/// }
/// impl<S: GuestAddressSpace<M: GuestMemoryBackend>> Device<S> {
///     fn regions(&self) -> usize {
///         self.space.memory().num_regions() // one snapshot for one piece of work
///     }
/// }
/// ```
pub trait GuestAddressSpace: Clone {
    /// The memory.
    type M: GuestMemory;
    /// A snapshot of the memory, which never changes.
    type T: Clone + Deref<Target = Self::M>;

    /// A snapshot of the memory as it is now.
    fn memory(&self) -> Self::T;
}

impl<M: GuestMemory> GuestAddressSpace for &M {
    type M = M;
    type T = Self;

    fn memory(&self) -> Self {
        self
    }
}

impl<M: GuestMemory> GuestAddressSpace for Rc<M> {
    type M = M;
    type T = Self;

    fn memory(&self) -> Self {
        self.clone()
    }
}

impl<M: GuestMemory> GuestAddressSpace for Arc<M> {
    type M = M;
    type T = Self;

    fn memory(&self) -> Self {
        self.clone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guest_memory::tests::memory;
    use crate::model::guest_memory::{GuestAddress, GuestMemoryBackend};

    #[test]
    fn an_address_space_gives_its_memory() {
        fn last<S: GuestAddressSpace<M: GuestMemoryBackend>>(space: S) -> GuestAddress {
            space.clone().memory().last_addr()
        }
        let memory = memory(&[(0, 64)]);
        assert_eq!(last(&memory), GuestAddress(63));
        assert_eq!(last(Rc::new(memory.clone())), GuestAddress(63));
        assert_eq!(last(Arc::new(memory)), GuestAddress(63));
    }
}
