//! The guest-physical memory of virtual machines, for the web.


#[cfg(all(target_arch = "wasm32", target_os = "unknown", feature = "bindings"))]
pub mod bindings;
