//! An empty crate. virtio-queue 0.18 depends on vmm-sys-util, uses none of its names, and would bring wrappers of
//! Linux's system calls into WebAssembly, where they do not compile.
//!
//! ```toml
//! [patch.crates-io]
//! vm-memory = { path = "guest-memory/crate/vm-memory" }
//! vmm-sys-util = { path = "guest-memory/crate/vmm-sys-util" }
//! ```
