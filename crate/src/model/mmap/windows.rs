//! Mappings by Windows' memory manager.

use super::region::Error;
use crate::model::guest_memory::FileOffset;
use std::ffi::c_void;
use std::io::{self, ErrorKind};
use std::os::windows::io::{AsRawHandle, FromRawHandle, OwnedHandle, RawHandle};
use std::ptr;

const MEM_COMMIT_AND_RESERVE: u32 = 0x3000;
const MEM_RELEASE: u32 = 0x8000;
const PAGE_READWRITE: u32 = 4;
const FILE_MAP_READ_AND_WRITE: u32 = 4 | 2;

// Declared here, because six functions are no reason for a dependency. The standard library links kernel32 itself.
#[link(name = "kernel32")]
unsafe extern "system" {
    fn VirtualAlloc(addr: *const c_void, size: usize, kind: u32, protect: u32) -> *mut c_void;
    fn VirtualFree(addr: *mut c_void, size: usize, kind: u32) -> i32;
    fn CreateFileMappingW(
        file: RawHandle,
        security: *const c_void,
        protect: u32,
        size_high: u32,
        size_low: u32,
        name: *const u16,
    ) -> RawHandle;
    fn MapViewOfFile(
        section: RawHandle,
        access: u32,
        start_high: u32,
        start_low: u32,
        size: usize,
    ) -> *mut c_void;
    fn UnmapViewOfFile(addr: *const c_void) -> i32;
}

/// A mapping of this process, which ends on drop.
#[derive(Debug)]
pub(super) struct Mapping {
    addr: *mut c_void,
    of_file: bool,
}

impl Mapping {
    pub(super) fn new(
        file: Option<&FileOffset>,
        size: usize,
        _prot: i32,
        _flags: i32,
    ) -> Result<Self, Error> {
        let refused = |kind: ErrorKind| Error::Mmap(kind.into());
        // Checked here, because the system takes 0 as the whole file, and has several errors for sizes past its
        // address space.
        if size == 0 {
            return Err(refused(ErrorKind::InvalidInput));
        }
        if isize::try_from(size).is_err() {
            return Err(refused(ErrorKind::OutOfMemory));
        }
        let addr = match file {
            Some(file) => map_file(file, size)?,
            // SAFETY: there is no safe way to map. Without an address the system chooses unused addresses.
            None => unsafe {
                VirtualAlloc(ptr::null(), size, MEM_COMMIT_AND_RESERVE, PAGE_READWRITE)
            },
        };
        if addr.is_null() {
            return Err(Error::Mmap(io::Error::last_os_error()));
        }
        Ok(Mapping {
            addr,
            of_file: file.is_some(),
        })
    }

    pub(super) fn addr(&self) -> *mut u8 {
        self.addr.cast()
    }
}

/// Maps a view of a file. The pointer is null if the system refuses the view.
fn map_file(file: &FileOffset, size: usize) -> Result<*mut c_void, Error> {
    let end = file.start().checked_add(size as u64);
    end.and_then(|end| i64::try_from(end).ok())
        .ok_or(Error::InvalidOffsetLength)?;
    let handle = file.file().as_raw_handle();
    // SAFETY: the handle is open while the file is borrowed. The size is the file's own, because a larger one would
    // extend it.
    let section =
        unsafe { CreateFileMappingW(handle, ptr::null(), PAGE_READWRITE, 0, 0, ptr::null()) };
    if section.is_null() {
        return Err(Error::Mmap(io::Error::last_os_error()));
    }
    // SAFETY: the handle is new and no other code closes it. A view keeps its section open by itself.
    let section = unsafe { OwnedHandle::from_raw_handle(section) };
    #[allow(clippy::cast_possible_truncation, reason = "the two halves of a u64")]
    let (high, low) = ((file.start() >> 32) as u32, file.start() as u32);
    // SAFETY: as `VirtualAlloc` above: the system chooses the address.
    Ok(unsafe {
        MapViewOfFile(
            section.as_raw_handle(),
            FILE_MAP_READ_AND_WRITE,
            high,
            low,
            size,
        )
    })
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is exactly what `new` mapped, and no slice of it exists any more, because slices borrow
        // the owner.
        unsafe {
            if self.of_file {
                UnmapViewOfFile(self.addr);
            } else {
                VirtualFree(self.addr, 0, MEM_RELEASE);
            }
        }
    }
}

/// Whether both are the same open file, by its handle.
pub(super) fn same_file(one: &FileOffset, two: &FileOffset) -> bool {
    one.file().as_raw_handle() == two.file().as_raw_handle()
}
