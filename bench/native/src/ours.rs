//! The cases on the core.

use guest_memory as subject;

#[path = "cases/mod.rs"]
mod cases;

pub use cases::all;
