//! [`GuestRegionCollection`]: regions sorted by address, and the search for the region of an address.

use super::GuestMemoryRegion;
use super::index::Index;
use crate::model::guest_memory::{
    GuestAddress, GuestMemoryBackend, GuestUsize, MemoryRegionAddress,
};
use std::sync::Arc;
use thiserror::Error;

/// The reason why regions do not make up a guest's memory.
///
/// ```
/// use guest_memory::ram_region::RamRegion;
/// use guest_memory::{GuestAddress, GuestRegionCollection, GuestRegionCollectionError};
/// let nothing = GuestRegionCollection::<RamRegion>::from_regions(vec![]).unwrap_err();
/// assert!(matches!(nothing, GuestRegionCollectionError::NoMemoryRegion));
/// assert_eq!(nothing.to_string(), "no memory region");
/// ```
#[derive(Debug, Error)]
pub enum GuestRegionCollectionError {
    /// There are no regions, a region is empty, or no region has the given start and size.
    #[error("no memory region")]
    NoMemoryRegion,
    /// Two regions have an address in common, or a region goes on past 2^64.
    #[error("memory regions overlap")]
    MemoryRegionOverlap,
    /// A region begins before the one that precedes it.
    #[error("memory regions are not sorted by address")]
    UnsortedMemoryRegions,
}

use GuestRegionCollectionError::{MemoryRegionOverlap, NoMemoryRegion, UnsortedMemoryRegions};

/// Regions that do not overlap, sorted by address; holes may be between them.
///
/// A collection never changes: [`insert_region`](GuestRegionCollection::insert_region) and
/// [`remove_region`](GuestRegionCollection::remove_region) make another collection that shares the regions.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend, GuestRegionCollection};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x2000), 0x1000)])?;
/// let regions = space.view().flat().iter().cloned().collect();
/// let both = GuestRegionCollection::from_regions(regions)?;
/// let (one, removed) = both.remove_region(GuestAddress(0), 0x1000)?;
/// assert_eq!((both.num_regions(), one.num_regions()), (2, 1));
/// assert!(one.find_region(GuestAddress(0)).is_none());
/// assert!(one.insert_region(removed)?.find_region(GuestAddress(0)).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestRegionCollection<R> {
    entries: Vec<Entry<R>>,
    /// Guesses the position in `entries` of the region that holds an address.
    index: Index,
}

/// A region with its bounds, so that a search need not read the region itself.
#[derive(Debug)]
struct Entry<R> {
    /// The first address.
    start: u64,
    /// The distance from the first to the last address.
    to_last: u64,
    region: Arc<R>,
}

impl<R> Entry<R> {
    /// The region's last address.
    fn last(&self) -> u64 {
        self.start + self.to_last
    }

    /// The region and the position of `addr` in it, if it is inside.
    #[inline]
    fn position(&self, addr: u64) -> Option<(&R, MemoryRegionAddress)> {
        // For an address below the start the distance wraps around 2^64, and so is larger than `to_last` of any
        // region.
        let position = addr.wrapping_sub(self.start);
        (position <= self.to_last).then_some((&*self.region, MemoryRegionAddress(position)))
    }
}

// Not derived, because that would require `R: Clone` and `R: Default`.
impl<R> Clone for Entry<R> {
    fn clone(&self) -> Self {
        Entry {
            region: self.region.clone(),
            ..*self
        }
    }
}

impl<R> Clone for GuestRegionCollection<R> {
    fn clone(&self) -> Self {
        GuestRegionCollection {
            entries: self.entries.clone(),
            index: self.index.clone(),
        }
    }
}

impl<R> Default for GuestRegionCollection<R> {
    fn default() -> Self {
        GuestRegionCollection {
            entries: Vec::new(),
            index: Index::default(),
        }
    }
}

impl<R> GuestRegionCollection<R> {
    /// Rebuilds the index for the present regions.
    fn reindex(&mut self) {
        self.index
            .rebuild(self.entries.iter().map(|entry| entry.start));
    }

    /// The number of regions that begin at or before `addr`.
    fn following(&self, addr: u64) -> usize {
        self.entries.partition_point(|entry| entry.start <= addr)
    }

    /// Searches for the region that holds `addr`, after a wrong guess.
    #[cold]
    #[inline(never)]
    fn search(&self, addr: u64) -> Option<(&R, MemoryRegionAddress)> {
        let index = self.following(addr).checked_sub(1)?;
        self.entries.get(index)?.position(addr)
    }
}

impl<R: GuestMemoryRegion> GuestRegionCollection<R> {
    /// A collection without regions.
    pub fn new() -> Self {
        Self::default()
    }

    /// A collection of these regions, which must be sorted.
    ///
    /// # Errors
    /// [`NoMemoryRegion`] if there are no regions, or one is empty; else [`UnsortedMemoryRegions`] or
    /// [`MemoryRegionOverlap`] for the first pair of neighbours that is not sorted or overlaps.
    pub fn from_regions(regions: Vec<R>) -> Result<Self, GuestRegionCollectionError> {
        Self::from_arc_regions(regions.into_iter().map(Arc::new).collect())
    }

    /// Like [`from_regions`](GuestRegionCollection::from_regions), for shared regions.
    ///
    /// # Errors
    /// As [`from_regions`](GuestRegionCollection::from_regions).
    pub fn from_arc_regions(regions: Vec<Arc<R>>) -> Result<Self, GuestRegionCollectionError> {
        if regions.is_empty() {
            return Err(NoMemoryRegion);
        }
        let mut collection = GuestRegionCollection {
            entries: Vec::with_capacity(regions.len()),
            index: Index::default(),
        };
        for region in regions {
            let next = Entry::new(region)?;
            if let Some(previous) = collection.entries.last() {
                if previous.start > next.start {
                    return Err(UnsortedMemoryRegions);
                }
                if previous.last() >= next.start {
                    return Err(MemoryRegionOverlap);
                }
            }
            collection.entries.push(next);
        }
        collection.reindex();
        Ok(collection)
    }

    /// A collection with one region more.
    ///
    /// # Errors
    /// [`MemoryRegionOverlap`] if it overlaps a region of the collection; [`NoMemoryRegion`] if it is empty.
    pub fn insert_region(&self, region: Arc<R>) -> Result<Self, GuestRegionCollectionError> {
        let entry = Entry::new(region)?;
        let index = self.vacancy(&entry)?;
        let mut next = self.clone();
        next.entries.insert(index, entry);
        next.reindex();
        Ok(next)
    }

    /// A collection without the region that begins at `base` and has `size` bytes; and that region.
    ///
    /// # Errors
    /// [`NoMemoryRegion`] if no region has exactly that start and size.
    pub fn remove_region(
        &self,
        base: GuestAddress,
        size: GuestUsize,
    ) -> Result<(Self, Arc<R>), GuestRegionCollectionError> {
        let index = self
            .entries
            .binary_search_by_key(&base.0, |entry| entry.start)
            .map_err(|_| NoMemoryRegion)?;
        // Compared by the last address, because the length is 0 for a region of all 2^64 addresses.
        if size.checked_sub(1) != Some(self.entries[index].to_last) {
            return Err(NoMemoryRegion);
        }
        let mut next = self.clone();
        let entry = next.entries.remove(index);
        next.reindex();
        Ok((next, entry.region))
    }

    /// The position in the list where a region belongs.
    fn vacancy(&self, entry: &Entry<R>) -> Result<usize, GuestRegionCollectionError> {
        let index = self.following(entry.start);
        let after_previous = index == 0 || self.entries[index - 1].last() < entry.start;
        let next = self.entries.get(index);
        if after_previous && next.is_none_or(|next| entry.last() < next.start) {
            Ok(index)
        } else {
            Err(MemoryRegionOverlap)
        }
    }
}

impl<R: GuestMemoryRegion> Entry<R> {
    fn new(region: Arc<R>) -> Result<Self, GuestRegionCollectionError> {
        let start = region.start_addr().0;
        let to_last = region.len().checked_sub(1).ok_or(NoMemoryRegion)?;
        start.checked_add(to_last).ok_or(MemoryRegionOverlap)?;
        Ok(Entry {
            start,
            to_last,
            region,
        })
    }
}

impl<R: GuestMemoryRegion> GuestMemoryBackend for GuestRegionCollection<R> {
    type R = R;

    fn num_regions(&self) -> usize {
        self.entries.len()
    }

    #[inline]
    fn find_region(&self, addr: GuestAddress) -> Option<&R> {
        self.to_region_addr(addr).map(|(region, _)| region)
    }

    #[inline]
    fn to_region_addr(&self, addr: GuestAddress) -> Option<(&R, MemoryRegionAddress)> {
        let guess = self.entries.get(self.index.guess(addr.0));
        guess
            .and_then(|entry| entry.position(addr.0))
            .or_else(|| self.search(addr.0))
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.entries.iter().map(|entry| &*entry.region)
    }

    fn last_addr(&self) -> GuestAddress {
        GuestAddress(self.entries.last().map_or(0, Entry::last))
    }
}

#[cfg(test)]
mod tests;
