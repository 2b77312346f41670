//! Tests of the streams that are memory themselves, and of the provided methods over a scripted stream.

use super::{ReadVolatile, WriteVolatile};
use crate::model::bitmap::BitmapSlice;
use crate::model::volatile_memory::tests::{Buffer, contents, marked};
use crate::model::volatile_memory::{Error, Result, VolatileSlice};
use std::io::{Cursor, ErrorKind};

/// A stream that answers its transfers with these results, in this order, whatever buffer it gets; then with 0.
struct Script(Vec<std::result::Result<usize, ErrorKind>>);

impl Script {
    fn next(&mut self) -> Result<usize> {
        if self.0.is_empty() {
            return Ok(0);
        }
        self.0.remove(0).map_err(|kind| Error::IOError(kind.into()))
    }
}

impl ReadVolatile for Script {
    fn read_volatile<B: BitmapSlice>(&mut self, buf: &mut VolatileSlice<B>) -> Result<usize> {
        let read = self.next()?;
        buf.copy_from(&vec![7u8; read]);
        Ok(read)
    }
}

impl WriteVolatile for Script {
    fn write_volatile<B: BitmapSlice>(&mut self, _buf: &VolatileSlice<B>) -> Result<usize> {
        self.next()
    }
}

fn kind(error: Error) -> ErrorKind {
    match error {
        Error::IOError(error) => error.kind(),
        other => panic!("{other}"),
    }
}

#[test]
fn all_is_moved_or_the_reason_given() {
    use ErrorKind::{BrokenPipe, Interrupted, UnexpectedEof, WriteZero};
    let mut buffer = Buffer::new();
    let slice = buffer.slice().subslice(0, 5).unwrap();
    let script = || Script(vec![Ok(2), Err(Interrupted), Ok(1), Ok(2), Err(BrokenPipe)]);
    script().read_exact_volatile(&mut slice.clone()).unwrap();
    script().write_all_volatile(&slice).unwrap();
    assert_eq!(contents(&slice), [7; 5]);
    let mut stream = script();
    let more = buffer.slice().subslice(0, 6).unwrap();
    let error = stream.read_exact_volatile(&mut more.clone()).unwrap_err();
    assert_eq!(kind(error), BrokenPipe);
    assert_eq!(
        kind(script().write_all_volatile(&more).unwrap_err()),
        BrokenPipe
    );
    let error = Script(vec![Ok(5)]).read_exact_volatile(&mut more.clone());
    assert_eq!(kind(error.unwrap_err()), UnexpectedEof);
    let error = Script(vec![Ok(5)]).write_all_volatile(&more);
    assert_eq!(kind(error.unwrap_err()), WriteZero);
}

#[test]
fn a_stream_that_claims_too_much_is_refused() {
    let mut buffer = Buffer::new();
    let slice = buffer.slice().subslice(0, 5).unwrap();
    let error = Script(vec![Ok(6)]).read_exact_volatile(&mut slice.clone());
    assert!(matches!(error, Err(Error::OutOfBounds { .. })));
    let error = Script(vec![Ok(usize::MAX)]).write_all_volatile(&slice);
    assert!(matches!(error, Err(Error::OutOfBounds { .. })));
}

#[test]
fn bytes_are_read_from_the_front() {
    let mut buffer = Buffer::new();
    let (slice, map) = marked(&mut buffer);
    let mut source: &[u8] = &[1, 2, 3];
    assert_eq!(
        source
            .read_volatile(&mut slice.subslice(0, 2).unwrap())
            .unwrap(),
        2
    );
    assert_eq!((source, map.take()), (&[3][..], vec![0, 1]));
    let error = source.read_exact_volatile(&mut slice.subslice(0, 2).unwrap());
    assert_eq!(kind(error.unwrap_err()), ErrorKind::UnexpectedEof);
    assert_eq!((source, map.take().len()), (&[3][..], 0), "nothing is read");
    source
        .read_exact_volatile(&mut slice.subslice(9, 1).unwrap())
        .unwrap();
    assert_eq!((source.len(), map.take()), (0, vec![9]));
    assert_eq!(contents(&slice)[..10], [1, 2, 0, 0, 0, 0, 0, 0, 0, 3]);
    assert_eq!(source.read_volatile(&mut slice.clone()).unwrap(), 0);
}

#[test]
fn a_cursor_reads_and_writes_where_it_stands() {
    let mut buffer = Buffer::new();
    let slice = buffer.slice();
    let mut source = Cursor::new(vec![1u8, 2, 3, 4]);
    source.set_position(1);
    source
        .read_exact_volatile(&mut slice.subslice(0, 2).unwrap())
        .unwrap();
    let error = source.read_exact_volatile(&mut slice.subslice(0, 2).unwrap());
    assert_eq!(kind(error.unwrap_err()), ErrorKind::UnexpectedEof);
    assert_eq!(source.position(), 3);
    assert_eq!(
        source.read_volatile(&mut slice.offset(2).unwrap()).unwrap(),
        1
    );
    assert_eq!(
        (source.position(), contents(&slice)[..4].to_vec()),
        (4, vec![2, 3, 4, 0])
    );

    let mut bytes = [0u8; 4];
    let mut sink = Cursor::new(&mut bytes[..]);
    sink.set_position(2);
    assert_eq!(sink.write_volatile(&slice).unwrap(), 2);
    assert_eq!(sink.write_volatile(&slice).unwrap(), 0);
    assert_eq!(sink.position(), 4);
    for beyond in [5, 1 << 32, u64::MAX] {
        sink.set_position(beyond);
        assert_eq!(sink.write_volatile(&slice).unwrap(), 0);
        source.set_position(beyond);
        assert_eq!(source.read_volatile(&mut slice.clone()).unwrap(), 0);
    }
    assert_eq!(bytes, [0, 0, 2, 3]);
}

#[test]
fn bytes_are_written_to_the_front_or_appended() {
    let mut buffer = Buffer::new();
    let slice = buffer.slice();
    slice.copy_from(&[1u8, 2, 3]);
    let mut bytes = [0u8; 4];
    let mut sink = &mut bytes[..];
    sink.write_all_volatile(&slice.subslice(0, 3).unwrap())
        .unwrap();
    let error = sink.write_all_volatile(&slice.subslice(0, 2).unwrap());
    assert_eq!(kind(error.unwrap_err()), ErrorKind::WriteZero);
    assert_eq!((sink.len(), bytes), (0, [1, 2, 3, 1]));

    let mut sink = vec![9];
    assert_eq!(
        sink.write_volatile(&slice.subslice(1, 2).unwrap()).unwrap(),
        2
    );
    assert_eq!(sink, [9, 2, 3]);
    // SAFETY: the slice is longer than its buffer, but no byte is touched, because no vector can hold that many.
    let vast = unsafe { VolatileSlice::new(slice.ptr_guard_mut().as_ptr(), usize::MAX) };
    assert_eq!(
        kind(sink.write_volatile(&vast).unwrap_err()),
        ErrorKind::OutOfMemory
    );
    assert_eq!(sink, [9, 2, 3]);
}
