//! `vm_memory::mmap`.

use std::fmt::Debug;
use std::io;
use std::ops::Deref;
use std::sync::Arc;
use vm_memory::bitmap::Bitmap;
use vm_memory::mmap::{FromRangesError, MmapRegionBuilder, MmapRegionError, NewBitmap};
use vm_memory::{
    FileOffset, GuestAddress, GuestMemoryMmap, GuestMemoryRegion, GuestMemoryRegionBytes,
    GuestRegionCollection, GuestRegionCollectionError, GuestRegionMmap, MmapRegion, VolatileMemory,
};

type File = Option<FileOffset>;

/// All variants, and no more.
fn errors(error: MmapRegionError) -> MmapRegionError {
    match error {
        MmapRegionError::Mmap(error) => MmapRegionError::Mmap(io::Error::from(error.kind())),
        other @ (MmapRegionError::InvalidOffsetLength
        | MmapRegionError::InvalidPointer
        | MmapRegionError::MapFixed
        | MmapRegionError::MappingOverlap
        | MmapRegionError::MappingPastEof) => other,
    }
}

/// All variants, and no more.
fn range_errors(error: FromRangesError) -> FromRangesError {
    match error {
        FromRangesError::Collection(error) => FromRangesError::from(error),
        FromRangesError::MmapRegion(error) => FromRangesError::from(errors(error)),
        FromRangesError::InvalidGuestRegion => FromRangesError::InvalidGuestRegion,
    }
}

type Mapped<B> = Result<MmapRegion<B>, MmapRegionError>;

fn mapping<B: Bitmap, C: Bitmap>() {
    type Region<B> = MmapRegion<B>;
    implements! { Region<B>: VolatileMemory; }
    signatures! {
        |slice| slice => fn(<Region<B> as VolatileMemory>::B) -> B;
        Region::as_ptr => fn(&Region<B>) -> *mut u8;
        Region::size => fn(&Region<B>) -> usize;
        Region::file_offset => fn(&Region<B>) -> Option<&FileOffset>;
        Region::prot => fn(&Region<B>) -> i32;
        Region::flags => fn(&Region<B>) -> i32;
        Region::owned => fn(&Region<B>) -> bool;
        Region::fds_overlap => fn(&Region<B>, &Region<C>) -> bool;
        Region::set_hugetlbfs => fn(&mut Region<B>, bool);
        Region::is_hugetlbfs => fn(&Region<B>) -> Option<bool>;
        Region::bitmap => fn(&Region<B>) -> &B;
    }
}

fn new_mapping<B: NewBitmap>() {
    type Region<B> = MmapRegion<B>;
    signatures! {
        Region::new => fn(usize) -> Mapped<B>;
        Region::from_file => fn(FileOffset, usize) -> Mapped<B>;
        Region::build => fn(File, usize, i32, i32) -> Mapped<B>;
        Region::build_raw => unsafe fn(*mut u8, usize, i32, i32) -> Mapped<B>;
    }
}

fn builder<B: Bitmap + Default>() {
    type Builder<B> = MmapRegionBuilder<B>;
    signatures! {
        Builder::new => fn(usize) -> Builder<B>;
        Builder::new_with_bitmap => fn(usize, B) -> Builder<B>;
        Builder::with_mmap_prot => fn(Builder<B>, i32) -> Builder<B>;
        Builder::with_mmap_flags => fn(Builder<B>, i32) -> Builder<B>;
        Builder::with_file_offset => fn(Builder<B>, FileOffset) -> Builder<B>;
        Builder::with_hugetlbfs => fn(Builder<B>, bool) -> Builder<B>;
        Builder::with_raw_mmap_pointer => unsafe fn(Builder<B>, *mut u8) -> Builder<B>;
        Builder::build => fn(Builder<B>) -> Mapped<B>;
    }
}

fn region<B: Bitmap>() {
    type Region<B> = GuestRegionMmap<B>;
    implements! { Region<B>: GuestMemoryRegion, GuestMemoryRegionBytes; }
    signatures! {
        |bitmap| bitmap => fn(<Region<B> as GuestMemoryRegion>::B) -> B;
        Region::new => fn(MmapRegion<B>, GuestAddress) -> Option<Region<B>>;
        Region::with_arc => fn(Arc<MmapRegion<B>>, GuestAddress) -> Option<Region<B>>;
        Region::get_mmap => fn(&Region<B>) -> Arc<MmapRegion<B>>;
        Region::deref => fn(&Region<B>) -> &MmapRegion<B>;
    }
}

fn new_region<B: NewBitmap>() {
    type Region<B> = GuestRegionMmap<B>;
    type Memory<B> = GuestMemoryMmap<B>;
    type Outcome<T> = Result<T, FromRangesError>;
    type Range = (GuestAddress, usize, File);
    signatures! {
        Region::from_range => fn(GuestAddress, usize, File) -> Outcome<Region<B>>;
        Memory::from_ranges => fn(&[(GuestAddress, usize)]) -> Outcome<Memory<B>>;
        Memory::from_ranges_with_files::<Range, Vec<Range>> => fn(Vec<Range>) -> Outcome<Memory<B>>;
        Memory::from_ranges_with_files::<&Range, &[Range]> => fn(&'static [Range]) -> Outcome<Memory<B>>;
        |memory| memory => fn(GuestRegionCollection<Region<B>>) -> Memory<B>;
    }
}

#[test]
fn the_list_is_complete() {
    implements! {
        MmapRegionError: std::error::Error, Send, Sync;
        FromRangesError: std::error::Error, Send, Sync;
        MmapRegion: Debug, Send, Sync;
        MmapRegionBuilder: Debug;
        GuestRegionMmap: Debug, Send, Sync;
        GuestMemoryMmap: Debug, Send, Sync;
    }
    // Its `Send` and `Sync` depend on the bitmap's.
    lacks! { Send: MmapRegion<std::rc::Rc<()>>; }
    lacks! { Sync: MmapRegion<std::cell::Cell<()>>; }
    implements! { MmapRegion<std::cell::Cell<()>>: Send; }
    lacks! { Send: MmapRegionBuilder; }
    lacks! { Sync: MmapRegionBuilder; }
    let _ = range_errors(GuestRegionCollectionError::NoMemoryRegion.into());
    mapping::<(), ()>();
    new_mapping::<()>();
    builder::<()>();
    region::<()>();
    new_region::<()>();
    let (builder, nowhere) = (MmapRegionBuilder::<()>::new(0), std::ptr::null_mut());
    // SAFETY: the range at `nowhere` is empty, so nothing is accessed.
    let (built, raw) = unsafe {
        (
            builder.with_raw_mmap_pointer(nowhere),
            MmapRegion::<()>::build_raw(nowhere, 0, 0, 0),
        )
    };
    assert_eq!((built.build().unwrap().size(), raw.unwrap().size()), (0, 0));
}
