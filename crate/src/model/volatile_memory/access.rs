//! The raw accesses to guest bytes. They decide how wide each access is.
//!
//! These functions neither check a range nor mark it dirty; their callers do both. A region may be larger than
//! `isize::MAX` (3 GiB on wasm32, say), so pointers move by `wrapping_add`, and a copy is split into pieces.

use crate::model::bytes::ByteValued;
use std::mem::MaybeUninit;
use std::ptr;
#[cfg(target_has_atomic = "64")]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicU8, AtomicU16, AtomicU32, Ordering::Relaxed};

/// The width of the widest access, in bytes.
#[cfg(target_has_atomic = "64")]
const WIDEST: usize = 8;
#[cfg(not(target_has_atomic = "64"))]
const WIDEST: usize = 4;

/// The longest copy that is made of aligned accesses, in bytes.
const SCALAR: usize = 8;

/// The longest `memmove`, in bytes: `ptr::copy` must not be given more than `isize::MAX`.
const LONGEST_PIECE: usize = 1 << 30;

/// The widest power of two that is at most `left` bytes and to which `addr` is aligned. `left` must not be 0.
#[inline(always)]
fn width(addr: usize, left: usize) -> usize {
    let aligned = 1 << (addr | WIDEST).trailing_zeros();
    let fits = 1 << left.ilog2();
    if aligned < fits { aligned } else { fits }
}

/// Whether `len` bytes at `addr` are moved in a single access.
#[inline(always)]
pub(super) fn is_one_access(addr: usize, len: usize) -> bool {
    matches!(len, 1 | 2 | 4 | WIDEST) && addr.is_multiple_of(len)
}

/// Copies `len` guest bytes at `guest` to the host's at `host`.
///
/// # Safety
/// `guest` and `host` must be valid for reads and writes of `len` bytes. No other code may use the bytes at `host`;
/// the bytes at `guest` may be written at any time.
#[inline(always)]
pub(super) unsafe fn load(guest: *const u8, host: *mut u8, len: usize) {
    // SAFETY: no reference may be made of guest bytes. Each access is in bounds by the caller's promise, and aligned
    // by the check or by what `width` says. `host` is a Rust allocation, so the last arm's `len` is at most
    // isize::MAX.
    unsafe {
        match len {
            _ if is_one_access(guest.addr(), len) => load_one(guest, host, len),
            0..=SCALAR => load_parts(guest, host, len),
            _ => ptr::copy(guest, host, len),
        }
    }
}

/// Copies `len` of the host's bytes at `host` to the guest's at `guest`.
///
/// # Safety
/// `host` and `guest` must be valid for reads and writes of `len` bytes. No other code may write the bytes at `host`;
/// the bytes at `guest` may be read and written at any time.
#[inline(always)]
pub(super) unsafe fn store(host: *const u8, guest: *mut u8, len: usize) {
    // SAFETY: as in `load`.
    unsafe {
        match len {
            _ if is_one_access(guest.addr(), len) => store_one(host, guest, len),
            0..=SCALAR => store_parts(host, guest, len),
            _ => ptr::copy(host, guest, len),
        }
    }
}

/// Reads a value at `guest`.
///
/// # Safety
/// `guest` must be valid for reads of `size_of::<T>()` bytes, which may be written at any time.
#[inline(always)]
pub(crate) unsafe fn load_value<T: ByteValued>(guest: *const u8) -> T {
    let mut value = MaybeUninit::<T>::uninit();
    // SAFETY: the caller's promise; and any bytes are a `T`, so it is one when all of them are written.
    unsafe {
        load(guest, value.as_mut_ptr().cast(), size_of::<T>());
        value.assume_init()
    }
}

/// Writes a value at `guest`.
///
/// # Safety
/// `guest` must be valid for writes of `size_of::<T>()` bytes, which other code may read and write at any time.
#[inline(always)]
pub(crate) unsafe fn store_value<T: ByteValued>(value: T, guest: *mut u8) {
    let size = size_of::<T>();
    // SAFETY: the caller's promise; a value has its own bytes.
    unsafe {
        if is_one_access(guest.addr(), size) {
            store_one(ptr::from_ref(&value).cast(), guest, size);
        } else {
            // A copy, because a value whose address is passed to a function cannot stay in a register.
            let copy = value;
            store(ptr::from_ref(&copy).cast(), guest, size);
        }
    }
}

/// [`load`] of at most [`SCALAR`] bytes, by the widest aligned accesses that fit. A function of its own, to keep it
/// out of the common case of a single access.
///
/// # Safety
/// As [`load`].
#[cold]
#[inline(never)]
unsafe fn load_parts(guest: *const u8, host: *mut u8, len: usize) {
    let mut done = 0;
    while done < len {
        let from = guest.wrapping_add(done);
        let width = width(from.addr(), len - done);
        // SAFETY: in bounds by the caller's promise, and aligned by what `width` says.
        unsafe { load_one(from, host.wrapping_add(done), width) };
        done += width;
    }
}

/// [`store`] of at most [`SCALAR`] bytes, as [`load_parts`] reads them.
///
/// # Safety
/// As [`store`].
#[cold]
#[inline(never)]
unsafe fn store_parts(host: *const u8, guest: *mut u8, len: usize) {
    let mut done = 0;
    while done < len {
        let to = guest.wrapping_add(done);
        let width = width(to.addr(), len - done);
        // SAFETY: as in `load_parts`.
        unsafe { store_one(host.wrapping_add(done), to, width) };
        done += width;
    }
}

/// Copies `len` guest bytes from `from` to `to`, as if all were read before the first is written: the ranges may
/// overlap.
///
/// # Safety
/// `from` and `to` must be valid for reads and writes of `len` bytes, which other code may read and write at any time.
pub(super) unsafe fn copy(from: *const u8, to: *mut u8, len: usize) {
    if len > SCALAR {
        // SAFETY: the caller's promise.
        return unsafe { copy_pieces(from, to, len, LONGEST_PIECE) };
    }
    let mut between = [0u8; SCALAR];
    // SAFETY: in bounds by the caller's promise, and `between` holds SCALAR bytes.
    unsafe {
        load(from, between.as_mut_ptr(), len);
        store(between.as_ptr(), to, len);
    }
}

/// [`copy`], by `memmove` of pieces of at most `longest` bytes.
///
/// # Safety
/// As [`copy`]; and `longest` must be from 1 to `isize::MAX`.
unsafe fn copy_pieces(from: *const u8, to: *mut u8, len: usize, longest: usize) {
    // A piece must not overwrite what a later one reads: where `to` lies inside the source, the last piece goes
    // first.
    let last_first = to.addr().wrapping_sub(from.addr()) < len;
    let mut done = 0;
    while done < len {
        let piece = longest.min(len - done);
        let at = if last_first { len - done - piece } else { done };
        // SAFETY: no slice may be made of guest bytes, so there is no safe copy. The piece is in bounds by the
        // caller's promise and no longer than `longest`; `ptr::copy` allows the two to overlap.
        unsafe { ptr::copy(from.wrapping_add(at), to.wrapping_add(at), piece) };
        done += piece;
    }
}

/// Reads `width` guest bytes in one access: 1, 2, 4 or [`WIDEST`].
///
/// # Safety
/// As [`load`]; and `guest` must be aligned to `width`.
#[inline(always)]
unsafe fn load_one(guest: *const u8, host: *mut u8, width: usize) {
    let guest = guest.cast_mut();
    // SAFETY: the compiler may split, merge or repeat a plain access, and a race of plain accesses is undefined; only
    // an atomic is right while other code writes. The access is in bounds and aligned by the caller's promise; `host`
    // need not be aligned.
    unsafe {
        match width {
            1 => host.write(AtomicU8::from_ptr(guest).load(Relaxed)),
            2 => host
                .cast::<u16>()
                .write_unaligned(AtomicU16::from_ptr(guest.cast()).load(Relaxed)),
            #[cfg(target_has_atomic = "64")]
            8 => host
                .cast::<u64>()
                .write_unaligned(AtomicU64::from_ptr(guest.cast()).load(Relaxed)),
            _ => host
                .cast::<u32>()
                .write_unaligned(AtomicU32::from_ptr(guest.cast()).load(Relaxed)),
        }
    }
}

/// Writes `width` guest bytes in one access: 1, 2, 4 or [`WIDEST`].
///
/// # Safety
/// As [`store`]; and `guest` must be aligned to `width`.
#[inline(always)]
unsafe fn store_one(host: *const u8, guest: *mut u8, width: usize) {
    // SAFETY: as in `load_one`.
    unsafe {
        match width {
            1 => AtomicU8::from_ptr(guest).store(host.read(), Relaxed),
            2 => AtomicU16::from_ptr(guest.cast())
                .store(host.cast::<u16>().read_unaligned(), Relaxed),
            #[cfg(target_has_atomic = "64")]
            8 => AtomicU64::from_ptr(guest.cast())
                .store(host.cast::<u64>().read_unaligned(), Relaxed),
            _ => AtomicU32::from_ptr(guest.cast())
                .store(host.cast::<u32>().read_unaligned(), Relaxed),
        }
    }
}

/// Copies `count` values at `guest` to `host`, one by one where the width of an access matters.
///
/// # Safety
/// As [`load`], for `count * size_of::<T>()` bytes.
pub(crate) unsafe fn load_values<T: ByteValued>(guest: *const u8, host: *mut T, count: usize) {
    let (host, size) = (host.cast::<u8>(), size_of::<T>());
    if !(2..=SCALAR).contains(&size) {
        // SAFETY: the caller's promise, which also says that the product does not overflow.
        return unsafe { load(guest, host, count * size) };
    }
    for at in (0..count).map(|index| index * size) {
        // SAFETY: the caller's promise.
        unsafe { load(guest.wrapping_add(at), host.wrapping_add(at), size) };
    }
}

/// Copies `count` values at `host` to `guest`, one by one where the width of an access matters.
///
/// # Safety
/// As [`store`], for `count * size_of::<T>()` bytes.
pub(super) unsafe fn store_values<T: ByteValued>(host: *const T, guest: *mut u8, count: usize) {
    let (host, size) = (host.cast::<u8>(), size_of::<T>());
    if !(2..=SCALAR).contains(&size) {
        // SAFETY: the caller's promise, which also says that the product does not overflow.
        return unsafe { store(host, guest, count * size) };
    }
    for at in (0..count).map(|index| index * size) {
        // SAFETY: the caller's promise.
        unsafe { store(host.wrapping_add(at), guest.wrapping_add(at), size) };
    }
}

#[cfg(test)]
mod tests;
