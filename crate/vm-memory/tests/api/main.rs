//! The whole API of vm-memory 0.18: every public item under its name, with its signature and its traits. This compiles,
//! or something is missing. docs/vm-memory.md is the same list in words.
//!
//! Two tests show that a trait is the same: a type implements no more than the original requires, and each method,
//! required or provided, has the original's signature. test/vm-memory compiles the same files against vm-memory 0.18
//! itself, so that nothing in them is an invention.

// An `unsafe` block around a call shows that the function is unsafe; around another it is refused.
#![deny(unused_unsafe)]
#![allow(
    clippy::type_complexity,
    clippy::extra_unused_lifetimes,
    reason = "a signature is written as it is"
)]

#[macro_use]
mod support;

mod address;
#[cfg(feature = "backend-atomic")]
mod atomic;
mod atomic_integer;
mod bitmap;
mod bytes;
mod endian;
mod guest_memory;
mod io;
#[cfg(feature = "iommu")]
mod iommu;
#[cfg(feature = "backend-mmap")]
mod mmap;
mod names;
mod region;
mod volatile_memory;
