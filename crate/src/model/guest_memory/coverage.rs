//! [`coverage`]: how much of a range is backed, and why the rest is not. Every error about a range follows from this
//! answer.

use super::{GuestAddress, GuestMemoryBackend, GuestUsize};
use crate::model::address::Address;
use crate::model::region::GuestMemoryRegion;

/// How much of a range is backed.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Coverage {
    /// The whole range. An empty range is always backed.
    Full,
    /// Nothing: the first byte is not backed.
    Unmapped,
    /// The first `mapped` bytes, at least one. The next byte, at `at`, is not backed.
    Hole {
        /// The number of backed bytes before the hole.
        mapped: GuestUsize,
        /// The address where the hole begins.
        at: GuestAddress,
    },
    /// The first `mapped` bytes, at least one, up to 2^64. The range goes on past it.
    PastEnd {
        /// The number of backed bytes before 2^64.
        mapped: GuestUsize,
    },
}

/// How much of the `len` bytes from `base` is backed.
#[inline]
pub(crate) fn coverage<M>(memory: &M, base: GuestAddress, len: GuestUsize) -> Coverage
where
    M: GuestMemoryBackend + ?Sized,
{
    let mut at = base;
    // Counted by the distance to the range's last byte: no sum here can pass 2^64.
    let Some(to_last) = len.checked_sub(1) else {
        return Coverage::Full;
    };
    loop {
        let mapped = at.unchecked_offset_from(base);
        let Some(last) = memory
            .find_region(at)
            .map(GuestMemoryRegion::last_addr)
            .filter(|last| *last >= at)
        else {
            return if mapped == 0 {
                Coverage::Unmapped
            } else {
                Coverage::Hole { mapped, at }
            };
        };
        if last.unchecked_offset_from(base) >= to_last {
            return Coverage::Full;
        }
        match last.checked_add(1) {
            Some(next) => at = next,
            None => {
                return Coverage::PastEnd {
                    mapped: last.unchecked_offset_from(base) + 1,
                };
            }
        }
    }
}
