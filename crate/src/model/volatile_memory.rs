//! Raw bytes that other code reads and writes at any time: the guest, another thread, the host's JavaScript.
//!
//! A Rust reference promises that no other code writes, so no `&[u8]` is ever made of such bytes. [`VolatileSlice`],
//! [`VolatileRef`] (one value) and [`VolatileArrayRef`] name them, and only copy them in or out:
//!
//! ```text
//!   VolatileMemory ──get_slice──▶ VolatileSlice ──copy_to, copy_from, Bytes──▶ bytes
//!         │                            ▲
//!         ├───get_ref──────────▶ VolatileRef ──load, store──▶ one value
//!         └───get_array_ref────▶ VolatileArrayRef ──load, store, copy_to, copy_from──▶ values
//! ```
//!
//! # Access widths
//! Up to 8 bytes are read and written by the widest naturally aligned accesses that fit. An aligned `u16`, `u32` or
//! `u64` (also where `usize` has 4 bytes) is a single access: a relaxed atomic, so that a thread that reads at the
//! same time sees the old or the new value and nothing between. Slices of such values are copied value by value, in
//! rising order. Longer runs of bytes are one `memmove`, which promises no widths.
//!
//! # Races
//! These single accesses may race with each other and with atomics of the same bytes and width. A longer copy that
//! races with a write gives a mix of old and new bytes, as in vm-memory. If both sides are threads of one program,
//! Rust calls that a data race, and ThreadSanitizer reports it. Such threads hand the bytes over by an atomic, as
//! driver and device do by the index of a virtqueue: one thread stores it with `Release` after its copy, the other
//! loads it with `Acquire` before its own.

use crate::model::atomic_integer::AtomicInteger;
use crate::model::bitmap::{BS, Bitmap};
use crate::model::bytes::ByteValued;
use std::marker::PhantomData;

pub(crate) mod access;
mod array;
mod error;
mod guard;
mod reference;
mod slice;

pub use array::VolatileArrayRef;
pub use error::{Error, Result};
pub use guard::{PtrGuard, PtrGuardMut};
pub use reference::VolatileRef;
pub use slice::VolatileSlice;

/// Stands for vm-memory's information about a mapping. This crate needs none: `with_bitmap` takes `None`.
type MmapInfo = PhantomData<()>;

/// `base + offset`.
///
/// # Errors
/// [`Error::Overflow`] if a `usize` does not hold it.
///
/// ```
/// use guest_memory::volatile_memory::compute_offset;
/// assert_eq!(compute_offset(0x1000, 4).unwrap(), 0x1004);
/// assert!(compute_offset(usize::MAX, 1).is_err());
/// ```
#[inline]
pub fn compute_offset(base: usize, offset: usize) -> Result<usize> {
    base.checked_add(offset)
        .ok_or(Error::Overflow { base, offset })
}

/// Memory that hands out volatile slices of itself.
///
/// ```
/// use guest_memory::{VolatileMemory, VolatileSlice};
/// let mut backing = [0u8; 8];
/// let memory = VolatileSlice::from(&mut backing[..]);
/// memory.get_ref::<u32>(4).unwrap().store(0x1234_5678);
/// assert_eq!(memory.get_array_ref::<u16>(4, 2).unwrap().len(), 2);
/// assert!(memory.get_ref::<u32>(5).is_err());
/// ```
pub trait VolatileMemory {
    /// The bitmap type in which writes are marked.
    type B: Bitmap;

    /// The size in bytes.
    fn len(&self) -> usize;

    /// Whether the length is 0.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The `count` bytes from `offset`; exactly that many.
    ///
    /// # Errors
    /// [`Error::OutOfBounds`] or [`Error::Overflow`] if they are not all inside. An empty range at the very end is
    /// inside.
    fn get_slice(&self, offset: usize, count: usize) -> Result<VolatileSlice<'_, BS<'_, Self::B>>>;

    /// The whole memory as one slice.
    ///
    /// # Panics
    /// If an implementor's `get_slice` refuses the range from 0 to its `len`.
    fn as_volatile_slice(&self) -> VolatileSlice<'_, BS<'_, Self::B>> {
        self.get_slice(0, self.len())
            .expect("the whole of a memory is inside it")
    }

    /// The value at `offset`, which need not be aligned.
    ///
    /// # Errors
    /// As [`get_slice`](VolatileMemory::get_slice).
    #[inline]
    fn get_ref<T: ByteValued>(&self, offset: usize) -> Result<VolatileRef<'_, T, BS<'_, Self::B>>> {
        let slice = exact_slice(self, offset, size_of::<T>())?;
        // SAFETY: only a raw pointer can become a reference to another type. The slice has size_of::<T>() bytes that
        // are valid for its lifetime, which the reference takes over.
        Ok(unsafe { VolatileRef::with_bitmap(slice.as_mut_ptr(), slice.into_bitmap(), None) })
    }

    /// The `n` values from `offset`, which need not be aligned.
    ///
    /// # Errors
    /// [`Error::TooBig`] if they have more than `isize::MAX` bytes; else as [`get_slice`](VolatileMemory::get_slice).
    fn get_array_ref<T: ByteValued>(
        &self,
        offset: usize,
        n: usize,
    ) -> Result<VolatileArrayRef<'_, T, BS<'_, Self::B>>> {
        let size = size_of::<T>();
        let bytes = n
            .checked_mul(size)
            .filter(|bytes| isize::try_from(*bytes).is_ok());
        let slice = exact_slice(
            self,
            offset,
            bytes.ok_or(Error::TooBig { nelements: n, size })?,
        )?;
        // SAFETY: as in `get_ref`: the slice has n * size_of::<T>() bytes.
        Ok(unsafe {
            VolatileArrayRef::with_bitmap(slice.as_mut_ptr(), n, slice.into_bitmap(), None)
        })
    }

    /// A plain reference to the value at `offset`.
    ///
    /// # Errors
    /// [`Error::Misaligned`] if it is not aligned for `T`; else as [`get_slice`](VolatileMemory::get_slice).
    ///
    /// # Safety
    /// While the reference lives, no code may write to these bytes: no guest, no other thread, no JavaScript.
    unsafe fn aligned_as_ref<T: ByteValued>(&self, offset: usize) -> Result<&T> {
        let slice = exact_slice(self, offset, size_of::<T>())?;
        slice.check_alignment(align_of::<T>())?;
        // SAFETY: only a cast makes a reference. It is in bounds and aligned, any bytes are a `T`, and the caller
        // promises that no code writes to them.
        Ok(unsafe { &*slice.as_mut_ptr().cast_const().cast::<T>() })
    }

    /// A plain mutable reference to the value at `offset`. Writes through it are not marked.
    ///
    /// # Errors
    /// As [`aligned_as_ref`](VolatileMemory::aligned_as_ref).
    ///
    /// # Safety
    /// While the reference lives, no other code may read or write these bytes: no guest, no other thread, no
    /// JavaScript, no second such reference.
    #[expect(
        clippy::mut_from_ref,
        reason = "the memory is shared; that this part is not is the caller's promise"
    )]
    unsafe fn aligned_as_mut<T: ByteValued>(&self, offset: usize) -> Result<&mut T> {
        let slice = exact_slice(self, offset, size_of::<T>())?;
        slice.check_alignment(align_of::<T>())?;
        // SAFETY: as in `aligned_as_ref`; and the caller promises that no other code reads them.
        Ok(unsafe { &mut *slice.as_mut_ptr().cast::<T>() })
    }

    /// The atomic integer at `offset`. Writes through it are not marked.
    ///
    /// # Errors
    /// [`Error::Misaligned`] if it is not aligned for `T`; else as [`get_slice`](VolatileMemory::get_slice).
    #[inline]
    fn get_atomic_ref<T: AtomicInteger>(&self, offset: usize) -> Result<&T> {
        let slice = exact_slice(self, offset, size_of::<T>())?;
        slice.check_alignment(align_of::<T>())?;
        // SAFETY: only a cast makes a reference. It is in bounds and aligned, any bytes are a `T`, and `AtomicInteger`
        // promises that other code may write to a `T` at the same time.
        Ok(unsafe { &*slice.as_mut_ptr().cast_const().cast::<T>() })
    }

    /// The end of the range of `offset` bytes from `base`.
    ///
    /// # Errors
    /// [`Error::Overflow`] if a `usize` does not hold the end, [`Error::OutOfBounds`] if it is beyond this memory.
    #[inline]
    fn compute_end_offset(&self, base: usize, offset: usize) -> Result<usize> {
        let end = compute_offset(base, offset)?;
        if end > self.len() {
            return Err(Error::OutOfBounds { addr: end });
        }
        Ok(end)
    }
}

/// Calls `get_slice`, and checks that the implementor gives as many bytes as were asked for.
#[inline]
fn exact_slice<M: VolatileMemory + ?Sized>(
    memory: &M,
    offset: usize,
    count: usize,
) -> Result<VolatileSlice<'_, BS<'_, M::B>>> {
    let slice = memory.get_slice(offset, count)?;
    if slice.len() != count {
        return Err(Error::PartialBuffer {
            expected: count,
            completed: slice.len(),
        });
    }
    Ok(slice)
}

#[cfg(test)]
pub(crate) mod tests;
