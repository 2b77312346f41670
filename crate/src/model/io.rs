//! Streams to and from guest memory: [`ReadVolatile`] and [`WriteVolatile`] do for volatile memory what
//! `std::io::Read` and `Write` do for ordinary buffers. They never make a Rust slice of guest bytes.

use crate::model::bitmap::BitmapSlice;
use crate::model::volatile_memory::{Error, Result, VolatileSlice};
use std::io::{Cursor, ErrorKind};
use std::mem;

#[cfg(all(unix, feature = "rawfd"))]
mod fd;
#[cfg(not(all(unix, feature = "rawfd")))]
mod stream;

/// A stream that memory can be filled from.
///
/// ```
/// use guest_memory::{ReadVolatile, VolatileSlice};
/// let mut backing = [0u8; 4];
/// let mut source: &[u8] = &[1, 2, 3, 4, 5];
/// source.read_exact_volatile(&mut VolatileSlice::from(&mut backing[..])).unwrap();
/// assert_eq!((backing, source), ([1, 2, 3, 4], &[5][..]));
/// ```
pub trait ReadVolatile {
    /// Reads up to `buf.len()` bytes into `buf`, marks them, and gives their number: 0 at the end.
    ///
    /// # Errors
    /// [`Error::IOError`] if the stream fails. Bytes of `buf` may have changed then; they are marked.
    fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize>;

    /// Reads until `buf` is full. Interrupted reads are tried again.
    ///
    /// # Errors
    /// [`Error::IOError`] if the stream fails, and with `UnexpectedEof` if it ends before. The bytes that were read
    /// stay in `buf`.
    fn read_exact_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<()> {
        let mut rest = buf.offset(0)?;
        while !rest.is_empty() {
            match uninterrupted(|| self.read_volatile(&mut rest))? {
                0 => return Err(Error::IOError(ErrorKind::UnexpectedEof.into())),
                // A stream that claims more bytes than there was room for is out of bounds.
                read => rest = rest.offset(read)?,
            }
        }
        Ok(())
    }
}

/// A stream that memory can be written to.
///
/// ```
/// use guest_memory::{VolatileSlice, WriteVolatile};
/// let mut backing = [1u8, 2, 3];
/// let mut sink = vec![0u8];
/// sink.write_all_volatile(&VolatileSlice::from(&mut backing[..])).unwrap();
/// assert_eq!(sink, [0, 1, 2, 3]);
/// ```
pub trait WriteVolatile {
    /// Writes up to `buf.len()` bytes of `buf`, and gives their number: 0 if the stream takes no more.
    ///
    /// # Errors
    /// [`Error::IOError`] if the stream fails.
    fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize>;

    /// Writes all of `buf`. Interrupted writes are tried again.
    ///
    /// # Errors
    /// [`Error::IOError`] if the stream fails, and with `WriteZero` if it takes no more.
    fn write_all_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<()> {
        let mut rest = buf.offset(0)?;
        while !rest.is_empty() {
            match uninterrupted(|| self.write_volatile(&rest))? {
                0 => return Err(Error::IOError(ErrorKind::WriteZero.into())),
                written => rest = rest.offset(written)?,
            }
        }
        Ok(())
    }
}

/// Repeats the transfer while a signal interrupts it.
pub(crate) fn uninterrupted(mut transfer: impl FnMut() -> Result<usize>) -> Result<usize> {
    loop {
        match transfer() {
            Err(Error::IOError(error)) if error.kind() == ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}

/// Reads from the front, and shortens the slice by the bytes read.
impl ReadVolatile for &[u8] {
    fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize> {
        let (front, rest) = self.split_at(self.len().min(buf.len()));
        buf.copy_from(front);
        *self = rest;
        Ok(front.len())
    }

    /// Reads nothing if too few bytes are left.
    fn read_exact_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<()> {
        if self.len() < buf.len() {
            return Err(Error::IOError(ErrorKind::UnexpectedEof.into()));
        }
        self.read_volatile(buf).map(|_| ())
    }
}

/// Writes to the front, and shortens the slice by the bytes written.
impl WriteVolatile for &mut [u8] {
    fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize> {
        let length = self.len().min(buf.len());
        let (front, rest) = mem::take(self).split_at_mut(length);
        buf.copy_to(front);
        *self = rest;
        Ok(length)
    }
}

/// Appends the bytes.
impl WriteVolatile for Vec<u8> {
    /// # Errors
    /// [`Error::IOError`] with `OutOfMemory` if there is no room for so many more.
    fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize> {
        self.try_reserve(buf.len())
            .map_err(|_| Error::IOError(ErrorKind::OutOfMemory.into()))?;
        let start = self.len();
        self.resize(start + buf.len(), 0);
        Ok(buf.copy_to(&mut self[start..]))
    }
}

/// A cursor's position among `length` bytes; the end if it is beyond.
fn position<T>(cursor: &Cursor<T>, length: usize) -> usize {
    usize::try_from(cursor.position()).map_or(length, |position| position.min(length))
}

impl<T: AsRef<[u8]>> ReadVolatile for Cursor<T> {
    fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize> {
        let bytes = self.get_ref().as_ref();
        let read = (&bytes[position(self, bytes.len())..]).read_volatile(buf)?;
        self.set_position(self.position() + read as u64);
        Ok(read)
    }

    /// Reads nothing if too few bytes are left.
    fn read_exact_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<()> {
        let bytes = self.get_ref().as_ref();
        (&bytes[position(self, bytes.len())..]).read_exact_volatile(buf)?;
        self.set_position(self.position() + buf.len() as u64);
        Ok(())
    }
}

impl WriteVolatile for Cursor<&mut [u8]> {
    fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize> {
        let start = position(self, self.get_ref().len());
        let written = (&mut self.get_mut()[start..]).write_volatile(buf)?;
        self.set_position(self.position() + written as u64);
        Ok(written)
    }
}

#[cfg(test)]
mod tests;
