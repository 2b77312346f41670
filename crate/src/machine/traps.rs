//! Write traps: parts of regions whose next write is told to a caller, such as a JIT that has translated them.
//!
//! A trap belongs to bytes of regions, and not to addresses: a write through any alias or address space springs it. It is
//! kept by region and offset, because compaction, discards and first writes move host pages. It is sprung by pages of the
//! addresses at which it was set, each once.
//!
//! ```text
//!   the facade's write ── trapped ──▶ pages ── callback ── end ──▶ the store
//!   a Rust store ───────── mark ────▶ spring ──▶ sprung list, counter word ── the facade's next call ──▶ callback
//! ```

use crate::linear::allocator;
use crate::linear::host::{self, PAGE_SHIFT, PAGE_SIZE};
use crate::linear::readers;
use crate::machine::control;
use crate::machine::index::{Index, Key};
use crate::model::guest_memory::GuestAddress;
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use core::ops::Range;

/// The most bytes of a segment, so that a search looks back no further.
const LONGEST: u64 = 64 << PAGE_SHIFT;

/// Bytes of a region, and the guest address at which they were trapped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Segment {
    /// The region's id.
    pub(crate) region: u32,
    pub(crate) start: u64,
    pub(crate) end: u64,
    pub(crate) guest: u64,
    pub(crate) trap: u32,
    /// The machine through whose address space the trap was set.
    pub(crate) machine: u32,
}

impl Segment {
    fn in_region(&self, slot: usize) -> Key {
        (self.region.into(), self.start, slot as u64)
    }

    fn in_trap(&self, slot: usize) -> Key {
        (self.trap.into(), self.guest, slot as u64)
    }

    fn part(&self, bytes: Range<u64>) -> Self {
        Segment {
            start: bytes.start,
            end: bytes.end,
            guest: self.guest.wrapping_add(bytes.start - self.start), // 2^64 is behind the last byte
            ..*self
        }
    }

    /// The guest pages of the bytes from `start` to `end`.
    fn pages(&self, start: u64, end: u64) -> Range<u64> {
        let at = |offset: u64| (self.guest + (offset - self.start)) >> PAGE_SHIFT;
        at(start)..at(end - 1) + 1
    }

    /// The bytes in the guest pages `[first, end)`.
    fn within(&self, pages: &Range<u64>) -> Range<u64> {
        let offset = |page: u64| {
            let before = (page << PAGE_SHIFT).saturating_sub(self.guest);
            (self.start + before).clamp(self.start, self.end)
        };
        let past = pages.end > u64::MAX >> PAGE_SHIFT; // the last page of all ends at 2^64
        offset(pages.start)..if past { self.end } else { offset(pages.end) }
    }
}

/// A page on which a trap was sprung, by the guest address at which the trap was set.
///
/// ```
/// use guest_memory::traps::Sprung;
/// use guest_memory::{AddressSpace, Bytes, GuestAddress};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x4000)])?;
/// let trap = space.trap_writes(GuestAddress(0x1100), 4, true)?;
/// space.view().write_obj(5_u32, GuestAddress(0x1104))?; // beside it
/// space.view().write_obj(5_u32, GuestAddress(0x1100))?;
/// assert_eq!(space.take_sprung(), [Sprung { trap, page: GuestAddress(0x1000) }]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Sprung {
    /// The number of the trap.
    pub trap: u32,
    /// The address of the page's first byte.
    pub page: GuestAddress,
}

/// Adjacent bytes of linear memory, and the bytes of a region that they are.
#[derive(Clone, Copy, Debug)]
pub(crate) struct HostRange {
    pub(crate) start: usize,
    pub(crate) end: usize,
    pub(crate) region: u32,
    pub(crate) offset: u64,
}

/// Gives the runs of linear memory that have a region's bytes. False where the region is gone.
pub(crate) type Locate = fn(region: u32, give: &mut dyn FnMut(HostRange)) -> bool;

#[derive(Debug, Default)]
struct Traps {
    /// The armed segments, in slots.
    slots: Vec<Segment>,
    /// The slots that have none.
    free: Vec<usize>,
    /// Region, start, slot.
    by_region: Index,
    /// Trap, guest address, slot.
    by_trap: Index,
    last: u32,
    /// How many regions have segments, and up to how many none is looked for that is gone.
    regions: usize,
    few: usize,
    /// Finds a region's bytes; set with the first trap.
    locate: Option<Locate>,
    /// Where the bytes of these regions lie, by host offset; computed again when `layout` is not current.
    hosts: Vec<HostRange>,
    layout: Option<u32>,
    /// Pages whose callback runs, each with the trap's number, its own, and the bytes that had the trap.
    #[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
    suspended: Vec<(u32, u64, Vec<Segment>)>,
    /// Pages that Rust stores have sprung, with the bytes that had the trap.
    sprung: Vec<(Sprung, Vec<Segment>)>,
}

static TRAPS: Mutex<Option<Traps>> = Mutex::new(None);
/// The number of armed segments.
static ARMED: AtomicU32 = AtomicU32::new(0);
/// Counts the pages that Rust stores have sprung.
static SPRUNG: AtomicU32 = AtomicU32::new(0);

fn lock() -> MutexGuard<'static, Option<Traps>> {
    TRAPS.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Whether any trap is armed.
#[inline(always)]
pub(crate) fn any() -> bool {
    ARMED.load(Ordering::Relaxed) != 0
}

/// The word that counts the pages that Rust stores have sprung.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) fn counter() -> usize {
    core::ptr::from_ref(&SPRUNG).expose_provenance()
}

/// Whether the heap has room for these segments, and for the lists to grow.
pub(crate) fn has_room_for(segments: &[Segment]) -> bool {
    let bytes = |segment: &Segment| segment.end - segment.start;
    let cut = segments.iter().map(|segment| bytes(segment) / LONGEST + 1);
    // Fits, or there is no room: a segment and its two keys are 88 bytes, and a list doubles.
    let fresh = usize::try_from(cut.sum::<u64>()).unwrap_or(usize::MAX / 4);
    let armed = ARMED.load(Ordering::Relaxed) as usize;
    host::keep_heap_headroom(fresh.saturating_mul(3).saturating_add(armed))
}

/// Arms a trap over these segments, and gives its number.
pub(crate) fn arm(segments: &[Segment], locate: Locate) -> u32 {
    let mut traps = lock();
    let traps = traps.get_or_insert_default();
    traps.locate = Some(locate);
    traps.purge();
    traps.last = traps.last.wrapping_add(1).max(1);
    let trap = traps.last;
    for &segment in segments {
        let mut rest = Segment { trap, ..segment };
        while rest.start < rest.end {
            let end = rest.end.min(rest.start + LONGEST);
            traps.insert(Segment { end, ..rest });
            rest.guest = rest.guest.wrapping_add(end - rest.start);
            rest.start = end;
        }
    }
    trap
}

/// The pages of traps that a write of a region's bytes touches, of traps up to the number `last`. In the order of the
/// region's bytes.
pub(crate) fn touched(region: u32, bytes: Range<u64>, last: u32, mut give: impl FnMut(u32, u64)) {
    if let Some(traps) = lock().as_ref() {
        let over = traps.over(region, &bytes);
        for (_, segment) in over.filter(|(_, segment)| segment.trap <= last) {
            let (start, end) = (segment.start.max(bytes.start), segment.end.min(bytes.end));
            segment
                .pages(start, end)
                .for_each(|page| give(segment.trap, page));
        }
    }
}

/// Ends a trap on a guest page until [`resume`], and gives the bytes that it had there.
#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn suspend(trap: u32, page: u64) -> Vec<Segment> {
    let ended = end(trap, page..page + 1);
    if let Some(traps) = lock().as_mut()
        && !ended.is_empty()
    {
        traps.suspended.push((trap, page, ended.clone()));
    }
    ended
}

/// Arms a suspended page of a trap again, or forgets it. Gives the bytes that have the trap again.
#[cfg(any(test, all(target_arch = "wasm32", target_os = "unknown")))]
pub(crate) fn resume(trap: u32, page: u64, again: bool) -> Vec<Segment> {
    let mut traps = lock();
    let Some(traps) = traps.as_mut() else {
        return Vec::new();
    };
    let is_it = |one: &(u32, u64, Vec<Segment>)| (one.0, one.1) == (trap, page);
    let Some(index) = traps.suspended.iter().position(is_it) else {
        return Vec::new();
    };
    let (.., mut segments) = traps.suspended.swap_remove(index);
    if !again {
        segments.clear();
    }
    segments.iter().for_each(|&segment| traps.insert(segment));
    segments
}

/// Gives the segments that have some of a region's bytes.
pub(crate) fn each_over(region: u32, bytes: &Range<u64>, mut give: impl FnMut(&Segment)) {
    if let Some(traps) = lock().as_ref() {
        traps
            .over(region, bytes)
            .for_each(|(_, segment)| give(&segment));
    }
}

/// Whether a write of a region's bytes touches a trap.
pub(crate) fn touches(region: u32, bytes: Range<u64>) -> bool {
    any()
        && lock()
            .as_ref()
            .is_some_and(|traps| traps.over(region, &bytes).next().is_some())
}

/// The number of the newest trap.
#[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
pub(crate) fn last() -> u32 {
    lock().as_ref().map_or(0, |traps| traps.last)
}

/// Ends a trap on guest pages, and gives the bytes that it had there.
pub(crate) fn end(trap: u32, pages: Range<u64>) -> Vec<Segment> {
    lock()
        .as_mut()
        .map_or_else(Vec::new, |traps| traps.end(trap, &pages))
}

/// Springs the traps that a Rust store has touched, at a host offset.
#[inline]
pub(crate) fn stored(host: usize, length: usize) {
    readers::barrier();
    if any() {
        spring(host, length);
    }
}

/// As [`stored`], for bytes of a region, which need not be in linear memory.
pub(crate) fn written(region: u32, bytes: Range<u64>) {
    readers::barrier();
    if any()
        && let Some(traps) = lock().as_mut()
    {
        traps.spring(region, &bytes);
    }
}

#[cold]
fn spring(host: usize, length: usize) {
    if let Some(traps) = lock().as_mut() {
        traps.find_hosts();
        let end = host.saturating_add(length);
        let first = traps.hosts.partition_point(|run| run.end <= host);
        let runs = traps.hosts.iter().skip(first);
        let runs: Vec<HostRange> = runs.take_while(|run| run.start < end).copied().collect();
        for run in runs {
            let offset = |byte: usize| run.offset + (byte - run.start) as u64;
            let bytes = offset(host.max(run.start))..offset(end.min(run.end));
            traps.spring(run.region, &bytes);
        }
    }
}

/// Takes `most` of the pages that Rust stores have sprung, of traps of all machines or of one, each with the bytes that had
/// the trap.
pub(crate) fn take(most: usize, machine: Option<u32>) -> Vec<(Sprung, Vec<Segment>)> {
    let mut traps = lock();
    let Some(traps) = traps.as_mut() else {
        return Vec::new();
    };
    let asked = |(_, segments): &(Sprung, Vec<Segment>)| {
        let first = segments.first();
        machine.is_none_or(|machine| first.is_some_and(|first| first.machine == machine))
    };
    let mut left = most;
    let mut taken = Vec::new();
    for sprung in core::mem::take(&mut traps.sprung) {
        match left > 0 && asked(&sprung) {
            true => {
                left -= 1;
                taken.push(sprung);
            }
            false => traps.sprung.push(sprung),
        }
    }
    taken
}

impl Traps {
    fn has(&self, region: u32) -> bool {
        let id = u64::from(region);
        let next = self.by_region.from((id, 0, 0)).next();
        next.is_some_and(|key| key.0 == id)
    }

    fn each_region(&self, mut give: impl FnMut(u32)) {
        let mut from = 0;
        while let Some(key) = self.by_region.from((from, 0, 0)).next() {
            give(u32::try_from(key.0).unwrap_or(0)); // fits: it is an id
            from = key.0 + 1;
        }
    }

    fn insert(&mut self, segment: Segment) {
        if !self.has(segment.region) {
            self.regions += 1;
            self.layout = None;
        }
        let slot = self.free.pop().unwrap_or(self.slots.len());
        match self.slots.get_mut(slot) {
            Some(free) => *free = segment,
            None => self.slots.push(segment),
        }
        self.by_region.insert(segment.in_region(slot));
        self.by_trap.insert(segment.in_trap(slot));
        ARMED.fetch_add(1, Ordering::Relaxed);
    }

    fn remove(&mut self, slot: usize) {
        let segment = self.slots[slot];
        self.by_region.remove(&segment.in_region(slot));
        self.by_trap.remove(&segment.in_trap(slot));
        self.free.push(slot);
        ARMED.fetch_sub(1, Ordering::Relaxed);
        if !self.has(segment.region) {
            self.regions -= 1;
            self.layout = None;
        }
    }

    /// The segments that have some of a region's bytes, each with its slot.
    fn over(&self, region: u32, bytes: &Range<u64>) -> impl Iterator<Item = (usize, Segment)> {
        let (id, start, end) = (u64::from(region), bytes.start, bytes.end);
        let keys = self
            .by_region
            .from((id, start.saturating_sub(LONGEST - 1), 0));
        let keys = keys.take_while(move |key| key.0 == id && key.1 < end);
        let segments = keys.filter_map(|key| self.at(key.2));
        segments.filter(move |(_, segment)| segment.end > start)
    }

    /// The segment in a slot.
    fn at(&self, slot: u64) -> Option<(usize, Segment)> {
        let slot = usize::try_from(slot).ok()?;
        Some((slot, *self.slots.get(slot)?))
    }

    /// Ends the traps of regions that are gone, each time that twice as many regions have traps.
    fn purge(&mut self) {
        if self.regions <= self.few {
            return;
        }
        let mut gone = Vec::new();
        self.each_region(|id| {
            if !self.locate.is_some_and(|locate| locate(id, &mut |_| {})) {
                gone.push(id);
            }
        });
        for id in gone {
            while let Some((slot, _)) = self.first_over(id, &(0..u64::MAX)) {
                self.remove(slot);
            }
        }
        self.few = 2 * self.regions + 16;
    }

    /// Finds out where the regions' bytes lie, unless that is known.
    fn find_hosts(&mut self) {
        let layout = allocator::layout();
        if self.layout == Some(layout) {
            return;
        }
        self.layout = Some(layout);
        let mut hosts: Vec<HostRange> = Vec::new();
        self.each_region(|region| {
            if let Some(locate) = self.locate {
                locate(region, &mut |run| {
                    // Inserted in order: a sort is 5 KiB of code.
                    let index = hosts.partition_point(|other| other.start < run.start);
                    hosts.insert(index, run);
                });
            }
        });
        self.hosts = hosts;
    }

    /// Springs the traps on a region's bytes, and counts that in the page tables of their machines.
    fn spring(&mut self, region: u32, bytes: &Range<u64>) {
        while let Some((_, segment)) = self.first_over(region, bytes) {
            let start = segment.start.max(bytes.start);
            let page = segment.pages(start, start + 1).start;
            let ended = self.end(segment.trap, &(page..page + 1));
            let (trap, page) = (segment.trap, GuestAddress(page << PAGE_SHIFT));
            self.sprung.push((Sprung { trap, page }, ended));
            SPRUNG.fetch_add(1, Ordering::Relaxed);
            control::count_sprung(segment.machine);
        }
    }

    fn first_over(&self, region: u32, bytes: &Range<u64>) -> Option<(usize, Segment)> {
        self.over(region, bytes).next()
    }

    /// Ends a trap on guest pages, and gives the bytes that it had there.
    fn end(&mut self, trap: u32, pages: &Range<u64>) -> Vec<Segment> {
        let from = (pages.start << PAGE_SHIFT).saturating_sub(LONGEST - 1);
        let last = (pages.end - 1) << PAGE_SHIFT | (PAGE_SIZE as u64 - 1);
        let id = u64::from(trap);
        let keys = self.by_trap.from((id, from, 0));
        let keys = keys.take_while(|key| key.0 == id && key.1 <= last);
        let segments = keys.filter_map(|key| self.at(key.2));
        let found: Vec<_> = segments
            .filter(|(_, segment)| !segment.within(pages).is_empty())
            .collect();
        let mut ended = Vec::with_capacity(found.len());
        for (slot, segment) in found {
            self.remove(slot);
            let cut = segment.within(pages);
            for rest in [segment.start..cut.start, cut.end..segment.end] {
                if !rest.is_empty() {
                    self.insert(segment.part(rest));
                }
            }
            ended.push(segment.part(cut));
        }
        ended
    }
}

#[cfg(test)]
mod tests;
