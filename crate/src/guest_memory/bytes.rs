//! Every [`GuestMemory`] as [`Bytes`] at guest addresses.

use super::{Error, GuestAddress, GuestMemory, GuestMemorySliceIterator, Permissions, Result};
use crate::bytes::{AtomicAccess, ByteValued, Bytes};
use crate::io::{ReadVolatile, WriteVolatile};
use crate::volatile_memory::VolatileMemory;
use std::sync::atomic::Ordering;

/// `write` and `read` stop at the first byte that is not backed. `write_slice` and `read_slice` look at the whole
/// range first and move nothing if it is not backed as a whole (vm-memory moves what comes before the hole):
/// [`Error::InvalidGuestAddress`] if the first byte is not, [`Error::PartialBuffer`] if a later one is not,
/// [`Error::GuestAddressOverflow`] if the range goes on past 2^64. `read_exact_volatile_from` and
/// `write_all_volatile_to` look first in the same way. `read_volatile_from` stops where the stream gives less than a
/// region takes, so that what it filled has no gap (vm-memory goes on in the next region). `store` and `load` answer
/// [`Error::InvalidBackendAddress`] for an integer that is not aligned or crosses the end of a region.
impl<T: GuestMemory + ?Sized> Bytes<GuestAddress> for T {
    type E = Error;

    #[inline]
    fn write(&self, buf: &[u8], addr: GuestAddress) -> Result<usize> {
        let mut done = 0;
        for slice in self
            .get_slices(addr, buf.len(), Permissions::Write)?
            .stop_on_error()?
        {
            done += slice.write(&buf[done..], 0)?;
        }
        Ok(done)
    }

    #[inline]
    fn read(&self, buf: &mut [u8], addr: GuestAddress) -> Result<usize> {
        let mut done = 0;
        for slice in self
            .get_slices(addr, buf.len(), Permissions::Read)?
            .stop_on_error()?
        {
            done += slice.read(&mut buf[done..], 0)?;
        }
        Ok(done)
    }

    #[inline]
    fn write_slice(&self, buf: &[u8], addr: GuestAddress) -> Result<()> {
        match self.contiguous_slice(addr, buf.len(), Permissions::Write) {
            Some(slice) => slice.copy_from(buf),
            None => return write_pieces(self, buf, addr),
        }
        Ok(())
    }

    #[inline]
    fn read_slice(&self, buf: &mut [u8], addr: GuestAddress) -> Result<()> {
        match self.contiguous_slice(addr, buf.len(), Permissions::Read) {
            Some(slice) => slice.copy_to(buf),
            None => return read_pieces(self, buf, addr),
        };
        Ok(())
    }

    /// As `write_slice`, but the value may stay in a register.
    #[inline]
    fn write_obj<O: ByteValued>(&self, val: O, addr: GuestAddress) -> Result<()> {
        let done = self
            .contiguous_slice(addr, size_of::<O>(), Permissions::Write)
            .and_then(|slice| slice.get_ref(0).ok().map(|place| place.store(val)));
        match done {
            Some(()) => Ok(()),
            None => write_obj_pieces(self, val, addr),
        }
    }

    /// As `read_slice`, but not into memory that would have to be zeroed first.
    #[inline]
    fn read_obj<O: ByteValued>(&self, addr: GuestAddress) -> Result<O> {
        let value = self
            .contiguous_slice(addr, size_of::<O>(), Permissions::Read)
            .and_then(|slice| slice.get_ref(0).ok().map(|place| place.load()));
        match value {
            Some(value) => Ok(value),
            None => read_obj_pieces(self, addr),
        }
    }

    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<usize> {
        let mut done = 0;
        for slice in self
            .get_slices(addr, count, Permissions::Write)?
            .stop_on_error()?
        {
            let read = slice.read_volatile_from(0, src, slice.len())?;
            done += read;
            if read < slice.len() {
                break;
            }
        }
        Ok(done)
    }

    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<()> {
        check_backed(self, addr, count, Permissions::Write)?;
        let mut done = 0;
        for slice in self
            .get_slices(addr, count, Permissions::Write)?
            .stop_on_error()?
        {
            let end = done + slice.len();
            while done < end {
                // Not the stream's own way to read all: some of them read nothing then, and none says how much.
                match slice.read_volatile_from(slice.len() - (end - done), src, end - done)? {
                    0 => return all_moved(done, count),
                    // It cannot have given more than there was room for, whatever it says.
                    read => done += read.min(end - done),
                }
            }
        }
        all_moved(done, count)
    }

    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<usize> {
        let mut done = 0;
        for slice in self
            .get_slices(addr, count, Permissions::Read)?
            .stop_on_error()?
        {
            // All: a sink that takes less than it is given is an error, as in vm-memory.
            slice.write_all_volatile_to(0, dst, slice.len())?;
            done += slice.len();
        }
        Ok(done)
    }

    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<()> {
        check_backed(self, addr, count, Permissions::Read)?;
        all_moved(self.write_volatile_to(addr, dst, count)?, count)
    }

    #[inline]
    fn store<O: AtomicAccess>(&self, val: O, addr: GuestAddress, order: Ordering) -> Result<()> {
        let done = self
            .contiguous_slice(addr, size_of::<O>(), Permissions::Write)
            .and_then(|slice| slice.store(val, 0, order).ok());
        done.ok_or_else(|| no_scalar(self, addr, size_of::<O>(), Permissions::Write))
    }

    #[inline]
    fn load<O: AtomicAccess>(&self, addr: GuestAddress, order: Ordering) -> Result<O> {
        let value = self
            .contiguous_slice(addr, size_of::<O>(), Permissions::Read)
            .and_then(|slice| slice.load(0, order).ok());
        value.ok_or_else(|| no_scalar(self, addr, size_of::<O>(), Permissions::Read))
    }
}

/// `write_slice` where the range is not one slice: kept out of the code around the common case.
#[cold]
#[inline(never)]
fn write_pieces<T>(memory: &T, buf: &[u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Write)?;
    all_moved(memory.write(buf, addr)?, buf.len())
}

/// `read_slice` where the range is not one slice.
#[cold]
#[inline(never)]
fn read_pieces<T>(memory: &T, buf: &mut [u8], addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
{
    check_backed(memory, addr, buf.len(), Permissions::Read)?;
    all_moved(memory.read(buf, addr)?, buf.len())
}

/// `write_obj` where the range is not one slice.
#[cold]
#[inline(never)]
fn write_obj_pieces<T, O>(memory: &T, val: O, addr: GuestAddress) -> Result<()>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    write_pieces(memory, val.as_slice(), addr)
}

/// `read_obj` where the range is not one slice.
#[cold]
#[inline(never)]
fn read_obj_pieces<T, O>(memory: &T, addr: GuestAddress) -> Result<O>
where
    T: GuestMemory + ?Sized,
    O: ByteValued,
{
    let mut value = O::zeroed();
    read_pieces(memory, value.as_mut_slice(), addr).map(|()| value)
}

/// Whether all of the `expected` bytes from `addr` allow `access`, and if not, why.
#[cold]
fn check_backed<T>(
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

/// Also after the check, as an IOMMU may have changed its mappings since.
fn all_moved(completed: usize, expected: usize) -> Result<()> {
    if completed == expected {
        Ok(())
    } else {
        Err(Error::PartialBuffer {
            expected,
            completed,
        })
    }
}

#[cfg(test)]
mod tests;
