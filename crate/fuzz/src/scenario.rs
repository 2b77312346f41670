//! Scenarios for both crates: a layout and a list of operations, all in plain numbers.

pub use std::sync::atomic::Ordering;

/// One run.
#[derive(Clone, Debug)]
pub struct Scenario {
    /// Whether the crate maps the regions; else they are on the heap, and the crate only sees a trait.
    pub mapped: bool,
    /// Bytes to a bit of each region's bitmap.
    pub page: usize,
    /// The start and the length of each region, sorted, apart from each other, up to 2^64 at most.
    pub layout: Vec<(u64, usize)>,
    /// The operations, in order.
    pub operations: Vec<Operation>,
}

/// One operation.
#[derive(Clone, Debug)]
pub enum Operation {
    /// A method of `Bytes`.
    Access(Place, Access),
    /// A question to the whole memory.
    Memory(Question, u64, usize),
    /// A question to one region: its number, a position, a length.
    Region(usize, Question, u64, usize),
    /// A method of a `VolatileSlice` of a region.
    Slice(Part, SliceMethod),
    /// A method of an empty bitmap, or, with a region's number, of its slice of the region's bitmap.
    Bitmap(Option<usize>, BitmapMethod),
    /// The memory with one more region, put in its place.
    Insert(u64, usize),
    /// The memory with one region less.
    Remove(u64, u64),
    /// Another memory, of these regions, which need not be sorted or valid.
    Build(How, Vec<(u64, usize)>),
    /// A method of the IOMMU or the memory behind it.
    Iommu(IommuMethod),
    /// Arithmetic on addresses: the same for both types.
    Address(AddressMethod, u64, u64),
    /// An integer in each byte order.
    Endian(u64),
    /// `ByteValued::from_slice` of this many bytes at this distance from an aligned one.
    FromSlice(usize, usize),
    /// Two sets of permissions, as bits.
    Permissions(u8, u8),
}

/// How a memory is built.
#[derive(Clone, Copy, Debug)]
pub enum How {
    /// From regions without bytes.
    Claims,
    /// From the same regions, inserted one by one.
    OneByOne,
    /// From mappings.
    Mapped,
}

/// The object through which the bytes are accessed.
#[derive(Clone, Debug)]
pub enum Place {
    /// The memory, at a guest address.
    Memory(u64),
    /// The memory behind the IOMMU, at an I/O virtual address.
    Virtual(u64),
    /// A region, at a position.
    Region(usize, u64),
    /// A slice of a region, at an offset.
    Slice(Part, usize),
}

/// The `length` bytes from `offset` of a region.
#[derive(Clone, Copy, Debug)]
pub struct Part {
    pub region: usize,
    pub offset: usize,
    pub length: usize,
}

/// A method of `Bytes`.
#[derive(Clone, Debug)]
pub enum Access {
    Write(Vec<u8>),
    WriteSlice(Vec<u8>),
    Read(usize),
    ReadSlice(usize),
    WriteObject(Type, u64),
    ReadObject(Type),
    Store(Integer, u64, Ordering),
    Load(Integer, Ordering),
    ReadFrom(Stream, usize),
    ReadExactFrom(Stream, usize),
    WriteTo(Stream, usize),
    WriteAllTo(Stream, usize),
}

/// The source or the target of bytes.
#[derive(Clone, Debug)]
pub enum Stream {
    /// A slice of these bytes, or one with room for as many.
    Slice(Vec<u8>),
    /// A cursor over a slice, at this position.
    Cursor(Vec<u8>, u64),
    /// A vector, which has room for all; as a source it is a slice.
    Vector(Vec<u8>),
    /// A file of the system's.
    File(File),
    /// A stream that answers by a script, and then with the end.
    Script(Vec<Step>),
}

#[derive(Clone, Copy, Debug)]
pub enum File {
    /// Zeros without end; takes everything.
    Zero,
    /// The end at once; takes everything.
    Null,
    /// Takes nothing.
    Full,
    /// A folder, which cannot be read.
    Folder,
}

/// The answer of a scripted stream to one call.
#[derive(Clone, Copy, Debug)]
pub enum Step {
    /// At most this many bytes.
    Some(usize),
    Interrupted,
    Refused,
}

/// The types that are read and written as one value.
#[derive(Clone, Copy, Debug)]
pub enum Type {
    U8,
    U16,
    U32,
    U64,
    U128,
    Three,
    Nine,
    Nothing,
}

/// The types that are read and written atomically.
#[derive(Clone, Copy, Debug)]
pub enum Integer {
    U8,
    U16,
    U32,
    U64,
    I32,
    Usize,
}

/// A question about an address (for a region, a position) and a length.
#[derive(Clone, Copy, Debug)]
pub enum Question {
    Count,
    Last,
    Find,
    ToRegion,
    InRange,
    Check,
    CheckRange,
    Offset,
    HostAddress,
    Slice,
    Slices,
    SlicesUntilError,
    /// `try_access` with a callback that handles half of the bytes that it is given, or the only byte.
    TryAccess,
    DirtyAt,
}

/// A method of `VolatileSlice`.
#[derive(Clone, Debug)]
pub enum SliceMethod {
    Subslice(usize, usize),
    Offset(usize),
    SplitAt(usize),
    EndOffset(usize, usize),
    CopyTo(Type, usize),
    CopyFrom(Type, Vec<u8>),
    CopyToSlice(Part),
    LoadRef(Type, usize),
    StoreRef(Type, usize, u64),
    Array(Type, usize, usize, ArrayMethod),
    Atomic(Integer, usize),
    Aligned(Type, usize),
}

/// A method of `VolatileArrayRef`. An index is taken modulo the length.
#[derive(Clone, Debug)]
pub enum ArrayMethod {
    Load(usize),
    Store(usize, u64),
    CopyTo(usize),
    CopyFrom(Vec<u8>),
    CopyToSlice(Part),
}

/// A method of `AtomicBitmap`.
#[derive(Clone, Debug)]
pub enum BitmapMethod {
    New(usize, usize),
    SetRange(usize, usize),
    ResetRange(usize, usize),
    SetBit(usize),
    ResetBit(usize),
    IsBitSet(usize),
    IsAddressSet(usize),
    Enlarge(usize),
    GetAndReset,
    Reset,
    /// `mark_dirty` of a slice of a slice.
    MarkSliced(usize, usize, usize, usize),
    /// `dirty_at` of a slice of a slice that is a co-owner of the bitmap.
    DirtySliced(usize, usize, usize),
}

#[derive(Clone, Debug)]
pub enum IommuMethod {
    Set(u64, u64, usize, u8),
    Invalidate(u64, usize),
    InvalidateAll,
    Lookup(u64, usize, u8),
    CheckRange(u64, usize, u8),
    Slices(u64, usize, u8),
    Enable(bool),
    Range(u64, u64),
}

/// A method of `Address`.
#[derive(Clone, Copy, Debug)]
pub enum AddressMethod {
    CheckedAdd,
    OverflowingAdd,
    UncheckedAdd,
    CheckedSub,
    OverflowingSub,
    UncheckedSub,
    CheckedOffsetFrom,
    UncheckedOffsetFrom,
    CheckedAlignUp,
    UncheckedAlignUp,
    Mask,
    And,
    Or,
}
