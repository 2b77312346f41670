//! The methods of `VolatileSlice`, on a part of a region.

use super::region::Backing;
use super::value::{self, with_integer, with_type};
use super::{api, number};
use crate::outcome::Outcome;
use crate::scenario::{ArrayMethod, Part, SliceMethod};
use api::bitmap::{AtomicBitmap, BS};
use api::{
    AtomicAccess, AtomicInteger, ByteValued, GuestMemoryBackend, GuestRegionCollection,
    VolatileArrayRef, VolatileMemory, VolatileSlice,
};
use std::sync::atomic::Ordering::SeqCst;

type Slice<'a> = VolatileSlice<'a, BS<'a, AtomicBitmap>>;

/// Calls `f` with the slice, if there is one.
pub fn with<R: Backing>(
    memory: &GuestRegionCollection<R>,
    part: &Part,
    f: impl FnOnce(&Slice) -> Outcome,
) -> Outcome {
    let index = part.region % memory.num_regions().max(1);
    let Some(region) = memory.iter().nth(index) else {
        return Outcome::Nothing;
    };
    let whole = region.as_volatile_slice().expect("all of it is there");
    whole
        .subslice(part.offset, part.length)
        .map(|slice| f(&slice))
        .into()
}

pub fn apply<R: Backing>(
    memory: &GuestRegionCollection<R>,
    part: &Part,
    method: &SliceMethod,
) -> Outcome {
    with(memory, part, |slice| on_slice(memory, slice, method))
}

fn on_slice<R: Backing>(
    memory: &GuestRegionCollection<R>,
    slice: &Slice,
    method: &SliceMethod,
) -> Outcome {
    let start = slice.ptr_guard().as_ptr().addr();
    // The slice's place and length. The mark at its place shows that the bitmap went along.
    let show = |part: Slice| {
        let guard = part.ptr_guard_mut();
        assert_eq!(guard.len(), part.len());
        let distance = guard.as_ptr().addr() - start;
        part.copy_from(&[0x11u8]);
        Outcome::pair(number(distance), number(part.len()))
    };
    match method {
        SliceMethod::Subslice(offset, count) => slice.subslice(*offset, *count).map(show).into(),
        SliceMethod::Offset(count) => slice.offset(*count).map(show).into(),
        SliceMethod::SplitAt(mid) => slice
            .split_at(*mid)
            .map(|(one, two)| Outcome::pair(show(one), show(two)))
            .into(),
        SliceMethod::EndOffset(base, offset) => {
            slice.compute_end_offset(*base, *offset).map(number).into()
        }
        SliceMethod::CopyTo(of, count) => with_type!(*of, T => {
            let mut buffer = vec![value::make::<T>(u64::MAX); *count];
            let copied = slice.copy_to(&mut buffer);
            Outcome::pair(number(copied), value::show_all(&buffer))
        }),
        SliceMethod::CopyFrom(of, bytes) => with_type!(*of, T => {
            slice.copy_from(&value::several::<T>(bytes));
            Outcome::Done
        }),
        SliceMethod::CopyToSlice(part) => with(memory, part, |target| {
            slice.copy_to_volatile_slice(*target);
            Outcome::Done
        }),
        SliceMethod::LoadRef(of, offset) => with_type!(*of, T => slice
            .get_ref::<T>(*offset)
            .map(|one| Outcome::List(vec![value::show(one.load()), number(one.len()), show(one.to_slice())]))
            .into()),
        SliceMethod::StoreRef(of, offset, from) => with_type!(*of, T => slice
            .get_ref::<T>(*offset)
            .map(|one| {
                one.store(value::make(*from));
                Outcome::Done
            })
            .into()),
        SliceMethod::Array(of, offset, count, method) => with_type!(*of, T => slice
            .get_array_ref::<T>(*offset, *count)
            .map(|array| on_array(memory, &array, method))
            .into()),
        SliceMethod::Atomic(of, offset) => with_integer!(*of, T => slice
            .get_atomic_ref::<<T as AtomicAccess>::A>(*offset)
            .map(|one| value::show(AtomicInteger::load(one, SeqCst)))
            .into()),
        SliceMethod::Aligned(of, offset) => with_type!(*of, T => {
            // SAFETY: there is one thread, and nothing else is done while the reference lives.
            let mut one = unsafe { slice.aligned_as_mut::<T>(*offset) };
            if let Ok(value) = &mut one {
                let first = value.as_mut_slice().first_mut();
                first.into_iter().for_each(|byte| *byte = byte.wrapping_add(1));
            }
            // SAFETY: as above.
            let read = unsafe { slice.aligned_as_ref::<T>(*offset) };
            read.map(|value| value::show(*value)).into()
        }),
    }
}

fn on_array<R: Backing, T: ByteValued>(
    memory: &GuestRegionCollection<R>,
    array: &VolatileArrayRef<T, BS<AtomicBitmap>>,
    method: &ArrayMethod,
) -> Outcome {
    assert_eq!(array.element_size(), size_of::<T>());
    match method {
        ArrayMethod::Load(_) | ArrayMethod::Store(..) if array.is_empty() => Outcome::Nothing,
        ArrayMethod::Load(index) => value::show(array.load(index % array.len())),
        ArrayMethod::Store(index, from) => {
            array.store(index % array.len(), value::make(*from));
            Outcome::Done
        }
        ArrayMethod::CopyTo(count) => {
            let mut buffer = vec![value::make::<T>(u64::MAX); *count];
            let copied = array.copy_to(&mut buffer);
            Outcome::pair(number(copied), value::show_all(&buffer))
        }
        ArrayMethod::CopyFrom(bytes) => {
            array.copy_from(&value::several::<T>(bytes));
            number(array.to_slice().len())
        }
        ArrayMethod::CopyToSlice(part) => with(memory, part, |target| {
            array.copy_to_volatile_slice(*target);
            Outcome::Done
        }),
    }
}
