//! Streams by their file descriptor: the system copies straight from and to the memory.

use super::{ReadVolatile, WriteVolatile};
use crate::model::bitmap::BitmapSlice;
use crate::model::volatile_memory::{Error, Result, VolatileSlice};
use std::fs::File;
use std::io::{self, Stdout};
use std::net::TcpStream;
use std::os::fd::{AsFd, AsRawFd, BorrowedFd, OwnedFd};
use std::os::unix::net::UnixStream;

/// The most bytes in one call to the system: more is undefined.
const LONGEST: usize = isize::MAX.unsigned_abs();

fn read<B: BitmapSlice>(fd: BorrowedFd<'_>, buf: &VolatileSlice<B>) -> Result<usize> {
    let start = buf.ptr_guard_mut();
    // SAFETY: `std::io::Read` needs a slice, and no slice may be made of volatile bytes. That many bytes are valid for
    // writes while `buf` lives, and the system keeps no reference to them.
    let read = unsafe {
        libc::read(
            fd.as_raw_fd(),
            start.as_ptr().cast(),
            buf.len().min(LONGEST),
        )
    };
    match usize::try_from(read) {
        Ok(read) => {
            buf.bitmap().mark_dirty(0, read);
            Ok(read)
        }
        Err(_) => {
            let error = io::Error::last_os_error();
            // The system does not tell how many bytes it wrote before it failed.
            buf.bitmap().mark_dirty(0, buf.len());
            Err(Error::IOError(error))
        }
    }
}

fn write<B: BitmapSlice>(fd: BorrowedFd<'_>, buf: &VolatileSlice<B>) -> Result<usize> {
    let start = buf.ptr_guard();
    // SAFETY: as in `read`, for reads.
    let written = unsafe {
        libc::write(
            fd.as_raw_fd(),
            start.as_ptr().cast(),
            buf.len().min(LONGEST),
        )
    };
    usize::try_from(written).map_err(|_| Error::IOError(io::Error::last_os_error()))
}

macro_rules! impl_read {
    ($($T:ty)*) => {$(
        impl ReadVolatile for $T {
            fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize> {
                read(self.as_fd(), buf)
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($T:ty)*) => {$(
        impl WriteVolatile for $T {
            fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize> {
                write(self.as_fd(), buf)
            }
        }
    )*};
}

macro_rules! impl_both {
    ($($T:ty)*) => {$(
        impl_read! { $T &$T &mut $T }
        impl_write! { $T &$T &mut $T }
    )*};
}

impl_both! { File TcpStream UnixStream OwnedFd BorrowedFd<'_> }
impl_write! { Stdout &Stdout }

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bitmap::tests::ByteMap;
    use crate::model::bytes::Bytes;
    use crate::model::volatile_memory::tests::{Buffer, contents, marked};

    #[test]
    fn a_socket_carries_what_the_memory_holds() {
        let (mut near, far) = UnixStream::pair().unwrap();
        let mut source = Buffer::new();
        let source = source.slice();
        source.write_slice(&[1, 2, 3, 4, 5], 0).unwrap();
        source.write_all_volatile_to(0, &mut near, 3).unwrap();
        source.write_all_volatile_to(3, &mut &near, 2).unwrap();

        let mut buffer = Buffer::new();
        let (sink, map) = marked(&mut buffer);
        let mut far = OwnedFd::from(far);
        sink.read_exact_volatile_from(90, &mut far, 4).unwrap();
        assert_eq!(map.take(), [90, 91, 92, 93]);
        let read = sink.read_volatile_from(8, &mut far.as_fd(), 16).unwrap();
        assert_eq!((read, map.take()), (1, vec![8]), "no more is there");
        assert_eq!(contents(&sink)[90..94], [1, 2, 3, 4]);
        assert_eq!(contents(&sink)[8..10], [5, 0]);

        drop(near);
        let error = sink.read_exact_volatile_from(0, &mut &far, 2).unwrap_err();
        assert!(
            matches!(error, Error::IOError(error) if error.kind() == io::ErrorKind::UnexpectedEof)
        );
    }

    #[test]
    fn after_a_failed_read_nobody_knows_what_was_written() {
        let mut buffer = Buffer::new();
        let (sink, map) = marked(&mut buffer);
        let mut folder = File::open(".").unwrap();
        assert!(matches!(
            sink.read_volatile_from(90, &mut folder, 4),
            Err(Error::IOError(_))
        ));
        assert_eq!(map.take(), [90, 91, 92, 93]);
        let (bitmap, text): (&ByteMap, &str) = (sink.bitmap(), "opened for reading");
        let error = sink.write_volatile_to(0, &mut folder, 4).unwrap_err();
        assert!(matches!(error, Error::IOError(_)), "{text}");
        assert!(bitmap.take().is_empty());
    }

    #[test]
    fn no_bytes_go_to_standard_output() {
        let mut buffer = Buffer::new();
        let slice = buffer.slice();
        assert_eq!(slice.write_volatile_to(0, &mut io::stdout(), 0).unwrap(), 0);
        assert_eq!(
            slice.write_volatile_to(0, &mut &io::stdout(), 0).unwrap(),
            0
        );
    }
}
