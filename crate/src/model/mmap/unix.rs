//! Mappings by `mmap`.

use super::region::Error;
use crate::model::guest_memory::FileOffset;
use std::io;
use std::os::fd::AsRawFd;
use std::ptr;

// `mmap64`, because a 32-bit program too may map bytes past 2 GiB in a file.
#[cfg(not(any(target_os = "linux", target_os = "android")))]
use libc::{mmap, off_t};
#[cfg(any(target_os = "linux", target_os = "android"))]
use libc::{mmap64 as mmap, off64_t as off_t};

/// A mapping of this process, which ends on drop.
#[derive(Debug)]
pub(super) struct Mapping {
    addr: *mut u8,
    size: usize,
}

impl Mapping {
    pub(super) fn new(
        file: Option<&FileOffset>,
        size: usize,
        prot: i32,
        flags: i32,
    ) -> Result<Self, Error> {
        let (fd, start) = match file {
            Some(file) => {
                let end = file.start().checked_add(size as u64);
                end.ok_or(Error::InvalidOffsetLength)?;
                (file.file().as_raw_fd(), file.start())
            }
            None => (-1, 0),
        };
        let start = off_t::try_from(start).map_err(|_| Error::InvalidOffsetLength)?;
        // SAFETY: there is no safe way to map. Without an address and without MAP_FIXED, which the caller has ruled
        // out, the system chooses unused addresses.
        let addr = unsafe { mmap(ptr::null_mut(), size, prot, flags, fd, start) };
        if addr == libc::MAP_FAILED {
            return Err(Error::Mmap(io::Error::last_os_error()));
        }
        Ok(Mapping {
            addr: addr.cast(),
            size,
        })
    }

    pub(super) fn addr(&self) -> *mut u8 {
        self.addr
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is exactly what `new` mapped, and no slice of it exists any more, because slices borrow
        // the owner.
        unsafe { libc::munmap(self.addr.cast(), self.size) };
    }
}

/// Whether both are the same open file, by its descriptor.
pub(super) fn same_file(one: &FileOffset, two: &FileOffset) -> bool {
    one.file().as_raw_fd() == two.file().as_raw_fd()
}
