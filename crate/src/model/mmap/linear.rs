//! Mappings on targets without `mmap`: extents of linear memory.

use super::region::Error;
use crate::linear::allocator::{self, Extent};
use crate::linear::dirty_map;
use crate::linear::host;
use crate::model::guest_memory::FileOffset;
use std::io::ErrorKind;

/// An extent, which goes back to the allocator on drop.
#[derive(Debug)]
pub(super) struct Mapping {
    extent: Extent,
}

impl Mapping {
    pub(super) fn new(
        file: Option<&FileOffset>,
        size: usize,
        _prot: i32,
        _flags: i32,
    ) -> Result<Self, Error> {
        let refused = |kind: ErrorKind| Error::Mmap(kind.into());
        if file.is_some() {
            return Err(refused(ErrorKind::Unsupported));
        }
        if size == 0 {
            return Err(refused(ErrorKind::InvalidInput));
        }
        let extent = host::pages_for(0, size as u64).and_then(allocator::allocate);
        let extent = extent.ok_or_else(|| refused(ErrorKind::OutOfMemory))?;
        // Writes are marked in the caller's bitmap, not in the dirty map. So all pages count as written from now on,
        // and are zeroed before their next holder gets them.
        dirty_map::expose(extent.host_offset(), size);
        Ok(Mapping { extent })
    }

    pub(super) fn addr(&self) -> *mut u8 {
        host::pointer(self.extent.host_offset())
    }
}

/// Whether both are the same open file.
pub(super) fn same_file(one: &FileOffset, two: &FileOffset) -> bool {
    std::sync::Arc::ptr_eq(one.arc(), two.arc())
}

#[cfg(test)]
mod tests {
    use super::super::flags::{ANONYMOUS, READ_WRITE};
    use super::*;

    fn map(size: usize) -> Result<Mapping, Error> {
        Mapping::new(None, size, READ_WRITE, ANONYMOUS)
    }

    #[test]
    fn fresh_bytes_are_zero_whatever_was_there() {
        const SIZE: usize = 3 * 4096 + 1;
        for round in 0..3 {
            let mapping = map(SIZE).unwrap();
            assert!(mapping.addr().addr().is_multiple_of(4096));
            for offset in [0, 4095, 4096, SIZE - 1] {
                let byte = mapping.addr().wrapping_add(offset);
                // SAFETY: the byte is inside the mapping, which belongs to this test alone. Only a raw access leaves
                // the dirty map unmarked.
                unsafe {
                    assert_eq!(byte.read_volatile(), 0, "{offset} in round {round}");
                    byte.write_volatile(7);
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        for (size, expected) in [
            (0, ErrorKind::InvalidInput),
            (usize::MAX, ErrorKind::OutOfMemory),
        ] {
            let error = map(size).unwrap_err();
            assert!(matches!(error, Error::Mmap(error) if error.kind() == expected));
        }
    }
}
