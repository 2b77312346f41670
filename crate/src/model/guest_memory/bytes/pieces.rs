//! The rare cases of an access at guest addresses: ranges in several slices, and the errors of refused ranges. They
//! are not inlined, which keeps them out of the code around the common access.

use crate::model::address::Address;
use crate::model::bitmap::BS;
use crate::model::bytes::{AtomicAccess, ByteValued, Bytes};
use crate::model::external::ExternalRun;
use crate::model::guest_memory::{Error, GuestAddress, GuestMemory, Permissions, Result};
use crate::model::volatile_memory::VolatileSlice;
use std::sync::atomic::Ordering;

/// A part of a range.
pub(super) enum Part<'a, B> {
    /// Bytes in one slice.
    Slice(VolatileSlice<'a, B>),
    /// External bytes, which can only be copied.
    External(ExternalRun<'a>),
}

/// The progress of an access, and the error that ended it.
pub(super) struct Reached {
    pub(super) done: usize,
    pub(super) stop: Option<Error>,
}

impl Reached {
    /// The result of an access that may end early, but not before its first byte.
    pub(super) fn partly(self) -> Result<usize> {
        match self.stop {
            Some(error) if self.done == 0 => Err(error),
            _ => Ok(self.done),
        }
    }
}

/// Calls `act` with each part of a range in turn, and the number of bytes before it. `act` returns the number of bytes
/// of the part that it has moved. If these are not all, the access ends.
#[inline]
pub(super) fn in_parts<'a, T>(
    memory: &'a T,
    addr: GuestAddress,
    count: usize,
    access: Permissions,
    mut act: impl FnMut(Part<'a, BS<'a, T::Bitmap>>, usize) -> Result<usize>,
) -> Result<Reached>
where
    T: GuestMemory + ?Sized,
{
    let (mut done, mut at) = (0, addr);
    loop {
        let mut stop = None;
        for slice in memory.get_slices(at, count - done, access)? {
            let slice = match slice {
                Ok(slice) => slice,
                Err(error) => {
                    stop = Some(error);
                    break;
                }
            };
            let length = slice.len();
            let moved = act(Part::Slice(slice), done)?;
            done += moved;
            if moved < length {
                return Ok(Reached { done, stop: None });
            }
        }
        let external = addr.checked_add(done as u64).filter(|_| done < count);
        let Some((next, external)) = external
            .and_then(|next| Some((next, memory.external_run(next, count - done, access)?)))
        else {
            return Ok(Reached { done, stop });
        };
        let length = external.len();
        let moved = act(Part::External(external), done)?;
        done += moved;
        let Some(behind) = next.checked_add(moved as u64) else {
            return Ok(Reached { done, stop });
        };
        at = behind;
        if moved < length || done >= count {
            return Ok(Reached { done, stop: None });
        }
    }
}

/// `write_slice` for a range that is not one slice.
#[cold]
#[inline(never)]
pub(super) fn write_pieces<T>(memory: &T, buf: &[u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Write)?;
    all_moved(memory.write(buf, addr)?, buf.len())
}

/// `read_slice` for a range that is not one slice.
#[cold]
#[inline(never)]
pub(super) fn read_pieces<T>(memory: &T, buf: &mut [u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Read)?;
    all_moved(memory.read(buf, addr)?, buf.len())
}

/// `write_obj` where there is no plain slice.
#[cold]
#[inline(never)]
pub(super) fn write_obj_pieces<T, O>(memory: &T, val: O, addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    memory.write_slice(val.as_slice(), addr)
}

/// `read_obj` where there is no plain slice.
#[cold]
#[inline(never)]
pub(super) fn read_obj_pieces<T, O>(memory: &T, addr: GuestAddress) -> Result<O>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    let mut value = O::zeroed();
    memory
        .read_slice(value.as_mut_slice(), addr)
        .map(|()| value)
}

/// `store` where there is no plain slice.
#[cold]
#[inline(never)]
pub(super) fn store_elsewhere<T, O>(
    memory: &T,
    val: O,
    addr: GuestAddress,
    order: Ordering,
) -> Result<()>
where
    T: GuestMemory + ?Sized,
    O: AtomicAccess,
{
    let done = memory
        .contiguous_slice(addr, size_of::<O>(), Permissions::Write)
        .and_then(|slice| slice.store(val, 0, order).ok());
    done.ok_or_else(|| no_scalar(memory, addr, size_of::<O>(), Permissions::Write))
}

/// `load` where there is no plain slice.
#[cold]
#[inline(never)]
pub(super) fn load_elsewhere<T, O>(memory: &T, addr: GuestAddress, order: Ordering) -> Result<O>
where
    T: GuestMemory + ?Sized,
    O: AtomicAccess,
{
    let value = memory
        .contiguous_slice(addr, size_of::<O>(), Permissions::Read)
        .and_then(|slice| slice.load(0, order).ok());
    value.ok_or_else(|| no_scalar(memory, addr, size_of::<O>(), Permissions::Read))
}

/// Checks that all of the `expected` bytes from `addr` allow `access`; returns the error if not.
#[cold]
pub(super) fn check_backed<T>(
    memory: &T,
    addr: GuestAddress,
    expected: usize,
    access: Permissions,
) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    let reached = in_parts(memory, addr, expected, access, |part, _| {
        Ok(match part {
            Part::Slice(slice) => slice.len(),
            Part::External(external) => external.len(),
        })
    })?;
    match reached.stop {
        Some(Error::GuestAddressOverflow) => Err(Error::GuestAddressOverflow),
        _ => all_moved(reached.partly()?, expected),
    }
}

/// The error of an atomic access to the `size` bytes at `addr`: the first byte's error, or else that they lie in
/// several regions or are not aligned.
#[cold]
#[inline(never)]
fn no_scalar<T>(memory: &T, addr: GuestAddress, size: usize, access: Permissions) -> Error
where
    T: GuestMemory + ?Sized,
{
    let first = memory
        .get_slices(addr, size, access)
        .map(|mut slices| slices.next().map(|slice| slice.err()));
    match first {
        Err(error) | Ok(Some(Some(error))) => error,
        Ok(_) => Error::InvalidBackendAddress,
    }
}

/// Needed after the check too, because an IOMMU may have changed its mappings since.
pub(super) fn all_moved(completed: usize, expected: usize) -> Result<()> {
    if completed == expected {
        Ok(())
    } else {
        Err(Error::PartialBuffer {
            expected,
            completed,
        })
    }
}
