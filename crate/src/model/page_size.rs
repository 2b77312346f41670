//! The size of the pages in which the system maps memory.

use std::num::NonZeroUsize;

/// The default page size in bytes; also the page size of linear memory.
pub(crate) const DEFAULT_PAGE_SIZE: NonZeroUsize = NonZeroUsize::new(4096).unwrap();

/// The size of the host's pages, in bytes.
pub(crate) fn host_page_size() -> NonZeroUsize {
    #[cfg(unix)]
    // SAFETY: the call only asks the system, which has no safe interface for it.
    let size = usize::try_from(unsafe { libc::sysconf(libc::_SC_PAGESIZE) }).ok();
    #[cfg(not(unix))]
    let size = None;
    size.and_then(NonZeroUsize::new)
        .unwrap_or(DEFAULT_PAGE_SIZE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_is_a_power_of_two_and_no_smaller_than_an_extents() {
        let size = host_page_size();
        assert!(size.is_power_of_two() && size >= DEFAULT_PAGE_SIZE);
    }
}
