//! [`GuestRegionCollection`]: regions sorted by address, and the search among them.

use super::GuestMemoryRegion;
use crate::guest_memory::{GuestAddress, GuestMemoryBackend, GuestUsize, MemoryRegionAddress};
use std::alloc::{Layout, handle_alloc_error};
use std::sync::Arc;
use thiserror::Error;

/// Why regions do not make up a guest's memory.
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
    /// No regions, a region without a byte, or no region of the given start and size.
    #[error("no memory region")]
    NoMemoryRegion,
    /// Two regions have an address in common, or one goes on past 2^64.
    #[error("memory regions overlap")]
    MemoryRegionOverlap,
    /// A region begins before the one that precedes it.
    #[error("memory regions are not sorted by address")]
    UnsortedMemoryRegions,
}

use GuestRegionCollectionError::{MemoryRegionOverlap, NoMemoryRegion, UnsortedMemoryRegions};

/// Why a region was not inserted in place.
#[derive(Debug, Error)]
pub(crate) enum InsertError {
    #[error(transparent)]
    Collection(#[from] GuestRegionCollectionError),
    #[error("no memory for the list of regions")]
    OutOfMemory,
}

/// Regions that do not overlap, sorted by address; holes may be between them.
///
/// It never changes: [`insert_region`](GuestRegionCollection::insert_region) and
/// [`remove_region`](GuestRegionCollection::remove_region) make another that shares the regions.
///
/// ```
/// use guest_memory::{AddressSpace, GuestAddress, GuestMemoryBackend};
/// let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000), (GuestAddress(0x2000), 0x1000)])?;
/// let both = space.view();
/// let (one, removed) = both.remove_region(GuestAddress(0), 0x1000)?;
/// assert_eq!((both.num_regions(), one.num_regions()), (2, 1));
/// assert!(one.find_region(GuestAddress(0)).is_none());
/// assert!(one.insert_region(removed)?.find_region(GuestAddress(0)).is_some());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct GuestRegionCollection<R> {
    /// The first address of each region: all that the search looks at, eight to a cache line.
    starts: Vec<u64>,
    /// The rest of each region, in the same order.
    entries: Vec<Entry<R>>,
}

#[derive(Debug)]
struct Entry<R> {
    /// The region's last address.
    last: u64,
    region: Arc<R>,
}

// Derived, these would ask for `R: Clone` and `R: Default`.
impl<R> Clone for Entry<R> {
    fn clone(&self) -> Self {
        Entry {
            last: self.last,
            region: self.region.clone(),
        }
    }
}

impl<R> Clone for GuestRegionCollection<R> {
    fn clone(&self) -> Self {
        GuestRegionCollection {
            starts: self.starts.clone(),
            entries: self.entries.clone(),
        }
    }
}

impl<R> Default for GuestRegionCollection<R> {
    fn default() -> Self {
        GuestRegionCollection {
            starts: Vec::new(),
            entries: Vec::new(),
        }
    }
}

impl<R> GuestRegionCollection<R> {
    /// The number of regions.
    pub(crate) fn count(&self) -> usize {
        self.entries.len()
    }

    /// The regions that nobody else holds.
    pub(crate) fn unshared(&mut self) -> impl Iterator<Item = &mut R> {
        let entries = self.entries.iter_mut();
        entries.filter_map(|entry| Arc::get_mut(&mut entry.region))
    }
}

impl<R: GuestMemoryRegion> GuestRegionCollection<R> {
    /// A guest without memory.
    pub fn new() -> Self {
        Self::default()
    }

    /// A guest with these regions, which must be sorted.
    ///
    /// # Errors
    /// [`NoMemoryRegion`] if there are none, or one is empty; then pair by pair [`UnsortedMemoryRegions`] and
    /// [`MemoryRegionOverlap`].
    pub fn from_regions(regions: Vec<R>) -> Result<Self, GuestRegionCollectionError> {
        Self::from_arc_regions(regions.into_iter().map(Arc::new).collect())
    }

    /// [`from_regions`](GuestRegionCollection::from_regions), of regions that others use too.
    ///
    /// # Errors
    /// As [`from_regions`](GuestRegionCollection::from_regions).
    pub fn from_arc_regions(regions: Vec<Arc<R>>) -> Result<Self, GuestRegionCollectionError> {
        if regions.is_empty() {
            return Err(NoMemoryRegion);
        }
        let mut collection = GuestRegionCollection {
            starts: Vec::with_capacity(regions.len()),
            entries: Vec::with_capacity(regions.len()),
        };
        for region in regions {
            let (start, last) = bounds(region.as_ref())?;
            if let (Some(previous), Some(entry)) =
                (collection.starts.last(), collection.entries.last())
            {
                if *previous > start {
                    return Err(UnsortedMemoryRegions);
                }
                if entry.last >= start {
                    return Err(MemoryRegionOverlap);
                }
            }
            collection.starts.push(start);
            collection.entries.push(Entry { last, region });
        }
        Ok(collection)
    }

    /// The same guest with one region more.
    ///
    /// # Errors
    /// [`MemoryRegionOverlap`] with one that is there; [`NoMemoryRegion`] if it is empty.
    pub fn insert_region(&self, region: Arc<R>) -> Result<Self, GuestRegionCollectionError> {
        let mut next = self.clone();
        match next.insert(region) {
            Ok(()) => Ok(next),
            Err(InsertError::Collection(error)) => Err(error),
            // As the clone above would.
            Err(InsertError::OutOfMemory) => handle_alloc_error(Layout::new::<Entry<R>>()),
        }
    }

    /// The same guest without the region that begins at `base` and has `size` bytes; and that region.
    ///
    /// # Errors
    /// [`NoMemoryRegion`] if there is none of exactly that start and size.
    pub fn remove_region(
        &self,
        base: GuestAddress,
        size: GuestUsize,
    ) -> Result<(Self, Arc<R>), GuestRegionCollectionError> {
        let mut next = self.clone();
        let region = next.remove(base, size)?;
        Ok((next, region))
    }

    /// [`insert_region`](GuestRegionCollection::insert_region) in place. After an error nothing has changed.
    pub(crate) fn insert(&mut self, region: Arc<R>) -> Result<(), InsertError> {
        let (start, last) = bounds(region.as_ref())?;
        let index = self.vacancy(start, last)?;
        self.starts
            .try_reserve(1)
            .map_err(|_| InsertError::OutOfMemory)?;
        self.entries
            .try_reserve(1)
            .map_err(|_| InsertError::OutOfMemory)?;
        self.starts.insert(index, start);
        self.entries.insert(index, Entry { last, region });
        Ok(())
    }

    /// [`remove_region`](GuestRegionCollection::remove_region) in place. Allocates nothing.
    pub(crate) fn remove(
        &mut self,
        base: GuestAddress,
        size: GuestUsize,
    ) -> Result<Arc<R>, GuestRegionCollectionError> {
        let index = self
            .starts
            .binary_search(&base.0)
            .map_err(|_| NoMemoryRegion)?;
        // Not last - base + 1, which is 0 for a region of all 2^64 addresses.
        if size.checked_sub(1) != Some(self.entries[index].last - base.0) {
            return Err(NoMemoryRegion);
        }
        self.starts.remove(index);
        Ok(self.entries.remove(index).region)
    }

    /// The index at which a region from `start` to `last` belongs.
    fn vacancy(&self, start: u64, last: u64) -> Result<usize, GuestRegionCollectionError> {
        let index = self.starts.partition_point(|other| *other < start);
        let after_previous = index == 0 || self.entries[index - 1].last < start;
        let before_next = self.starts.get(index).is_none_or(|next| last < *next);
        if after_previous && before_next {
            Ok(index)
        } else {
            Err(MemoryRegionOverlap)
        }
    }
}

/// The first and the last address of a region.
fn bounds<R: GuestMemoryRegion>(region: &R) -> Result<(u64, u64), GuestRegionCollectionError> {
    let start = region.start_addr().0;
    let to_last = region.len().checked_sub(1).ok_or(NoMemoryRegion)?;
    Ok((
        start,
        start.checked_add(to_last).ok_or(MemoryRegionOverlap)?,
    ))
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
        // With one region there is nothing to search.
        let following = match self.starts.len() {
            1 => 1,
            _ => self.starts.partition_point(|start| *start <= addr.0),
        };
        let index = following.checked_sub(1)?;
        let (start, entry) = (self.starts.get(index)?, self.entries.get(index)?);
        let position = addr
            .0
            .checked_sub(*start)
            .filter(|_| addr.0 <= entry.last)?;
        Some((&entry.region, MemoryRegionAddress(position)))
    }

    fn iter(&self) -> impl Iterator<Item = &R> {
        self.entries.iter().map(|entry| &*entry.region)
    }

    fn last_addr(&self) -> GuestAddress {
        GuestAddress(self.entries.last().map_or(0, |entry| entry.last))
    }
}

#[cfg(test)]
mod tests;
