//! The standard library's streams on targets without raw file descriptors. They take slices, and no slice is ever made
//! of guest memory, so the bytes pass through a buffer.

use super::{ReadVolatile, WriteVolatile};
use crate::model::bitmap::BitmapSlice;
use crate::model::volatile_memory::{Error, Result, VolatileSlice};
use std::fs::File;
use std::io::{Read, Stdout, Write};
use std::net::TcpStream;

/// The size of the buffer in bytes. It is on the stack, because a heap allocation might grow the linear memory.
const BUFFER: usize = 8 * 1024;

fn read<B: BitmapSlice>(mut stream: impl Read, buf: &VolatileSlice<B>) -> Result<usize> {
    let mut bytes = [0; BUFFER];
    let room = &mut bytes[..buf.len().min(BUFFER)];
    let read = stream.read(room).map_err(Error::IOError)?.min(room.len());
    buf.copy_from(&room[..read]);
    Ok(read)
}

fn write<B: BitmapSlice>(mut stream: impl Write, buf: &VolatileSlice<B>) -> Result<usize> {
    let mut bytes = [0; BUFFER];
    let count = buf.copy_to(&mut bytes);
    stream.write(&bytes[..count]).map_err(Error::IOError)
}

macro_rules! impl_read {
    ($($Self:ty: $T:ty),*) => {$(
        impl ReadVolatile for $Self {
            fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize> {
                let stream: &$T = self;
                read(stream, buf)
            }
        }
    )*};
}

macro_rules! impl_write {
    ($($Self:ty: $T:ty),*) => {$(
        impl WriteVolatile for $Self {
            fn write_volatile<B: BitmapSlice>(&mut self, buf: &VolatileSlice<B>) -> Result<usize> {
                let stream: &$T = self;
                write(stream, buf)
            }
        }
    )*};
}

macro_rules! impl_both {
    ($($T:ty),*) => {$(
        impl_read! { $T: $T, &$T: $T, &mut $T: $T }
        impl_write! { $T: $T, &$T: $T, &mut $T: $T }
    )*};
}

impl_both! { File, TcpStream }
impl_write! { Stdout: Stdout, &Stdout: Stdout }

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use crate::model::bytes::Bytes;
    use crate::model::volatile_memory::tests::{Buffer, contents, marked};
    use std::io::{self, ErrorKind};
    use std::net::TcpListener;

    #[test]
    fn a_socket_carries_what_the_memory_holds() {
        let listener = TcpListener::bind(("127.0.0.1", 0)).unwrap();
        let mut near = TcpStream::connect(listener.local_addr().unwrap()).unwrap();
        let (mut far, _) = listener.accept().unwrap();
        let mut source = Buffer::new();
        let source = source.slice();
        source.write_slice(&[1, 2, 3, 4, 5], 0).unwrap();
        source.write_all_volatile_to(0, &mut near, 3).unwrap();
        source.write_all_volatile_to(3, &mut &near, 2).unwrap();

        let mut buffer = Buffer::new();
        let (sink, map) = marked(&mut buffer);
        sink.read_exact_volatile_from(90, &mut &mut far, 4).unwrap();
        assert_eq!(map.take(), [90, 91, 92, 93]);
        let read = sink.read_volatile_from(8, &mut &far, 16).unwrap();
        assert_eq!((read, map.take()), (1, vec![8]), "no more is there");
        assert_eq!(contents(&sink)[90..94], [1, 2, 3, 4]);
        assert_eq!(contents(&sink)[8..10], [5, 0]);

        drop(near);
        let error = sink.read_exact_volatile_from(0, &mut far, 2).unwrap_err();
        assert!(matches!(error, Error::IOError(error) if error.kind() == ErrorKind::UnexpectedEof));
    }

    #[test]
    fn more_than_the_buffer_holds_goes_in_pieces() {
        let mut bytes: Vec<u8> = (0..=250).cycle().take(3 * BUFFER + 5).collect();
        let expected = bytes.clone();
        let source = VolatileSlice::from(&mut bytes[..]);
        let path = std::env::temp_dir().join(format!("guest-memory-{}", std::process::id()));
        let mut file = File::create(&path).unwrap();
        source
            .write_all_volatile_to(0, &mut file, expected.len())
            .unwrap();
        source.copy_from(&vec![0u8; expected.len()]);
        let mut file = File::open(&path).unwrap();
        std::fs::remove_file(&path).unwrap();
        source
            .read_exact_volatile_from(0, &mut file, expected.len())
            .unwrap();
        assert_eq!(contents(&source), expected);
        assert_eq!(source.read_volatile_from(0, &mut file, 1).unwrap(), 0);
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
