//! The rare ways of an access at guest addresses: ranges in several slices, and why a range is refused. They are not
//! inlined, which keeps them out of the code around the common access.

use crate::bytes::{ByteValued, Bytes};
use crate::guest_memory::{Error, GuestAddress, GuestMemory, Permissions, Result};

/// `write_slice` where the range is not one slice.
#[cold]
#[inline(never)]
pub(super) fn write_pieces<T>(memory: &T, buf: &[u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Write)?;
    all_moved(memory.write(buf, addr)?, buf.len())
}

/// `read_slice` where the range is not one slice.
#[cold]
#[inline(never)]
pub(super) fn read_pieces<T>(memory: &T, buf: &mut [u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Read)?;
    all_moved(memory.read(buf, addr)?, buf.len())
}

/// `write_obj` where the range is not one slice.
#[cold]
#[inline(never)]
pub(super) fn write_obj_pieces<T, O>(memory: &T, val: O, addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    write_pieces(memory, val.as_slice(), addr)
}

/// `read_obj` where the range is not one slice.
#[cold]
#[inline(never)]
pub(super) fn read_obj_pieces<T, O>(memory: &T, addr: GuestAddress) -> Result<O>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    let mut value = O::zeroed();
    read_pieces(memory, value.as_mut_slice(), addr).map(|()| value)
}

/// Whether all of the `expected` bytes from `addr` allow `access`, and if not, why.
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
    let mut completed = 0;
    for slice in memory.get_slices(addr, expected, access)? {
        match slice {
            Ok(slice) => completed += slice.len(),
            Err(Error::GuestAddressOverflow) => return Err(Error::GuestAddressOverflow),
            Err(error) if completed == 0 => return Err(error),
            Err(_) => break,
        }
    }
    all_moved(completed, expected)
}

/// Why the `size` bytes at `addr` are no integer for `access`: the error of the first, or that they are in several
/// regions or not aligned.
#[cold]
#[inline(never)]
pub(super) fn no_scalar<T>(
    memory: &T,
    addr: GuestAddress,
    size: usize,
    access: Permissions,
) -> Error
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

/// Also after the check, as an IOMMU may have changed its mappings since.
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
