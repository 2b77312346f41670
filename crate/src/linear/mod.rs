//! The linear memory: host pages, which of them are whose, and which were written.

pub(crate) mod allocator;
pub mod dirty_map;
mod free_list;
#[cfg(all(feature = "heap", target_arch = "wasm32", target_os = "unknown"))]
mod heap;
pub(crate) mod host;
pub(crate) mod readers;
