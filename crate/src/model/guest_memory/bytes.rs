//! Every [`GuestMemory`] as [`Bytes`] at guest addresses.

use super::{Error, GuestAddress, GuestMemory, Permissions, Result};
use crate::model::bitmap::{BS, BitmapSlice};
use crate::model::bytes::{AtomicAccess, ByteValued, Bytes};
use crate::model::external::ExternalRun;
use crate::model::io::{ReadVolatile, WriteVolatile};
use crate::model::volatile_memory::{VolatileMemory, VolatileSlice};
use pieces::{
    Part, all_moved, check_backed, in_parts, load_elsewhere, read_obj_pieces, read_pieces,
    store_elsewhere, write_obj_pieces, write_pieces,
};
use std::sync::atomic::Ordering;

mod pieces;

/// `write` and `read` stop at the first byte that is not backed. `write_slice` and `read_slice` check the whole range
/// first, and move nothing if part of it is not backed (vm-memory moves the bytes before the hole):
/// [`Error::InvalidGuestAddress`] if the first byte is not backed, [`Error::PartialBuffer`] if a later byte is not,
/// [`Error::GuestAddressOverflow`] if the range goes on past 2^64. `read_exact_volatile_from` and
/// `write_all_volatile_to` check first in the same way. `read_volatile_from` stops if the stream gives less than a
/// region takes, so that the filled bytes have no gap (vm-memory goes on in the next region). `store` and `load`
/// return [`Error::InvalidBackendAddress`] for an integer that is not aligned or crosses the end of a region. Bytes
/// that no slice shows ([`GuestMemory::external_run`]) are copied through a buffer, and have no atomic accesses.
impl<T: GuestMemory + ?Sized> Bytes<GuestAddress> for T {
    type E = Error;

    #[inline]
    fn write(&self, buf: &[u8], addr: GuestAddress) -> Result<usize> {
        if let Some(slice) = self.contiguous_slice(addr, buf.len(), Permissions::Write) {
            slice.copy_from(buf);
            return Ok(buf.len());
        }
        in_parts(
            self,
            addr,
            buf.len(),
            Permissions::Write,
            |part, done| match part {
                Part::Slice(slice) => Ok(slice.write(&buf[done..], 0)?),
                Part::External(external) => external.write(&buf[done..]),
            },
        )?
        .partly()
    }

    #[inline]
    fn read(&self, buf: &mut [u8], addr: GuestAddress) -> Result<usize> {
        if let Some(slice) = self.contiguous_slice(addr, buf.len(), Permissions::Read) {
            return Ok(slice.copy_to(buf));
        }
        in_parts(
            self,
            addr,
            buf.len(),
            Permissions::Read,
            |part, done| match part {
                Part::Slice(slice) => Ok(slice.read(&mut buf[done..], 0)?),
                Part::External(external) => external.read(&mut buf[done..]),
            },
        )?
        .partly()
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

    /// Like `write_slice`, but the value may stay in a register.
    #[inline(always)]
    fn write_obj<O: ByteValued>(&self, val: O, addr: GuestAddress) -> Result<()> {
        if let Some(slice) = self.plain_slice(addr, size_of::<O>(), Permissions::Write)
            && let Ok(value) = slice.get_ref(0)
        {
            value.store(val);
            return Ok(());
        }
        write_obj_pieces(self, val, addr)
    }

    /// Like `read_slice`, but without a buffer that has to be zeroed first.
    #[inline(always)]
    fn read_obj<O: ByteValued>(&self, addr: GuestAddress) -> Result<O> {
        if let Some(slice) = self.plain_slice(addr, size_of::<O>(), Permissions::Read)
            && let Ok(value) = slice.get_ref(0)
        {
            return Ok(value.load());
        }
        read_obj_pieces(self, addr)
    }

    fn read_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<usize> {
        if let Some(slice) = some_bytes(self, addr, count, Permissions::Write) {
            return Ok(slice.read_volatile_from(0, src, count)?);
        }
        in_parts(
            self,
            addr,
            count,
            Permissions::Write,
            |part, _| match part {
                Part::Slice(slice) => Ok(slice.read_volatile_from(0, src, slice.len())?),
                Part::External(external) => bounce_in(&external, |slice| {
                    Ok(slice.read_volatile_from(0, src, slice.len())?)
                }),
            },
        )?
        .partly()
    }

    fn read_exact_volatile_from<F: ReadVolatile>(
        &self,
        addr: GuestAddress,
        src: &mut F,
        count: usize,
    ) -> Result<()> {
        if let Some(slice) = some_bytes(self, addr, count, Permissions::Write) {
            return all_moved(fill(&slice, src)?, count);
        }
        check_backed(self, addr, count, Permissions::Write)?;
        let reached = in_parts(
            self,
            addr,
            count,
            Permissions::Write,
            |part, _| match part {
                Part::Slice(slice) => fill(&slice, src),
                Part::External(external) => bounce_in(&external, |slice| fill(slice, src)),
            },
        )?;
        all_moved(reached.partly()?, count)
    }

    fn write_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<usize> {
        // `write_all`, here and below: a sink that takes less than it is given is an error, as in vm-memory.
        if let Some(slice) = some_bytes(self, addr, count, Permissions::Read) {
            return Ok(slice.write_all_volatile_to(0, dst, count).map(|()| count)?);
        }
        in_parts(self, addr, count, Permissions::Read, |part, _| match part {
            Part::Slice(slice) => {
                slice.write_all_volatile_to(0, dst, slice.len())?;
                Ok(slice.len())
            }
            Part::External(external) => bounce_out(&external, dst),
        })?
        .partly()
    }

    fn write_all_volatile_to<F: WriteVolatile>(
        &self,
        addr: GuestAddress,
        dst: &mut F,
        count: usize,
    ) -> Result<()> {
        if let Some(slice) = some_bytes(self, addr, count, Permissions::Read) {
            return Ok(slice.write_all_volatile_to(0, dst, count)?);
        }
        check_backed(self, addr, count, Permissions::Read)?;
        all_moved(self.write_volatile_to(addr, dst, count)?, count)
    }

    #[inline]
    fn store<O: AtomicAccess>(&self, val: O, addr: GuestAddress, order: Ordering) -> Result<()> {
        if let Some(slice) = self.plain_slice(addr, size_of::<O>(), Permissions::Write)
            && slice.store(val, 0, order).is_ok()
        {
            return Ok(());
        }
        store_elsewhere(self, val, addr, order)
    }

    #[inline]
    fn load<O: AtomicAccess>(&self, addr: GuestAddress, order: Ordering) -> Result<O> {
        if let Some(slice) = self.plain_slice(addr, size_of::<O>(), Permissions::Read)
            && let Ok(value) = slice.load(0, order)
        {
            return Ok(value);
        }
        load_elsewhere(self, addr, order)
    }
}

/// Fills a slice from a stream, and returns the number of bytes read: fewer if the stream ends.
fn fill<B, F>(slice: &VolatileSlice<'_, B>, src: &mut F) -> Result<usize>
where
    B: BitmapSlice,
    F: ReadVolatile,
{
    let mut done = 0;
    while done < slice.len() {
        let left = slice.len() - done;
        // Not `read_exact_volatile`: at the end of the stream some implementors read nothing, and none tells how much
        // it read.
        match slice.read_volatile_from(done, src, left)? {
            0 => break,
            // The stream cannot have filled more than the buffer, even if it returns a larger number.
            read => done += read.min(left),
        }
    }
    Ok(done)
}

/// The size in bytes of the buffer between a stream and external memory, which no slice shows.
const BOUNCE: usize = 4096;

/// Fills external memory through a buffer. `take` fills the buffer from the stream, until the stream ends.
#[cold]
fn bounce_in(
    external: &ExternalRun<'_>,
    mut take: impl FnMut(&VolatileSlice<'_>) -> Result<usize>,
) -> Result<usize> {
    let mut buffer = [0; BOUNCE];
    let mut done = 0;
    while done < external.len() {
        let length = BOUNCE.min(external.len() - done);
        let got = take(&VolatileSlice::from(&mut buffer[..length]))?.min(length);
        external.part(done).write(&buffer[..got])?;
        done += got;
        if got < length {
            break;
        }
    }
    Ok(done)
}

/// Writes external memory to a stream, through a buffer.
#[cold]
fn bounce_out<F: WriteVolatile>(external: &ExternalRun<'_>, dst: &mut F) -> Result<usize> {
    let mut buffer = [0; BOUNCE];
    let mut done = 0;
    while done < external.len() {
        let length = external.part(done).read(&mut buffer)?;
        let slice = VolatileSlice::from(&mut buffer[..length]);
        slice.write_all_volatile_to(0, dst, length)?;
        done += length;
    }
    Ok(done)
}

/// The range as one slice, for a stream. `None` for an empty range: then the stream is not called.
#[inline]
fn some_bytes<T>(
    memory: &T,
    addr: GuestAddress,
    count: usize,
    access: Permissions,
) -> Option<VolatileSlice<'_, BS<'_, T::Bitmap>>>
where
    T: GuestMemory + ?Sized,
{
    let slice = memory.contiguous_slice(addr, count, access)?;
    (count > 0 && slice.len() == count).then_some(slice)
}

#[cfg(test)]
mod tests;
