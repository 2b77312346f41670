//! Runs a scenario's operations on one crate. Compiled twice: `super::api` is the crate.

mod access;
mod failure;
mod iommu;
mod memory;
mod region;
mod slice;
mod value;

use super::api;
use crate::outcome::{self, Failure, Outcome, State};
use crate::scenario::{Operation, Place, Scenario};
use api::bitmap::{ArcSlice, AtomicBitmap, Bitmap};
use api::mmap::GuestRegionMmap;
use api::{
    GuestAddress, GuestAddressSpace, GuestMemoryAtomic, GuestMemoryBackend, GuestRegionCollection,
    IommuMemory, MemoryRegionAddress,
};
use region::{Backing, HeapRegion};
use std::num::NonZeroUsize;
use std::sync::Arc;

/// I/O virtual addresses that have a mark of their own.
const MARKED: usize = 4096;

/// A memory of `R`s, the same memory behind an IOMMU, and a bitmap.
struct Machine<R: Backing> {
    page: NonZeroUsize,
    space: GuestMemoryAtomic<GuestRegionCollection<R>>,
    iommu: IommuMemory<GuestRegionCollection<R>, iommu::Mappings>,
    bitmap: AtomicBitmap,
}

/// The machine that a scenario asks for.
pub fn machine(scenario: &Scenario) -> Box<dyn outcome::Machine> {
    if scenario.mapped {
        Box::new(Machine::<GuestRegionMmap<AtomicBitmap>>::new(scenario))
    } else {
        Box::new(Machine::<HeapRegion>::new(scenario))
    }
}

impl<R: Backing> Machine<R> {
    fn new(scenario: &Scenario) -> Self {
        let page = page(scenario.page);
        let regions: Vec<R> = scenario
            .layout
            .iter()
            .filter_map(|(start, length)| R::make(*start, *length, page))
            .collect();
        let memory = if regions.is_empty() {
            GuestRegionCollection::new()
        } else {
            GuestRegionCollection::from_regions(regions).expect("a layout is sorted")
        };
        for (number, region) in memory.iter().enumerate() {
            region.fill(number);
        }
        Machine {
            page,
            iommu: IommuMemory::new(
                memory.clone(),
                iommu::Mappings::default(),
                true,
                AtomicBitmap::new(MARKED, NonZeroUsize::MIN),
            ),
            space: GuestMemoryAtomic::new(memory),
            bitmap: AtomicBitmap::default(),
        }
    }

    fn memory(&self) -> Arc<GuestRegionCollection<R>> {
        self.space.memory().into_inner()
    }

    fn do_it(&mut self, operation: &Operation) -> Outcome {
        let memory = self.memory();
        // Numbers wrap around, so that the number of a removed region means another one.
        let region = |index: &usize| memory.iter().nth(index % memory.num_regions().max(1));
        match operation {
            Operation::Access(Place::Memory(at), access) => {
                access::access(memory.as_ref(), GuestAddress(*at), access)
            }
            Operation::Access(Place::Virtual(at), access) => {
                access::access(&self.iommu, GuestAddress(*at), access)
            }
            Operation::Access(Place::Region(index, at), access) => region(index)
                .map_or(Outcome::Nothing, |region| {
                    access::access(region, MemoryRegionAddress(*at), access)
                }),
            Operation::Access(Place::Slice(part, at), access) => {
                slice::with(memory.as_ref(), part, |slice| {
                    access::access(slice, *at, access)
                })
            }
            Operation::Memory(question, at, length) => {
                memory::ask(memory.as_ref(), *question, *at, *length)
            }
            Operation::Region(index, question, at, length) => region(index)
                .map_or(Outcome::Nothing, |region| {
                    region::ask(region, *question, *at, *length)
                }),
            Operation::Slice(part, method) => slice::apply(memory.as_ref(), part, method),
            Operation::Bitmap(None, method) => bitmap(&mut self.bitmap, method),
            Operation::Bitmap(Some(index), method) => region(index)
                .map_or(Outcome::Nothing, |region| {
                    shared_bitmap(region.marks(), method)
                }),
            Operation::Insert(start, length) => {
                let Some(region) = R::make(*start, *length, self.page) else {
                    return Outcome::Nothing;
                };
                memory
                    .insert_region(Arc::new(region))
                    .map(|memory| self.replace(memory))
                    .into()
            }
            Operation::Remove(start, length) => memory
                .remove_region(GuestAddress(*start), *length)
                .map(|(memory, region)| {
                    assert_eq!(region.start_addr().0, *start);
                    self.replace(memory)
                })
                .into(),
            Operation::Build(how, ranges) => memory::build(*how, ranges),
            Operation::Iommu(method) => iommu::apply(&mut self.iommu, method),
            Operation::Address(method, one, two) => Outcome::pair(
                value::address::<GuestAddress>(*method, *one, *two),
                value::address::<MemoryRegionAddress>(*method, *one, *two),
            ),
            Operation::Endian(number) => value::endian(*number),
            Operation::FromSlice(distance, length) => value::from_slice(*distance, *length),
            Operation::Permissions(one, two) => value::permissions(*one, *two),
        }
    }

    /// Puts another memory in place; an earlier snapshot keeps the old one.
    fn replace(&mut self, memory: GuestRegionCollection<R>) -> Outcome {
        let before = self.space.clone().memory();
        self.iommu = self.iommu.with_replaced_backend(memory.clone());
        let guard = self.space.lock().expect("nobody panics with the lock");
        guard.replace(memory);
        Outcome::pair(
            Outcome::Number(before.num_regions() as u64),
            Outcome::Number(self.space.memory().num_regions() as u64),
        )
    }

    /// Host addresses as offsets in the regions that they lie in.
    fn without_host_addresses(&self, outcome: Outcome) -> Outcome {
        match outcome {
            Outcome::List(list) => Outcome::List(
                list.into_iter()
                    .map(|outcome| self.without_host_addresses(outcome))
                    .collect(),
            ),
            Outcome::Failed(Failure::Misaligned { offset, alignment }) => {
                let memory = self.memory();
                // A value without bytes may lie just behind the last byte.
                let place = |host| memory::place(memory.as_ref(), host);
                let behind = || place(offset - 1).map(|(_, distance)| distance + 1);
                let distance = place(offset).map(|(_, distance)| distance);
                let offset = distance
                    .or_else(behind)
                    .expect("in a region, or just behind");
                Outcome::Failed(Failure::Misaligned { offset, alignment })
            }
            outcome => outcome,
        }
    }
}

impl<R: Backing> outcome::Machine for Machine<R> {
    fn apply(&mut self, operation: &Operation) -> Outcome {
        let outcome = self.do_it(operation);
        self.without_host_addresses(outcome)
    }

    fn state(&self) -> State {
        State {
            regions: self.memory().iter().map(region::state).collect(),
            virtual_marks: self.iommu.bitmap().as_ref().clone().get_and_reset(),
            marks: self.bitmap.clone().get_and_reset(),
        }
    }

    fn restore(&mut self, state: &State) {
        for (region, state) in self.memory().iter().zip(&state.regions) {
            region::restore(region, state);
        }
        region::mark(self.iommu.bitmap(), &state.virtual_marks);
        region::mark(&self.bitmap, &state.marks);
    }
}

fn page(size: usize) -> NonZeroUsize {
    NonZeroUsize::new(size).expect("pages have bytes")
}

fn number(number: usize) -> Outcome {
    Outcome::Number(number as u64)
}

/// A method of a bitmap that has no other holder.
fn bitmap(bitmap: &mut AtomicBitmap, method: &crate::scenario::BitmapMethod) -> Outcome {
    use crate::scenario::BitmapMethod;
    match *method {
        BitmapMethod::New(size, grain) => *bitmap = AtomicBitmap::new(size, page(grain)),
        BitmapMethod::Enlarge(by) => bitmap.enlarge(by),
        _ => return shared_bitmap(bitmap, method),
    }
    Outcome::pair(number(bitmap.len()), number(bitmap.byte_size()))
}

fn shared_bitmap(bitmap: &AtomicBitmap, method: &crate::scenario::BitmapMethod) -> Outcome {
    use crate::scenario::BitmapMethod;
    match *method {
        // A region's bitmap has the size of the region.
        BitmapMethod::New(..) | BitmapMethod::Enlarge(_) => {}
        BitmapMethod::SetRange(at, length) => bitmap.set_addr_range(at, length),
        BitmapMethod::ResetRange(at, length) => bitmap.reset_addr_range(at, length),
        BitmapMethod::SetBit(index) => bitmap.set_bit(index),
        BitmapMethod::ResetBit(index) => bitmap.reset_bit(index),
        BitmapMethod::IsBitSet(index) => return Outcome::Flag(bitmap.is_bit_set(index)),
        BitmapMethod::IsAddressSet(at) => return Outcome::Flag(bitmap.is_addr_set(at)),
        BitmapMethod::GetAndReset => {
            let words = bitmap.get_and_reset();
            return Outcome::List(words.into_iter().map(Outcome::Number).collect());
        }
        BitmapMethod::Reset => bitmap.reset(),
        BitmapMethod::MarkSliced(one, two, at, length) => {
            bitmap.slice_at(one).slice_at(two).mark_dirty(at, length)
        }
        BitmapMethod::DirtySliced(one, two, at) => {
            let slice = ArcSlice::new(Arc::new(bitmap.clone()), one);
            return Outcome::Flag(slice.slice_at(two).dirty_at(at));
        }
    }
    Outcome::Done
}
