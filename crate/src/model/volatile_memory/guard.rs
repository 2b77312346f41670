//! [`PtrGuard`], [`PtrGuardMut`]: a raw pointer to volatile memory, together with its length.

/// A pointer to bytes that may be read while the guard lives.
///
/// ```
/// use guest_memory::VolatileSlice;
/// let mut backing = [5u8; 4];
/// let guard = VolatileSlice::from(&mut backing[..]).ptr_guard();
/// // SAFETY: the first of four bytes, which no other code writes.
/// assert_eq!((guard.len(), unsafe { guard.as_ptr().read_volatile() }), (4, 5));
/// ```
#[derive(Debug)]
pub struct PtrGuard {
    addr: *const u8,
    len: usize,
}

/// A pointer to bytes that may be read and written while the guard lives. Writes through it are not marked dirty.
///
/// ```
/// use guest_memory::VolatileSlice;
/// let mut backing = [5u8; 4];
/// let guard = VolatileSlice::from(&mut backing[..]).ptr_guard_mut();
/// // SAFETY: the first of four bytes, which no other code uses.
/// unsafe { guard.as_ptr().write_volatile(6) };
/// assert_eq!(backing, [6, 5, 5, 5]);
/// ```
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
