//! The cases on vm-memory.

use vm_memory as subject;

#[path = "cases/mod.rs"]
mod cases;

pub use cases::all;
