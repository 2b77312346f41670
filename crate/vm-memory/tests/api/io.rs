//! `vm_memory::io`.

use std::io::Cursor;
use vm_memory::bitmap::BitmapSlice;
use vm_memory::{ReadVolatile, VolatileMemoryError, VolatileSlice, WriteVolatile};

struct Least;

impl ReadVolatile for Least {
    fn read_volatile<B: BitmapSlice>(
        &mut self,
        _buf: &mut VolatileSlice<B>,
    ) -> Result<usize, VolatileMemoryError> {
        Ok(0)
    }
}

impl WriteVolatile for Least {
    fn write_volatile<B: BitmapSlice>(
        &mut self,
        _buf: &VolatileSlice<B>,
    ) -> Result<usize, VolatileMemoryError> {
        Ok(0)
    }
}

fn list<S: ReadVolatile + WriteVolatile, B: BitmapSlice>() {
    type Slice<'a, B> = VolatileSlice<'a, B>;
    type Outcome<T> = Result<T, VolatileMemoryError>;
    signatures! {
        S::read_volatile => fn(&mut S, &mut Slice<'_, B>) -> Outcome<usize>;
        S::read_exact_volatile => fn(&mut S, &mut Slice<'_, B>) -> Outcome<()>;
        S::write_volatile => fn(&mut S, &Slice<'_, B>) -> Outcome<usize>;
        S::write_all_volatile => fn(&mut S, &Slice<'_, B>) -> Outcome<()>;
    }
}

fn cursor<T: AsRef<[u8]>>() {
    implements! { Cursor<T>: ReadVolatile; }
}

#[cfg(feature = "rawfd")]
macro_rules! both {
    ($($type:ty)*) => {
        implements! { $(
            $type: ReadVolatile, WriteVolatile;
            &'static $type: ReadVolatile, WriteVolatile;
            &'static mut $type: ReadVolatile, WriteVolatile;
        )* }
    };
}

#[test]
fn the_list_is_complete() {
    list::<Least, ()>();
    cursor::<Vec<u8>>();
    implements! {
        &'static [u8]: ReadVolatile;
        &'static mut [u8]: WriteVolatile;
        Vec<u8>: WriteVolatile;
        Cursor<&'static mut [u8]>: WriteVolatile;
    }
    #[cfg(feature = "rawfd")]
    {
        both! { std::fs::File std::net::TcpStream }
        implements! {
            std::io::Stdout: WriteVolatile;
            &'static std::io::Stdout: WriteVolatile;
        }
    }
    #[cfg(all(feature = "rawfd", unix))]
    both! { std::os::unix::net::UnixStream std::os::fd::OwnedFd std::os::fd::BorrowedFd<'static> }
}
