//! `Region`: memory, a device or an alias, to be placed in an address space. It knows what it shows, not where.

use super::alias::{self, Target};
use crate::linear::host::{self, PAGE_SIZE};
use crate::machine::block::{self, Block};
use crate::machine::fault::Fault;
use crate::machine::spaces;
use crate::model::external::ExternalMemory;
use crate::model::guest_memory::{GuestAddress, GuestUsize};
use crate::sync::atomic::{AtomicU32, Ordering};
use crate::sync::{Mutex, MutexGuard, PoisonError};
use core::ops::Range;
use std::sync::{Arc, Weak};

/// The kind of a region.
///
/// ```
/// use guest_memory::{GuestAddress, Region, RegionKind};
/// let timer = Region::new("timer", RegionKind::Mmio, GuestAddress(0), 0x1000)?;
/// assert_eq!((timer.kind(), timer.size()), (RegionKind::Mmio, 0x1000));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegionKind {
    /// Memory.
    Ram,
    /// Memory that the guest cannot write; a loader can.
    Rom,
    /// Memory that the guest reads, and a device that gets the guest's writes (flash, for example).
    RomDevice,
    /// A device: each access goes to its handlers.
    Mmio,
    /// A second view of another region, or of a part of it.
    Alias,
    /// Addresses that show nothing: regions below it are hidden, as if nothing were mapped there.
    Reserved,
    /// Memory of another owner, outside linear memory.
    External,
}

/// A building block of an address space, of a fixed size: memory, a device, another view of a region.
///
/// # Examples
///
/// ```
/// use guest_memory::memory_map::{Region, RegionKind};
/// use guest_memory::{AddressSpace, Bytes, GuestAddress};
///
/// let flash = Region::new("flash", RegionKind::Rom, GuestAddress(0x1000_0000), 0x1_0000)?;
/// let mirror = Region::alias("flash again", &flash, 0, 0x1_0000)?;
/// let space = AddressSpace::new()?;
/// space.map(&flash, GuestAddress(0x1000_0000), 0)?;
/// space.map(&mirror, GuestAddress(0x1100_0000), 0)?;
/// // A loader writes what the guest cannot.
/// space.view().flat().write_obj(7_u8, GuestAddress(0x1000_0000))?;
/// assert_eq!(space.read_obj::<u8>(GuestAddress(0x1100_0000))?, 7);
/// assert!(space.write_obj(8_u8, GuestAddress(0x1100_0000)).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct Region {
    id: u32,
    name: Box<str>,
    size: GuestUsize,
    kind: RegionKind,
    content: Content,
}

#[derive(Debug)]
enum Content {
    /// The blocks in order, without a gap.
    Bytes(Mutex<Vec<Arc<Block>>>),
    External(Arc<dyn ExternalMemory>),
    Nothing,
    Alias(Mutex<Target>),
}

impl Region {
    /// A region of `size` bytes; RAM and ROM are zero. `start` is the address where it is meant to be placed, of which
    /// only the low 12 bits count: placed at other low bits, its pages are not the host's pages, and every access takes
    /// the slow path.
    ///
    /// # Errors
    ///
    /// `EmptyRegion`; `OutOfMemory`; `InvalidAlias` for an alias, which is made by [`alias`](Region::alias), and for
    /// external memory, which is made by [`external`](Region::external).
    pub fn new(
        name: &str,
        kind: RegionKind,
        start: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<Self>, Fault> {
        if size == 0 {
            return Err(Fault::EmptyRegion { address: start.0 });
        }
        let content = match kind {
            RegionKind::Ram | RegionKind::Rom | RegionKind::RomDevice => {
                if let Some(pages) = host::pages_for(start.0, size) {
                    spaces::make_room(pages);
                }
                let block = Block::new(start, size).ok_or(Fault::OutOfMemory { bytes: size })?;
                Content::Bytes(Mutex::new(vec![Arc::new(block)]))
            }
            RegionKind::Mmio | RegionKind::Reserved => Content::Nothing,
            RegionKind::Alias | RegionKind::External => {
                return Err(Fault::InvalidAlias { offset: 0 });
            }
        };
        Self::register(name, kind, size, content)
    }

    /// A region that shows the `size` bytes from `offset` on of `target`. The target may be placed anywhere, or
    /// nowhere.
    ///
    /// # Errors
    ///
    /// `EmptyRegion`; `InvalidAlias` where the target has fewer bytes; `OutOfMemory`.
    pub fn alias(
        name: &str,
        target: &Arc<Region>,
        offset: GuestUsize,
        size: GuestUsize,
    ) -> Result<Arc<Self>, Fault> {
        if size == 0 {
            return Err(Fault::EmptyRegion { address: offset });
        }
        alias::make(target, offset, size, |target| {
            Self::register(name, RegionKind::Alias, size, Content::Alias(target))
        })
    }

    /// A region that shows `size` bytes of another owner.
    ///
    /// # Errors
    ///
    /// `EmptyRegion`; `OutOfMemory`.
    pub fn external(
        name: &str,
        size: GuestUsize,
        memory: Arc<dyn ExternalMemory>,
    ) -> Result<Arc<Self>, Fault> {
        if size == 0 {
            return Err(Fault::EmptyRegion { address: 0 });
        }
        Self::register(name, RegionKind::External, size, Content::External(memory))
    }

    fn register(
        name: &str,
        kind: RegionKind,
        size: u64,
        content: Content,
    ) -> Result<Arc<Self>, Fault> {
        let bytes = name.len() as u64;
        let mut text = String::new();
        text.try_reserve_exact(name.len())
            .map_err(|_| Fault::OutOfMemory { bytes })?;
        text.push_str(name);
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() == all.capacity() {
            all.retain(|(_, region)| region.strong_count() > 0);
            // As much again: so this walk is rare, also where regions come and go one by one.
            let more = all.len().max(1);
            all.try_reserve(more)
                .map_err(|_| Fault::OutOfMemory { bytes: 16 })?;
        }
        let region = Arc::new(Region {
            // Taken under the lock, so that the list is in the order of ids.
            id: NEXT.fetch_add(1, Ordering::Relaxed),
            name: text.into_boxed_str(),
            size,
            kind,
            content,
        });
        for block in region.blocks().iter().flat_map(|blocks| blocks.iter()) {
            block.belongs_to(region.id);
        }
        all.push((region.id, Arc::downgrade(&region)));
        Ok(region)
    }

    /// The region with this [`id`](Region::id), as long as it has a holder.
    pub fn by_id(id: u32) -> Option<Arc<Self>> {
        let all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        let index = all.binary_search_by_key(&id, |&(id, _)| id).ok()?;
        all[index].1.upgrade()
    }

    /// A number that names this region, and no other in this process.
    pub fn id(&self) -> u32 {
        self.id
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The size in bytes.
    pub fn size(&self) -> GuestUsize {
        self.size
    }

    /// The kind.
    #[inline]
    pub fn kind(&self) -> RegionKind {
        self.kind
    }

    /// The host offset of the first byte of RAM and ROM. It changes when regions are moved together. After the first
    /// [discard](crate::AddressSpace::discard), the other bytes need not be adjacent to the first.
    pub fn host_offset(&self) -> Option<usize> {
        Some(self.blocks()?.first()?.host_offset())
    }

    /// Where the bytes of RAM and ROM from an offset on lie, and how many are adjacent there: the host offset, or `None`
    /// where they were [discarded](crate::AddressSpace::discard) and are zero. `None` for the whole if the region has no
    /// such byte. The host offset changes when regions are moved together.
    ///
    /// ```
    /// use guest_memory::{AddressSpace, GuestAddress};
    /// let space = AddressSpace::new()?;
    /// let ram = space.insert_region(GuestAddress(0x8000), 0x4000)?;
    /// let first = ram.host_offset().unwrap();
    /// assert_eq!(ram.run(0x123), Some((Some(first + 0x123), 0x4000 - 0x123)));
    /// assert_eq!(ram.run(0x4000), None);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn run(&self, offset: u64) -> Option<(Option<usize>, usize)> {
        let blocks = self.blocks()?;
        let at = in_blocks(&blocks, offset.min(self.size), 0).start;
        let after = blocks.partition_point(|block| block.span().start <= at);
        let block = blocks.get(after.checked_sub(1)?)?;
        let inside = usize::try_from(at - block.span().start).ok()?;
        let bytes = block
            .size()
            .checked_sub(inside)
            .filter(|&bytes| bytes > 0)?;
        Some((
            (!block.is_absent()).then(|| block.host_offset() + inside),
            bytes,
        ))
    }

    /// Takes the target out of an alias that is dropped.
    fn take_target(&mut self) -> Option<Arc<Region>> {
        self.follows_target(false);
        let target = self.target().map(|(region, _)| region);
        if target.is_some() {
            self.content = Content::Nothing;
        }
        target
    }

    /// The bytes that an alias shows.
    pub(super) fn alias_content(&self) -> Option<&Mutex<Target>> {
        match &self.content {
            Content::Alias(target) => Some(target),
            _ => None,
        }
    }

    /// The bytes of external memory.
    pub(crate) fn external_memory(&self) -> Option<&dyn ExternalMemory> {
        match &self.content {
            Content::External(memory) => Some(memory.as_ref()),
            _ => None,
        }
    }

    /// The blocks of RAM and ROM.
    fn blocks(&self) -> Option<MutexGuard<'_, Vec<Arc<Block>>>> {
        match &self.content {
            Content::Bytes(blocks) => Some(blocks.lock().unwrap_or_else(PoisonError::into_inner)),
            _ => None,
        }
    }

    /// Whether the region has bytes of linear memory.
    pub(crate) fn has_bytes(&self) -> bool {
        matches!(self.content, Content::Bytes(_))
    }

    /// Gives each block, with the numbers of all its pages.
    pub(crate) fn each_page(&self, mut give: impl FnMut(&Arc<Block>, Range<usize>)) {
        for block in self.blocks().iter().flat_map(|blocks| blocks.iter()) {
            give(block, 0..block.page_count());
        }
    }

    /// Gives each block that has some of `size` bytes from `offset` on: how many of the bytes come before, where in the
    /// block the bytes begin, and how many the block has. False where the region has no blocks.
    pub(crate) fn each_block(
        &self,
        offset: u64,
        size: u64,
        mut give: impl FnMut(&Arc<Block>, u64, u64, u64),
    ) -> bool {
        let Some(blocks) = self.blocks() else {
            return false;
        };
        let part = in_blocks(&blocks, offset, size);
        for block in blocks.iter() {
            let span = block.span();
            let (start, end) = (span.start.max(part.start), span.end.min(part.end));
            if start < end {
                give(block, start - part.start, start - span.start, end - start);
            }
        }
        true
    }

    /// Zeroes `size` bytes from `offset` on, and frees whole host pages whose blocks no map holds any more: `let_go`
    /// makes the maps let go of a part of the region, in the positions that blocks use. It also gets the first and the
    /// last byte of all blocks that have some of it, and of the pages that are freed. It is not called where there is no
    /// whole page.
    pub(crate) fn discard(
        &self,
        offset: u64,
        size: u64,
        let_go: impl FnOnce(&Range<u64>, (u64, u64), (u64, u64)),
    ) {
        let Some(blocks) = self.blocks() else {
            return;
        };
        let all = in_blocks(&blocks, 0, self.size);
        let part = in_blocks(&blocks, offset, size);
        let page = PAGE_SIZE as u64;
        // The pages at the ends of the region hold nothing else.
        let from = match part.start == all.start {
            true => part.start,
            false => part.start.next_multiple_of(page),
        };
        let to = match part.end == all.end {
            true => part.end,
            false => part.end - part.end % page,
        };
        let whole = if from < to {
            from..to
        } else {
            part.end..part.end
        };
        for end in [part.start..whole.start, whole.end..part.end] {
            blocks.iter().for_each(|block| block.zero(&end));
        }
        if whole.is_empty() {
            return;
        }
        let window = block::chunks(&whole);
        let spans = blocks.iter().map(|block| block.span());
        let (mut first, mut last) = (offset, offset + (size - 1));
        for span in spans.filter(|span| block::meet(span, &window)) {
            first = first.min(span.start - all.start);
            last = last.max(span.end - 1 - all.start);
        }
        drop(blocks); // unlocked, because the maps look at the blocks when they let go
        let freed = (whole.start - all.start, whole.end - 1 - all.start);
        let_go(&window, (first, last), freed);
        if let Some(mut blocks) = self.blocks() {
            block::give_back(&mut blocks, &whole);
        }
    }
}

impl Drop for Region {
    /// A chain of aliases is dropped in a loop, since a recursion's depth would be in the hands of the caller.
    fn drop(&mut self) {
        let mut next = self.take_target();
        while let Some(mut region) = next.and_then(Arc::into_inner) {
            next = region.take_target();
        }
    }
}

/// A range of a region, in the positions that its blocks use.
fn in_blocks(blocks: &[Arc<Block>], offset: u64, size: u64) -> Range<u64> {
    let first = blocks.first().map_or(0, |block| block.span().start);
    first + offset..first + offset + size
}

/// The next id; 0 names no region.
static NEXT: AtomicU32 = AtomicU32::new(1);

/// Every living region, by id.
static ALL: Mutex<Vec<(u32, Weak<Region>)>> = Mutex::new(Vec::new());

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_is_refused() {
        let make = |kind, size| Region::new("x", kind, GuestAddress(5), size).map(drop);
        assert_eq!(
            make(RegionKind::Ram, 0),
            Err(Fault::EmptyRegion { address: 5 })
        );
        assert_eq!(
            make(RegionKind::Rom, 1 << 50),
            Err(Fault::OutOfMemory { bytes: 1 << 50 })
        );
        assert_eq!(make(RegionKind::Mmio, u64::MAX), Ok(()));
        let target = Region::new("x", RegionKind::Mmio, GuestAddress(0), 0x100).unwrap();
        for (offset, size) in [(0, 0x101), (0x100, 1), (u64::MAX, 2), (0xff, u64::MAX)] {
            let alias = Region::alias("y", &target, offset, size).map(drop);
            assert_eq!(alias, Err(Fault::InvalidAlias { offset }));
        }
    }

    #[test]
    fn an_id_names_a_region_while_somebody_has_it() {
        let region = Region::new("x", RegionKind::Mmio, GuestAddress(0), 1).unwrap();
        let id = region.id();
        assert!(Region::by_id(id).is_some_and(|found| Arc::ptr_eq(&found, &region)));
        drop(region);
        assert!(Region::by_id(id).is_none() && Region::by_id(0).is_none());
    }
}
