//! `mmap`'s protections and flags: the system's numbers on Unix, and Linux's numbers elsewhere, for a caller that asks
//! for a region's protection or flags.

#[cfg(unix)]
use libc as numbers;

#[cfg(not(unix))]
mod numbers {
    pub(super) const PROT_READ: i32 = 1;
    pub(super) const PROT_WRITE: i32 = 2;
    pub(super) const MAP_SHARED: i32 = 1;
    pub(super) const MAP_PRIVATE: i32 = 2;
    pub(super) const MAP_FIXED: i32 = 0x10;
    pub(super) const MAP_ANONYMOUS: i32 = 0x20;
    pub(super) const MAP_NORESERVE: i32 = 0x4000;
}

pub(super) const READ_WRITE: i32 = numbers::PROT_READ | numbers::PROT_WRITE;
pub(super) const FIXED: i32 = numbers::MAP_FIXED;
pub(super) const PRIVATE: i32 = numbers::MAP_ANONYMOUS | numbers::MAP_PRIVATE;
// A guest often uses less than its memory, so no swap is set aside for all of it.
pub(super) const ANONYMOUS: i32 = if cfg!(miri) {
    PRIVATE // Miri refuses MAP_NORESERVE
} else {
    PRIVATE | numbers::MAP_NORESERVE
};
pub(super) const SHARED: i32 = numbers::MAP_SHARED | numbers::MAP_NORESERVE;
