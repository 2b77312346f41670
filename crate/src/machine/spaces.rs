//! `Spaces`: the questions of blocks and regions to the address spaces above them. Only spaces with a handle can be
//! found, so `handle.rs` answers. Before the first handle there is no space to ask.

use crate::linear::allocator;
use crate::linear::host;
use crate::machine::block::Block;
use crate::sync::{Mutex, PoisonError};
use std::sync::Arc;

/// All address spaces that have a handle.
pub(crate) trait Spaces: Sync {
    /// Moves regions together until `pages` are free in one run, or no more can be moved.
    fn move_together(&self, pages: u32);

    /// Writes the page table entries of a block that has new host pages.
    fn populated(&self, block: &Arc<Block>);
}

static SPACES: Mutex<Option<&'static dyn Spaces>> = Mutex::new(None);

/// Sets the registry that answers. There is one registry of handles, so it is always the same.
pub(crate) fn set(spaces: &'static dyn Spaces) {
    *SPACES.lock().unwrap_or_else(PoisonError::into_inner) = Some(spaces);
}

fn get() -> Option<&'static dyn Spaces> {
    *SPACES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Makes room for an extent of `pages` by moving regions, if that is possible and growth would waste too much. Nothing
/// moves where several threads may run: one of them may be in the middle of an access.
pub(crate) fn make_room(pages: u32) {
    if host::ONE_THREAD
        && allocator::is_fragmented_for(pages)
        && let Some(spaces) = get()
    {
        spaces.move_together(pages);
    }
}

/// Gives an absent block its pages, and writes their entries in the page tables. Gives whether the block was absent;
/// `None` where there are no pages.
#[cold]
pub(crate) fn populate(block: &Arc<Block>) -> Option<bool> {
    let populated = block.populate()?;
    if let Some(spaces) = get().filter(|_| populated) {
        spaces.populated(block);
    }
    Some(populated)
}
