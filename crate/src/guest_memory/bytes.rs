//! Every [`GuestMemory`] as [`Bytes`] at guest addresses.

use super::{Error, GuestAddress, GuestMemory, GuestMemorySliceIterator, Permissions, Result};
use crate::bitmap::BitmapSlice;
use crate::bytes::{AtomicAccess, Bytes};
use crate::volatile_memory::VolatileSlice;
use std::sync::atomic::Ordering;

/// `write` and `read` stop at the first byte that is not backed. `write_slice` and `read_slice` look at the whole
/// range first and move nothing if it is not backed as a whole (vm-memory moves what comes before the hole):
/// [`Error::InvalidGuestAddress`] if the first byte is not, [`Error::PartialBuffer`] if a later one is not,
/// [`Error::GuestAddressOverflow`] if the range goes on past 2^64. `store` and `load` answer
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
        match whole(
            self.get_slices(addr, buf.len(), Permissions::Write)?,
            buf.len(),
        )? {
            Some(slice) => {
                slice.copy_from(buf);
                Ok(())
            }
            None => all_moved(self.write(buf, addr)?, buf.len()),
        }
    }

    #[inline]
    fn read_slice(&self, buf: &mut [u8], addr: GuestAddress) -> Result<()> {
        match whole(
            self.get_slices(addr, buf.len(), Permissions::Read)?,
            buf.len(),
        )? {
            Some(slice) => {
                slice.copy_to(buf);
                Ok(())
            }
            None => all_moved(self.read(buf, addr)?, buf.len()),
        }
    }

    #[inline]
    fn store<O: AtomicAccess>(&self, val: O, addr: GuestAddress, order: Ordering) -> Result<()> {
        let mut slices = self.get_slices(addr, size_of::<O>(), Permissions::Write)?;
        let first = slices.next().ok_or(Error::InvalidGuestAddress(addr))??;
        Ok(first.store(val, 0, order)?)
    }

    #[inline]
    fn load<O: AtomicAccess>(&self, addr: GuestAddress, order: Ordering) -> Result<O> {
        let mut slices = self.get_slices(addr, size_of::<O>(), Permissions::Read)?;
        let first = slices.next().ok_or(Error::InvalidGuestAddress(addr))??;
        Ok(first.load(0, order)?)
    }
}

/// For a transfer of all of `count` bytes: the slice, if one has them all, or `None` if several do.
#[inline]
fn whole<'a, B: BitmapSlice>(
    mut slices: impl GuestMemorySliceIterator<'a, B>,
    count: usize,
) -> Result<Option<VolatileSlice<'a, B>>> {
    match slices.next().transpose()? {
        Some(first) if first.len() == count => Ok(Some(first)),
        first => check_rest(slices, first.map_or(0, |first| first.len()), count).map(|()| None),
    }
}

#[cold]
fn check_rest<'a, B: BitmapSlice>(
    slices: impl GuestMemorySliceIterator<'a, B>,
    first: usize,
    expected: usize,
) -> Result<()> {
    let mut completed = first;
    for slice in slices {
        match slice {
            Ok(slice) => completed += slice.len(),
            Err(Error::GuestAddressOverflow) => return Err(Error::GuestAddressOverflow),
            Err(_) => break,
        }
    }
    all_moved(completed, expected)
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
