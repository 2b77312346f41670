//! Tests of a range as slices, besides the battery for every backend.

use crate::model::bytes::Bytes;
use crate::model::guest_memory::tests::{Minimal, memory};
use crate::model::guest_memory::{
    Error, GuestAddress, GuestMemoryBackend, MemoryRegionAddress, Result,
};
use crate::model::region::tests::TestRegion;
use crate::model::region::{GuestMemoryRegion, GuestMemoryRegionBytes};
use crate::model::volatile_memory::VolatileSlice;

/// A region that gives less than its length, or nothing, ends the walk with an error.
#[test]
fn a_region_that_lies_is_not_believed() {
    struct Liar(TestRegion);
    impl GuestMemoryRegion for Liar {
        type B = ();
        fn len(&self) -> u64 {
            64
        }
        fn start_addr(&self) -> GuestAddress {
            GuestAddress(0)
        }
        fn bitmap(&self) {}
        fn get_slice(
            &self,
            offset: MemoryRegionAddress,
            count: usize,
        ) -> Result<VolatileSlice<'_>> {
            self.0.get_slice(offset, count / 2)
        }
    }
    impl GuestMemoryRegionBytes for Liar {}
    let memory = Minimal(vec![Liar(TestRegion::new(0, 64))]);
    let mut slices = GuestMemoryBackend::get_slices(&memory, GuestAddress(0), 8);
    assert!(matches!(
        slices.next(),
        Some(Err(Error::InvalidBackendAddress))
    ));
    assert!(slices.next().is_none());
    assert!(matches!(
        memory.write(&[1; 8], GuestAddress(0)),
        Err(Error::InvalidBackendAddress)
    ));
}

#[test]
fn stop_on_error_keeps_what_comes_before() {
    let memory = memory(&[(0, 8), (8, 8)]);
    let lengths = |addr, count| {
        let slices =
            GuestMemoryBackend::get_slices(&memory, GuestAddress(addr), count).stop_on_error()?;
        Ok::<_, Error>(slices.map(|slice| slice.len()).collect::<Vec<_>>())
    };
    assert_eq!(lengths(4, 100).unwrap(), [4, 8]);
    assert_eq!(lengths(4, 8).unwrap(), [4, 4]);
    assert!(lengths(100, 0).unwrap().is_empty());
    assert!(matches!(
        lengths(16, 1),
        Err(Error::InvalidGuestAddress(GuestAddress(16)))
    ));
    let debug = format!(
        "{:?}",
        GuestMemoryBackend::get_slices(&memory, GuestAddress(1), 2)
    );
    assert_eq!(
        debug,
        "GuestMemoryBackendSliceIterator { next: Some(GuestAddress(1)), left: 2, .. }"
    );
}
