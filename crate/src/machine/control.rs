//! The control words behind the entries of each page table, and the list of the tables: a trap that springs is counted in
//! all tables of its machine.

use crate::abi;
use crate::linear::host;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use core::sync::atomic::{AtomicU32, Ordering};

/// The control word that counts changes of translations.
pub(crate) const GENERATION: usize = (abi::TABLE_ENTRIES + abi::CONTROL_GENERATION) as usize;
/// The control word that counts changes of permissions.
pub(crate) const PERMISSIONS: usize = (abi::TABLE_ENTRIES + abi::CONTROL_PERMISSIONS) as usize;
/// The control word that counts changes of both.
pub(crate) const CHANGES: usize = (abi::TABLE_ENTRIES + abi::CONTROL_CHANGES) as usize;

/// The living page tables: the number of the machine, and the table's host offset.
static TABLES: Mutex<Vec<(u32, usize)>> = Mutex::new(Vec::new());

fn tables() -> MutexGuard<'static, Vec<(u32, usize)>> {
    TABLES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Puts a table on the list. `None` where memory is out.
pub(crate) fn enlist(machine: u32, table: usize) -> Option<()> {
    let mut tables = tables();
    tables.try_reserve(1).ok()?;
    tables.push((machine, table));
    Some(())
}

/// Takes a table off the list, before its bytes go back.
pub(crate) fn strike(table: usize) {
    tables().retain(|other| other.1 != table);
}

/// Counts in all page tables of a machine that a store has sprung a trap. It forbids nothing, so no access need end.
pub(crate) fn count_sprung(machine: u32) {
    for &(_, table) in tables().iter().filter(|table| table.0 == machine) {
        // SAFETY: a table is on the list until its bytes go back, and the list is locked.
        count_permissions(|index| unsafe { word(table, index) });
    }
}

/// Counts a change of permissions.
pub(crate) fn count_permissions<'a>(word: impl Fn(usize) -> &'a AtomicU32) {
    word(PERMISSIONS).fetch_add(1, Ordering::SeqCst);
    word(CHANGES).fetch_add(1, Ordering::SeqCst);
}

/// A word of the table at a host offset.
///
/// # Safety
///
/// The table lives as long as `'a`, and `index` is at most the last of its control page.
#[inline(always)]
pub(crate) unsafe fn word<'a>(table: usize, index: usize) -> &'a AtomicU32 {
    let pointer = host::pointer(table + index * 4).cast::<u32>();
    // SAFETY: aligned, and inside the table's extent. JavaScript shares the words, so they are atomics behind a raw
    // pointer. A slice that Rust owns could not lie in an extent.
    unsafe { AtomicU32::from_ptr(pointer) }
}
