//! Every [`GuestMemory`] as [`Bytes`] at guest addresses.

use super::{Error, GuestAddress, GuestMemory, GuestMemorySliceIterator, Permissions, Result};
use crate::bytes::{AtomicAccess, Bytes};
use crate::io::{ReadVolatile, WriteVolatile};
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
        if let Some(slice) = self.contiguous_slice(addr, buf.len(), Permissions::Write) {
            slice.copy_from(buf);
            return Ok(());
        }
        check_backed(self, addr, buf.len(), Permissions::Write)?;
        all_moved(self.write(buf, addr)?, buf.len())
    }

    #[inline]
    fn read_slice(&self, buf: &mut [u8], addr: GuestAddress) -> Result<()> {
        if let Some(slice) = self.contiguous_slice(addr, buf.len(), Permissions::Read) {
            slice.copy_to(buf);
            return Ok(());
        }
        check_backed(self, addr, buf.len(), Permissions::Read)?;
        all_moved(self.read(buf, addr)?, buf.len())
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
            slice.read_exact_volatile_from(0, src, slice.len())?;
            done += slice.len();
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
        match self.contiguous_slice(addr, size_of::<O>(), Permissions::Write) {
            Some(slice) => Ok(slice.store(val, 0, order)?),
            None => Err(no_scalar(self, addr, size_of::<O>(), Permissions::Write)),
        }
    }

    #[inline]
    fn load<O: AtomicAccess>(&self, addr: GuestAddress, order: Ordering) -> Result<O> {
        match self.contiguous_slice(addr, size_of::<O>(), Permissions::Read) {
            Some(slice) => Ok(slice.load(0, order)?),
            None => Err(no_scalar(self, addr, size_of::<O>(), Permissions::Read)),
        }
    }
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

/// Why the `size` bytes at `addr` are no slice for `access`: the error of the first, or that they are in several.
#[cold]
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
