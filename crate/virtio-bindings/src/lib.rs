//! The constants of virtio's rings and status bits. rust-vmm's virtio-bindings has them in a file for each architecture
//! of Linux, and WebAssembly is not one of these. virtio-queue 0.18 and virtio-vsock 0.12 need no more than this.
//!
//! ```toml
//! [patch.crates-io]
//! vm-memory = { path = "guest-memory/crate/vm-memory" }
//! virtio-bindings = { path = "guest-memory/crate/virtio-bindings" }
//! vmm-sys-util = { path = "guest-memory/crate/vmm-sys-util" }
//! ```
//!
//! The values are from the standard (Virtual I/O Device 1.3), the names from Linux's headers.
#![no_std]

/// The place of the modules in older releases; virtio-queue still looks here.
pub mod bindings {
    pub use super::{virtio_config, virtio_ring};
}

/// Virtqueues: the standard's sections 2.7 (split) and 2.8 (packed).
pub mod virtio_ring {
    /// The descriptor continues in the one that its field `next` names.
    pub const VRING_DESC_F_NEXT: u32 = 1;
    /// The device may only write the buffer; without it, only read.
    pub const VRING_DESC_F_WRITE: u32 = 2;
    /// The buffer is a table of descriptors.
    pub const VRING_DESC_F_INDIRECT: u32 = 4;

    /// The number of the bit in a packed descriptor's flags that the driver flips to make it available.
    pub const VRING_PACKED_DESC_F_AVAIL: u32 = 7;
    /// The number of the bit in a packed descriptor's flags that the device flips to mark it used.
    pub const VRING_PACKED_DESC_F_USED: u32 = 15;

    /// In the used ring's flags: the device asks the driver not to notify it.
    pub const VRING_USED_F_NO_NOTIFY: u32 = 1;
    /// In the available ring's flags: the driver asks the device not to interrupt it.
    pub const VRING_AVAIL_F_NO_INTERRUPT: u32 = 1;

    /// A packed queue's events are wanted.
    pub const VRING_PACKED_EVENT_FLAG_ENABLE: u32 = 0;
    /// A packed queue's events are not wanted.
    pub const VRING_PACKED_EVENT_FLAG_DISABLE: u32 = 1;
    /// A packed queue's event is wanted for one descriptor.
    pub const VRING_PACKED_EVENT_FLAG_DESC: u32 = 2;
    /// The number of the wrap counter's bit in a packed queue's event field.
    pub const VRING_PACKED_EVENT_F_WRAP_CTR: u32 = 15;

    /// The number of the feature bit for indirect descriptors.
    pub const VIRTIO_RING_F_INDIRECT_DESC: u32 = 28;
    /// The number of the feature bit for `used_event` and `avail_event`.
    pub const VIRTIO_RING_F_EVENT_IDX: u32 = 29;

    /// The available ring's alignment in bytes.
    pub const VRING_AVAIL_ALIGN_SIZE: u32 = 2;
    /// The used ring's alignment in bytes.
    pub const VRING_USED_ALIGN_SIZE: u32 = 4;
    /// The descriptor table's alignment in bytes.
    pub const VRING_DESC_ALIGN_SIZE: u32 = 16;
}

/// A device's status (the standard's section 2.1) and the feature bits of every device (section 6).
pub mod virtio_config {
    /// The guest has found the device.
    pub const VIRTIO_CONFIG_S_ACKNOWLEDGE: u32 = 1;
    /// The guest has a driver for it.
    pub const VIRTIO_CONFIG_S_DRIVER: u32 = 2;
    /// The driver is ready.
    pub const VIRTIO_CONFIG_S_DRIVER_OK: u32 = 4;
    /// Both have agreed on the features.
    pub const VIRTIO_CONFIG_S_FEATURES_OK: u32 = 8;
    /// The device cannot go on without a reset.
    pub const VIRTIO_CONFIG_S_NEEDS_RESET: u32 = 64;
    /// The driver has given up.
    pub const VIRTIO_CONFIG_S_FAILED: u32 = 128;

    /// The number of the feature bit for virtio 1.0 and later.
    pub const VIRTIO_F_VERSION_1: u32 = 32;
    /// The number of the feature bit for a device behind an IOMMU.
    pub const VIRTIO_F_ACCESS_PLATFORM: u32 = 33;
    /// The number of the feature bit for packed virtqueues.
    pub const VIRTIO_F_RING_PACKED: u32 = 34;
    /// The number of the feature bit for buffers that are used in the order in which they came.
    pub const VIRTIO_F_IN_ORDER: u32 = 35;
    /// The number of the feature bit for memory ordered as the platform orders it.
    pub const VIRTIO_F_ORDER_PLATFORM: u32 = 36;
    /// The number of the feature bit for notifications that carry data.
    pub const VIRTIO_F_NOTIFICATION_DATA: u32 = 38;
    /// The number of the feature bit for queues that are reset one by one.
    pub const VIRTIO_F_RING_RESET: u32 = 40;
}
