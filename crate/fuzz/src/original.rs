//! The driver on vm-memory itself.

pub use vm_memory as api;

#[path = "driver/mod.rs"]
pub mod driver;
