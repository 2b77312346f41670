//! Two virtio devices, an entropy device and a console, in one Wasm module with guest memory. The TypeScript facade
//! loads this module in place of its own, so driver and device see the same bytes.

mod console;
mod entropy;
mod port;
mod status;
mod virtqueue;

pub use console::{Console, Terminal};
pub use entropy::{Entropy, Random};
pub use status::Status;

guest_memory::export_bindings!();
