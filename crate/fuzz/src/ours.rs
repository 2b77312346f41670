//! The driver on this project's crate.

pub use guest_memory as api;

#[path = "driver/mod.rs"]
#[expect(
    clippy::duplicate_mod,
    reason = "one driver for two crates with the same names"
)]
pub mod driver;
