//! [`PtrGuard`], [`PtrGuardMut`]: a raw pointer to volatile memory, together with its length.

/// A pointer to bytes that may be read while the guard lives.
#[derive(Debug)]
pub struct PtrGuard {
    addr: *const u8,
    len: usize,
}

/// A pointer to bytes that may be read and written while the guard lives. What is written is not marked dirty.
#[derive(Debug)]
pub struct PtrGuardMut {
    addr: *mut u8,
    len: usize,
}

impl PtrGuard {
    pub(super) fn new(addr: *const u8, len: usize) -> Self {
        PtrGuard { addr, len }
    }

    /// The pointer.
    #[inline]
    pub fn as_ptr(&self) -> *const u8 {
        self.addr
    }

    /// The length, in bytes; for a [`VolatileArrayRef`](super::VolatileArrayRef) in elements, as in vm-memory.
    #[expect(
        clippy::len_without_is_empty,
        reason = "vm-memory's names, and a guard is no collection"
    )]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
}

impl PtrGuardMut {
    pub(super) fn new(addr: *mut u8, len: usize) -> Self {
        PtrGuardMut { addr, len }
    }

    /// The pointer.
    #[inline]
    pub fn as_ptr(&self) -> *mut u8 {
        self.addr
    }

    /// The length, in bytes; for a [`VolatileArrayRef`](super::VolatileArrayRef) in elements, as in vm-memory.
    #[expect(
        clippy::len_without_is_empty,
        reason = "vm-memory's names, and a guard is no collection"
    )]
    #[inline]
    pub fn len(&self) -> usize {
        self.len
    }
}
