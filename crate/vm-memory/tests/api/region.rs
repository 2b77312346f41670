//! `vm_memory::region`.

use crate::support::least::Region;
use std::fmt::Debug;
use std::sync::Arc;
use vm_memory::bitmap::BS;
use vm_memory::guest_memory::Result;
use vm_memory::{
    Bytes, FileOffset, GuestAddress, GuestMemoryBackend, GuestMemoryError, GuestMemoryRegion,
    GuestMemoryRegionBytes, GuestRegionCollection, GuestRegionCollectionError, GuestUsize,
    MemoryRegionAddress, VolatileSlice,
};

/// A region that gets `Bytes` by its mark alone.
pub struct Marked;

impl GuestMemoryRegion for Marked {
    type B = ();

    fn len(&self) -> GuestUsize {
        1
    }

    fn start_addr(&self) -> GuestAddress {
        GuestAddress(0)
    }

    fn bitmap(&self) {}
}

impl GuestMemoryRegionBytes for Marked {}

fn region<R: GuestMemoryRegion>() {
    implements! { R: Bytes<MemoryRegionAddress, E = GuestMemoryError>; R::B: vm_memory::bitmap::Bitmap; }
    type Position = MemoryRegionAddress;
    type Slice<'a, R> = VolatileSlice<'a, BS<'a, <R as GuestMemoryRegion>::B>>;
    signatures! {
        R::len => fn(&R) -> GuestUsize;
        R::start_addr => fn(&R) -> GuestAddress;
        R::last_addr => fn(&R) -> GuestAddress;
        R::bitmap => fn(&R) -> BS<'_, R::B>;
        R::check_address => fn(&R, Position) -> Option<Position>;
        R::address_in_range => fn(&R, Position) -> bool;
        R::checked_offset => fn(&R, Position, usize) -> Option<Position>;
        R::to_region_addr => fn(&R, GuestAddress) -> Option<Position>;
        R::get_host_address => fn(&R, Position) -> Result<*mut u8>;
        R::file_offset => fn(&R) -> Option<&FileOffset>;
        R::get_slice => fn(&R, Position, usize) -> Result<Slice<'_, R>>;
        R::as_volatile_slice => fn(&R) -> Result<Slice<'_, R>>;
    }
    #[cfg(target_os = "linux")]
    signatures! { R::is_hugetlbfs => fn(&R) -> Option<bool>; }
}

/// All variants, and no more.
fn errors(error: GuestRegionCollectionError) {
    use GuestRegionCollectionError::{MemoryRegionOverlap, NoMemoryRegion, UnsortedMemoryRegions};
    match error {
        NoMemoryRegion | MemoryRegionOverlap | UnsortedMemoryRegions => {}
    }
}

/// A collection of any type, not only of regions.
fn collection<R>() {
    implements! { GuestRegionCollection<R>: Clone, Default; }
}

fn collection_of_regions<R: GuestMemoryRegion>() {
    type Collection<R> = GuestRegionCollection<R>;
    type Outcome<T> = std::result::Result<T, GuestRegionCollectionError>;
    implements! { Collection<R>: GuestMemoryBackend; }
    signatures! {
        Collection::new => fn() -> Collection<R>;
        Collection::from_regions => fn(Vec<R>) -> Outcome<Collection<R>>;
        Collection::from_arc_regions => fn(Vec<Arc<R>>) -> Outcome<Collection<R>>;
        Collection::insert_region => fn(&Collection<R>, Arc<R>) -> Outcome<Collection<R>>;
        Collection::remove_region => fn(&Collection<R>, GuestAddress, GuestUsize) -> Outcome<(Collection<R>, Arc<R>)>;
        Collection::find_region => fn(&Collection<R>, GuestAddress) -> Option<&R>;
    }
}

#[test]
fn the_list_is_complete() {
    region::<Region>();
    region::<Marked>();
    implements! {
        GuestRegionCollectionError: std::error::Error, Send, Sync;
        GuestRegionCollection<Region>: Debug, Send, Sync;
    }
    errors(GuestRegionCollectionError::NoMemoryRegion);
    collection::<[Marked; 0]>();
    collection_of_regions::<Marked>();
}
