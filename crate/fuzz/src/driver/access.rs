//! The methods of `Bytes`, on every type that has them, and the streams.

use super::api;
use super::value::{self, with_integer, with_type};
use crate::UNTOUCHED;
use crate::outcome::{Failure, Outcome};
use crate::scenario::{Access, File, Step, Stream};
use api::bitmap::BitmapSlice;
use api::{Bytes, ReadVolatile, VolatileMemoryError, VolatileSlice, WriteVolatile};
use std::fs;
use std::io::{Cursor, ErrorKind};

/// One access. The answer has the result, and the buffer or the stream after the access.
pub fn access<A, T>(to: &T, at: A, access: &Access) -> Outcome
where
    T: Bytes<A, E: Into<Failure>> + ?Sized,
{
    let count = |result: Result<usize, T::E>| {
        Outcome::from(result.map(|count| Outcome::Number(count as u64)))
    };
    let done = |result: Result<(), T::E>| Outcome::from(result.map(|()| Outcome::Done));
    match access {
        Access::Write(bytes) => count(to.write(bytes, at)),
        Access::WriteSlice(bytes) => done(to.write_slice(bytes, at)),
        Access::Read(length) => {
            let mut buffer = vec![UNTOUCHED; *length];
            Outcome::pair(count(to.read(&mut buffer, at)), Outcome::Bytes(buffer))
        }
        Access::ReadSlice(length) => {
            let mut buffer = vec![UNTOUCHED; *length];
            Outcome::pair(done(to.read_slice(&mut buffer, at)), Outcome::Bytes(buffer))
        }
        Access::WriteObject(of, from) => {
            with_type!(*of, T => done(to.write_obj(value::make::<T>(*from), at)))
        }
        Access::ReadObject(of) => {
            with_type!(*of, T => to.read_obj::<T>(at).map(value::show).into())
        }
        Access::Store(of, from, order) => {
            with_integer!(*of, T => done(to.store(*from as T, at, *order)))
        }
        Access::Load(of, order) => {
            with_integer!(*of, T => to.load::<T>(at, *order).map(value::show).into())
        }
        Access::ReadFrom(stream, length) => {
            from_stream(stream, |source| count(source.fill(to, at, *length)))
        }
        Access::ReadExactFrom(stream, length) => {
            from_stream(stream, |source| done(source.fill_exactly(to, at, *length)))
        }
        Access::WriteTo(stream, length) => {
            to_stream(stream, |sink| count(sink.take(to, at, *length)))
        }
        Access::WriteAllTo(stream, length) => {
            to_stream(stream, |sink| done(sink.take_all(to, at, *length)))
        }
    }
}

enum Source<'a> {
    Slice(&'a [u8]),
    Cursor(Cursor<Vec<u8>>),
    File(fs::File),
    Script(Script<'a>),
}

enum Sink<'a> {
    Slice(&'a mut [u8]),
    Cursor(Cursor<&'a mut [u8]>),
    Vector(Vec<u8>),
    File(fs::File),
    Script(Script<'a>),
}

impl Source<'_> {
    fn fill<A, T: Bytes<A> + ?Sized>(
        &mut self,
        to: &T,
        at: A,
        count: usize,
    ) -> Result<usize, T::E> {
        match self {
            Source::Slice(source) => to.read_volatile_from(at, source, count),
            Source::Cursor(source) => to.read_volatile_from(at, source, count),
            Source::File(source) => to.read_volatile_from(at, source, count),
            Source::Script(source) => to.read_volatile_from(at, source, count),
        }
    }

    fn fill_exactly<A, T: Bytes<A> + ?Sized>(
        &mut self,
        to: &T,
        at: A,
        count: usize,
    ) -> Result<(), T::E> {
        match self {
            Source::Slice(source) => to.read_exact_volatile_from(at, source, count),
            Source::Cursor(source) => to.read_exact_volatile_from(at, source, count),
            Source::File(source) => to.read_exact_volatile_from(at, source, count),
            Source::Script(source) => to.read_exact_volatile_from(at, source, count),
        }
    }
}

impl Sink<'_> {
    fn take<A, T: Bytes<A> + ?Sized>(
        &mut self,
        from: &T,
        at: A,
        count: usize,
    ) -> Result<usize, T::E> {
        match self {
            Sink::Slice(sink) => from.write_volatile_to(at, sink, count),
            Sink::Cursor(sink) => from.write_volatile_to(at, sink, count),
            Sink::Vector(sink) => from.write_volatile_to(at, sink, count),
            Sink::File(sink) => from.write_volatile_to(at, sink, count),
            Sink::Script(sink) => from.write_volatile_to(at, sink, count),
        }
    }

    fn take_all<A, T: Bytes<A> + ?Sized>(
        &mut self,
        from: &T,
        at: A,
        count: usize,
    ) -> Result<(), T::E> {
        match self {
            Sink::Slice(sink) => from.write_all_volatile_to(at, sink, count),
            Sink::Cursor(sink) => from.write_all_volatile_to(at, sink, count),
            Sink::Vector(sink) => from.write_all_volatile_to(at, sink, count),
            Sink::File(sink) => from.write_all_volatile_to(at, sink, count),
            Sink::Script(sink) => from.write_all_volatile_to(at, sink, count),
        }
    }
}

/// Reads from a stream. The answer has the number of bytes that were taken from it.
fn from_stream(stream: &Stream, read: impl FnOnce(&mut Source) -> Outcome) -> Outcome {
    let mut source = match stream {
        Stream::Slice(bytes) | Stream::Vector(bytes) => Source::Slice(bytes),
        Stream::Cursor(bytes, position) => {
            let mut cursor = Cursor::new(bytes.clone());
            cursor.set_position(*position);
            Source::Cursor(cursor)
        }
        Stream::File(file) => Source::File(open(*file, false)),
        Stream::Script(steps) => Source::Script(Script::new(steps)),
    };
    let outcome = read(&mut source);
    let after = match source {
        Source::Slice(rest) => Outcome::Number(rest.len() as u64),
        Source::Cursor(cursor) => Outcome::Number(cursor.position()),
        Source::File(_) => Outcome::Nothing,
        Source::Script(script) => script.after(),
    };
    Outcome::pair(outcome, after)
}

/// Writes to a stream. The answer has the bytes that arrived in it.
fn to_stream(stream: &Stream, write: impl FnOnce(&mut Sink) -> Outcome) -> Outcome {
    let mut room = match stream {
        Stream::Slice(bytes) | Stream::Cursor(bytes, _) => vec![UNTOUCHED; bytes.len()],
        _ => Vec::new(),
    };
    let mut sink = match stream {
        Stream::Slice(_) => Sink::Slice(&mut room),
        Stream::Cursor(_, position) => {
            let mut cursor = Cursor::new(&mut room[..]);
            cursor.set_position(*position);
            Sink::Cursor(cursor)
        }
        Stream::Vector(bytes) => Sink::Vector(bytes.clone()),
        Stream::File(file) => Sink::File(open(*file, true)),
        Stream::Script(steps) => Sink::Script(Script::new(steps)),
    };
    let outcome = write(&mut sink);
    let after = match sink {
        Sink::Slice(rest) => Outcome::Number(rest.len() as u64),
        Sink::Cursor(cursor) => Outcome::Number(cursor.position()),
        Sink::Vector(bytes) => Outcome::Bytes(bytes),
        Sink::File(_) => Outcome::Nothing,
        Sink::Script(script) => script.after(),
    };
    Outcome::List(vec![outcome, after, Outcome::Bytes(room)])
}

fn open(file: File, write: bool) -> fs::File {
    let path = match file {
        File::Zero => "/dev/zero",
        File::Null => "/dev/null",
        File::Full => "/dev/full",
        File::Folder => "/",
    };
    let write = write && !matches!(file, File::Folder);
    let opened = fs::OpenOptions::new().read(!write).write(write).open(path);
    opened.expect("every system with these tests has it")
}

/// A stream that answers by a script.
struct Script<'a> {
    steps: &'a [Step],
    /// The bytes that a source has given (1, 2, 3 and so on), or that a sink has got.
    bytes: Vec<u8>,
}

impl<'a> Script<'a> {
    fn new(steps: &'a [Step]) -> Self {
        let bytes = Vec::new();
        Script { steps, bytes }
    }

    /// The number of bytes that may be moved now.
    fn step(&mut self, room: usize) -> Result<usize, VolatileMemoryError> {
        let Some((step, rest)) = self.steps.split_first() else {
            return Ok(0);
        };
        self.steps = rest;
        match step {
            Step::Some(count) => Ok(room.min(*count)),
            Step::Interrupted => Err(VolatileMemoryError::IOError(ErrorKind::Interrupted.into())),
            Step::Refused => Err(VolatileMemoryError::IOError(
                ErrorKind::PermissionDenied.into(),
            )),
        }
    }

    fn after(self) -> Outcome {
        Outcome::pair(
            Outcome::Number(self.steps.len() as u64),
            Outcome::Bytes(self.bytes),
        )
    }
}

impl ReadVolatile for Script<'_> {
    fn read_volatile<B: BitmapSlice>(
        &mut self,
        buf: &mut VolatileSlice<B>,
    ) -> Result<usize, VolatileMemoryError> {
        let count = self.step(buf.len())?;
        let start = self.bytes.len();
        self.bytes
            .extend((start..start + count).map(|at| (at as u8).wrapping_add(1)));
        buf.copy_from(&self.bytes[start..]);
        Ok(count)
    }
}

impl WriteVolatile for Script<'_> {
    fn write_volatile<B: BitmapSlice>(
        &mut self,
        buf: &VolatileSlice<B>,
    ) -> Result<usize, VolatileMemoryError> {
        let count = self.step(buf.len())?;
        let start = self.bytes.len();
        self.bytes.resize(start + count, 0);
        buf.copy_to(&mut self.bytes[start..]);
        Ok(count)
    }
}
