//! Chains of a virtqueue: rust-vmm's virtio-queue takes each from the ring, reads its one buffer's descriptor, and gives
//! it back.

use guest_memory::memory_map::MemoryMap;
use guest_memory::{Bytes, GuestAddress, Le16, Le32, Le64};
use virtio_queue::{Queue, QueueT};

/// Entries of the ring.
const SIZE: u16 = 256;
const DESCRIPTORS: u64 = 0x1000;
const AVAILABLE: u64 = 0x2000;
const USED: u64 = 0x3000;
const BUFFERS: u64 = 0x10_0000;
/// Bytes of a buffer.
const BUFFER: u32 = 4096;

/// The queue, with a descriptor for each buffer in guest memory.
pub fn prepare(map: &MemoryMap) -> Option<Queue> {
    for index in 0..u64::from(SIZE) {
        let entry = GuestAddress(DESCRIPTORS + 16 * index);
        let address = BUFFERS + u64::from(BUFFER) * index;
        map.write_obj(Le64::from(address), entry).ok()?;
        map.write_obj(Le32::from(BUFFER), GuestAddress(entry.0 + 8))
            .ok()?;
        map.write_obj(Le32::from(0), GuestAddress(entry.0 + 12))
            .ok()?;
    }
    let mut queue = Queue::new(SIZE).ok()?;
    queue.set_desc_table_address(Some(DESCRIPTORS as u32), None);
    queue.set_avail_ring_address(Some(AVAILABLE as u32), None);
    queue.set_used_ring_address(Some(USED as u32), None);
    queue.set_ready(true);
    Some(queue)
}

/// Moves `count` chains from the driver to the device and back. Gives the bytes of their buffers, modulo 2^32.
pub fn turn(map: &MemoryMap, queue: &mut Queue, count: u32) -> Option<u32> {
    let mut bytes = 0_u32;
    let mut next: u16 = map
        .read_obj::<Le16>(GuestAddress(AVAILABLE + 2))
        .ok()?
        .into();
    for _ in 0..count {
        // The driver: the next descriptor is available.
        let slot = GuestAddress(AVAILABLE + 4 + 2 * u64::from(next % SIZE));
        map.write_obj(Le16::from(next % SIZE), slot).ok()?;
        next = next.wrapping_add(1);
        map.write_obj(Le16::from(next), GuestAddress(AVAILABLE + 2))
            .ok()?;
        // The device.
        let chain = queue.pop_descriptor_chain(map)?;
        let head = chain.head_index();
        for descriptor in chain {
            bytes = bytes.wrapping_add(descriptor.len());
        }
        queue.add_used(map, head, BUFFER).ok()?;
    }
    Some(bytes)
}
