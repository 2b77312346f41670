//! Scenarios from a fuzzer's bytes: plain numbers, most of them near the begin or the end of a region.

use crate::scenario::{
    Access, AddressMethod, ArrayMethod, BitmapMethod, File, How, Integer, IommuMethod, Operation,
    Ordering, Part, Place, Question, Scenario, SliceMethod, Step, Stream, Type,
};
use arbitrary::{Arbitrary, Result, Unstructured};

/// I/O virtual addresses are mostly below this.
const NEAR: u64 = 512;
const LONGEST: usize = 200;
const MOST_OPERATIONS: usize = 40;

impl<'a> Arbitrary<'a> for Scenario {
    fn arbitrary(bytes: &mut Unstructured<'a>) -> Result<Self> {
        let mapped = bytes.ratio(1, 8)?;
        let page = *bytes.choose(&[1, 1, 2, 8, 16, 33, 4096])?;
        let layout = layout(bytes)?;
        let mut from = From { bytes, layout };
        let mut operations = Vec::new();
        while !from.bytes.is_empty() && operations.len() < MOST_OPERATIONS {
            operations.push(from.operation()?);
        }
        let layout = from.layout;
        Ok(Scenario {
            mapped,
            page,
            layout,
            operations,
        })
    }
}

fn layout(bytes: &mut Unstructured) -> Result<Vec<(u64, usize)>> {
    let mut next = Some(match bytes.int_in_range(0..=3)? {
        0 | 1 => u64::from(u8::arbitrary(bytes)?),
        2 => (1 << 32) - u64::from(u8::arbitrary(bytes)?),
        _ => u64::MAX - u64::from(u16::arbitrary(bytes)? % 800),
    });
    // A region at 0 beside the ones near 2^64: an address that wraps would find it.
    let mut layout = if next > Some(1 << 40) && bool::arbitrary(bytes)? {
        vec![(0, 24)]
    } else {
        Vec::new()
    };
    for _ in 0..bytes.int_in_range(0..=5)? {
        let Some(start) = next else { break };
        let length = bytes.int_in_range(1..=LONGEST)?;
        let to_last = (length - 1).min(usize::try_from(u64::MAX - start).unwrap_or(usize::MAX));
        layout.push((start, to_last + 1));
        let gap = *bytes.choose(&[0, 0, 0, 1, 3, 64, 1 << 20])?;
        next = (start + to_last as u64)
            .checked_add(1)
            .and_then(|end| end.checked_add(gap));
    }
    Ok(layout)
}

struct From<'b, 'a> {
    bytes: &'b mut Unstructured<'a>,
    layout: Vec<(u64, usize)>,
}

impl From<'_, '_> {
    fn operation(&mut self) -> Result<Operation> {
        Ok(match self.bytes.int_in_range(0..=31)? {
            0..=11 => Operation::Access(self.place()?, self.access()?),
            12..=14 => Operation::Memory(self.question()?, self.address()?, self.length()?),
            15 | 16 => Operation::Region(
                self.index()?,
                self.question()?,
                self.position()?,
                self.length()?,
            ),
            17..=20 => Operation::Slice(self.part()?, self.slice_method()?),
            21 => {
                let region = if self.bytes.ratio(1, 3)? {
                    Some(self.index()?)
                } else {
                    None
                };
                Operation::Bitmap(region, self.bitmap_method()?)
            }
            22 => Operation::Insert(self.address()?, self.small()?.max(1)),
            23 => {
                let region = self.index()?;
                match self.layout.get(region % self.layout.len().max(1)) {
                    Some((start, length)) if self.bytes.ratio(3, 4)? => {
                        Operation::Remove(*start, *length as u64)
                    }
                    _ => Operation::Remove(self.address()?, self.length()? as u64),
                }
            }
            24 => {
                let how = *self
                    .bytes
                    .choose(&[How::Claims, How::OneByOne, How::Mapped])?;
                let count = self.bytes.int_in_range(0..=4)?;
                let range = |_| Ok((self.address()?, self.length()?));
                Operation::Build(how, (0..count).map(range).collect::<Result<_>>()?)
            }
            25..=29 => Operation::Iommu(self.iommu_method()?),
            30 => {
                let method = self.address_method()?;
                let two = if matches!(
                    method,
                    AddressMethod::CheckedAlignUp | AddressMethod::UncheckedAlignUp
                ) {
                    1 << self.bytes.int_in_range(0..=63)?
                } else {
                    self.address()?
                };
                Operation::Address(method, self.address()?, two)
            }
            _ => match self.bytes.int_in_range(0..=2)? {
                0 => Operation::Endian(u64::arbitrary(self.bytes)?),
                1 => Operation::FromSlice(
                    self.bytes.int_in_range(0..=20)?,
                    self.bytes.int_in_range(0..=20)?,
                ),
                _ => Operation::Permissions(
                    u8::arbitrary(self.bytes)? % 4,
                    u8::arbitrary(self.bytes)? % 4,
                ),
            },
        })
    }

    /// Near an end of a region, inside, at 0, at 2^64, or anywhere.
    fn address(&mut self) -> Result<u64> {
        let region = self.index()?;
        let region = self.layout.get(region % self.layout.len().max(1)).copied();
        let delta = i64::from(i8::arbitrary(self.bytes)? % 12) as u64;
        Ok(match (self.bytes.int_in_range(0..=15)?, region) {
            (0, _) => u64::arbitrary(self.bytes)?,
            (1, _) => delta,
            (2..=5, Some((start, _))) => start.wrapping_add(delta),
            (6..=9, Some((start, length))) => start.wrapping_add(length as u64).wrapping_add(delta),
            (_, Some((start, length))) => {
                start + u64::from(u8::arbitrary(self.bytes)?) % length as u64
            }
            (_, None) => u64::from(u8::arbitrary(self.bytes)?),
        })
    }

    /// Mostly inside a region, also just past its end, rarely anywhere.
    fn position(&mut self) -> Result<u64> {
        Ok(if self.bytes.ratio(1, 16)? {
            *self
                .bytes
                .choose(&[u64::MAX, u64::MAX - 7, 1 << 63, 1 << 32])?
        } else {
            u64::from(u8::arbitrary(self.bytes)?)
        })
    }

    fn offset(&mut self) -> Result<usize> {
        Ok(self.position()? as usize)
    }

    /// Up to the size of several regions.
    fn small(&mut self) -> Result<usize> {
        if bool::arbitrary(self.bytes)? {
            self.bytes.int_in_range(0..=9)
        } else {
            self.bytes.int_in_range(0..=400)
        }
    }

    /// Also more than any memory has.
    fn length(&mut self) -> Result<usize> {
        if self.bytes.ratio(1, 16)? {
            Ok(*self
                .bytes
                .choose(&[usize::MAX, usize::MAX - 7, isize::MAX as usize, 1 << 32])?)
        } else {
            self.small()
        }
    }

    fn index(&mut self) -> Result<usize> {
        self.bytes.int_in_range(0..=5)
    }

    fn data(&mut self) -> Result<Vec<u8>> {
        let length = self.small()?;
        let first = u8::arbitrary(self.bytes)?;
        Ok((0..length).map(|at| first.wrapping_add(at as u8)).collect())
    }

    fn virtual_address(&mut self) -> Result<u64> {
        Ok(match self.bytes.int_in_range(0..=15)? {
            0 => self.address()?,
            1 => u64::MAX - u64::from(u8::arbitrary(self.bytes)? % 16),
            _ => u64::from(u16::arbitrary(self.bytes)?) % NEAR,
        })
    }

    fn part(&mut self) -> Result<Part> {
        let region = self.index()?;
        let of = self
            .layout
            .get(region % self.layout.len().max(1))
            .map_or(0, |(_, length)| *length);
        let offset = self.bytes.int_in_range(0..=of)?;
        let length = if bool::arbitrary(self.bytes)? {
            of - offset
        } else {
            self.bytes.int_in_range(0..=of - offset)?
        };
        Ok(Part {
            region,
            offset,
            length,
        })
    }

    fn place(&mut self) -> Result<Place> {
        Ok(match self.bytes.int_in_range(0..=7)? {
            0..=2 => Place::Memory(self.address()?),
            3 | 4 => Place::Virtual(self.virtual_address()?),
            5 => Place::Region(self.index()?, self.position()?),
            _ => Place::Slice(self.part()?, self.offset()?),
        })
    }

    fn access(&mut self) -> Result<Access> {
        let order = [
            Ordering::Relaxed,
            Ordering::Acquire,
            Ordering::Release,
            Ordering::AcqRel,
            Ordering::SeqCst,
        ];
        Ok(match self.bytes.int_in_range(0..=11)? {
            0 => Access::Write(self.data()?),
            1 => Access::WriteSlice(self.data()?),
            2 => Access::Read(self.small()?),
            3 => Access::ReadSlice(self.small()?),
            4 => Access::WriteObject(self.kind()?, u64::arbitrary(self.bytes)?),
            5 => Access::ReadObject(self.kind()?),
            6 => Access::Store(
                self.integer()?,
                u64::arbitrary(self.bytes)?,
                *self.bytes.choose(&order)?,
            ),
            7 => Access::Load(self.integer()?, *self.bytes.choose(&order)?),
            8 => Access::ReadFrom(self.stream()?, self.length()?),
            9 => Access::ReadExactFrom(self.stream()?, self.length()?),
            10 => Access::WriteTo(self.stream()?, self.length()?),
            _ => Access::WriteAllTo(self.stream()?, self.length()?),
        })
    }

    fn stream(&mut self) -> Result<Stream> {
        Ok(match self.bytes.int_in_range(0..=8)? {
            0 | 1 => Stream::Slice(self.data()?),
            2 | 3 => Stream::Cursor(self.data()?, self.position()?),
            4 => Stream::Vector(self.data()?),
            5 => Stream::File(*self.bytes.choose(&[
                File::Zero,
                File::Null,
                File::Full,
                File::Folder,
            ])?),
            _ => {
                let count = self.bytes.int_in_range(0..=6)?;
                let step = |_| {
                    Ok(match self.bytes.int_in_range(0..=9)? {
                        0 => Step::Interrupted,
                        1 => Step::Refused,
                        2..=5 => Step::Some(usize::MAX),
                        _ => Step::Some(self.bytes.int_in_range(0..=40)?),
                    })
                };
                Stream::Script((0..count).map(step).collect::<Result<_>>()?)
            }
        })
    }

    fn kind(&mut self) -> Result<Type> {
        use Type::{Nine, Nothing, Three, U8, U16, U32, U64, U128};
        self.bytes
            .choose(&[U8, U16, U32, U64, U128, Three, Nine, Nothing])
            .copied()
    }

    fn integer(&mut self) -> Result<Integer> {
        use Integer::{I32, U8, U16, U32, U64, Usize};
        self.bytes.choose(&[U8, U16, U32, U64, I32, Usize]).copied()
    }

    fn question(&mut self) -> Result<Question> {
        use Question::{
            Check, CheckRange, Count, DirtyAt, Find, HostAddress, InRange, Last, Offset, Slice,
            Slices, SlicesUntilError, ToRegion, TryAccess,
        };
        let all = [
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
            TryAccess,
            DirtyAt,
        ];
        self.bytes.choose(&all).copied()
    }

    fn slice_method(&mut self) -> Result<SliceMethod> {
        Ok(match self.bytes.int_in_range(0..=12)? {
            0 => SliceMethod::Subslice(self.offset()?, self.length()?),
            1 => SliceMethod::Offset(self.offset()?),
            2 => SliceMethod::SplitAt(self.offset()?),
            3 => SliceMethod::EndOffset(self.offset()?, self.length()?),
            4 => SliceMethod::CopyTo(self.kind()?, self.bytes.int_in_range(0..=40)?),
            5 => SliceMethod::CopyFrom(self.kind()?, self.data()?),
            6 => SliceMethod::CopyToSlice(self.part()?),
            7 => SliceMethod::LoadRef(self.kind()?, self.offset()?),
            8 => SliceMethod::StoreRef(self.kind()?, self.offset()?, u64::arbitrary(self.bytes)?),
            9 | 10 => {
                let method = match self.bytes.int_in_range(0..=4)? {
                    0 => ArrayMethod::Load(self.offset()?),
                    1 => ArrayMethod::Store(self.offset()?, u64::arbitrary(self.bytes)?),
                    2 => ArrayMethod::CopyTo(self.bytes.int_in_range(0..=40)?),
                    3 => ArrayMethod::CopyFrom(self.data()?),
                    _ => ArrayMethod::CopyToSlice(self.part()?),
                };
                SliceMethod::Array(self.kind()?, self.offset()?, self.length()?, method)
            }
            11 => SliceMethod::Atomic(self.integer()?, self.offset()?),
            _ => SliceMethod::Aligned(self.kind()?, self.offset()?),
        })
    }

    fn bitmap_method(&mut self) -> Result<BitmapMethod> {
        Ok(match self.bytes.int_in_range(0..=11)? {
            0 => BitmapMethod::New(self.small()?, self.bytes.int_in_range(1..=20)?),
            1 => BitmapMethod::SetRange(self.offset()?, self.length()?),
            2 => BitmapMethod::ResetRange(self.offset()?, self.length()?),
            3 => BitmapMethod::SetBit(self.offset()?),
            4 => BitmapMethod::ResetBit(self.offset()?),
            5 => BitmapMethod::IsBitSet(self.offset()?),
            6 => BitmapMethod::IsAddressSet(self.offset()?),
            7 => BitmapMethod::Enlarge(self.small()?),
            8 => BitmapMethod::GetAndReset,
            9 => BitmapMethod::Reset,
            10 => BitmapMethod::MarkSliced(
                self.offset()?,
                self.offset()?,
                self.offset()?,
                self.length()?,
            ),
            _ => BitmapMethod::DirtySliced(self.offset()?, self.offset()?, self.offset()?),
        })
    }

    fn iommu_method(&mut self) -> Result<IommuMethod> {
        let bits = u8::arbitrary(self.bytes)? % 4;
        Ok(match self.bytes.int_in_range(0..=11)? {
            0..=4 => {
                let iova = self.virtual_address()?;
                let mut length = self.length()?;
                // Only one of the two crates can map a range that ends at 2^64: nothing more could be compared.
                if iova.wrapping_add(length as u64) == 0 {
                    length = length.saturating_sub(1);
                }
                IommuMethod::Set(
                    iova,
                    self.address()?,
                    length,
                    *self.bytes.choose(&[3, 3, 3, 3, 1, 2, 0])?,
                )
            }
            5 => IommuMethod::Invalidate(self.virtual_address()?, self.length()?),
            6 => IommuMethod::InvalidateAll,
            7 => IommuMethod::Lookup(self.virtual_address()?, self.length()?, bits),
            8 => IommuMethod::CheckRange(self.virtual_address()?, self.length()?, bits),
            9 => IommuMethod::Slices(self.virtual_address()?, self.length()?, bits),
            10 => IommuMethod::Enable(self.bytes.ratio(7, 8)?),
            _ => IommuMethod::Range(self.virtual_address()?, self.virtual_address()?),
        })
    }

    fn address_method(&mut self) -> Result<AddressMethod> {
        use AddressMethod::{
            And, CheckedAdd, CheckedAlignUp, CheckedOffsetFrom, CheckedSub, Mask, Or,
            OverflowingAdd, OverflowingSub, UncheckedAdd, UncheckedAlignUp, UncheckedOffsetFrom,
            UncheckedSub,
        };
        let all = [
            And,
            CheckedAdd,
            CheckedAlignUp,
            CheckedOffsetFrom,
            CheckedSub,
            Mask,
            Or,
            OverflowingAdd,
            OverflowingSub,
            UncheckedAdd,
            UncheckedAlignUp,
            UncheckedOffsetFrom,
            UncheckedSub,
        ];
        self.bytes.choose(&all).copied()
    }
}
