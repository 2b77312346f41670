//! The machine: address spaces, what they show, and the work that is done on them.

pub mod address_space;
pub(crate) mod block;
pub(crate) mod bulk;
pub(crate) mod compaction;
pub(crate) mod control;
pub mod dirty_log;
pub(crate) mod discard;
pub mod fault;
pub mod handle;
pub(crate) mod index;
pub mod memory_map;
pub mod page_table;
pub mod ram_region;
pub(crate) mod region_list;
pub(crate) mod run;
mod search;
pub(crate) mod siblings;
pub(crate) mod spaces;
pub mod span;
pub mod traps;
