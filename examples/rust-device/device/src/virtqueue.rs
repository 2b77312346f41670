//! `Virtqueue`: a split virtqueue (virtio 1.2, section 2.7), seen from the device. The driver need not be trusted.
//!
//! Nothing here knows that this is WebAssembly: it is vm-memory's and virtio-queue's API.

use crate::status::Status;
use std::sync::atomic::Ordering;
use virtio_queue::desc::split::Descriptor;
use virtio_queue::{DescriptorChain, Queue, QueueOwnedT, QueueT};
use vm_memory::{GuestAddress, GuestMemory, Permissions};

/// The largest queue that the device offers. It bounds a call: 256 chains of 256 descriptors.
const MAX_SIZE: u16 = 256;

/// A virtqueue of buffers that the device only writes, or only reads.
#[derive(Debug)]
pub struct Virtqueue {
    queue: Queue,
    access: Permissions,
    /// The chain at work. It has room for the longest chain, so serving allocates nothing: linear memory does not grow,
    /// and JavaScript's views of it stay alive.
    buffers: Vec<Descriptor>,
}

impl Virtqueue {
    /// A queue as the driver has set it up: its size, its descriptor table, its available and its used ring. The device
    /// finds out whether they are in memory when it serves the queue.
    pub fn new(
        access: Permissions,
        size: u32,
        [descriptors, available, used]: [u64; 3],
    ) -> Result<Self, Status> {
        let mut queue = Queue::new(MAX_SIZE)?;
        queue.try_set_size(u16::try_from(size).map_err(|_| Status::QueueSize)?)?;
        queue.try_set_desc_table_address(GuestAddress(descriptors))?;
        queue.try_set_avail_ring_address(GuestAddress(available))?;
        queue.try_set_used_ring_address(GuestAddress(used))?;
        queue.set_ready(true);
        let mut buffers = Vec::new();
        let room = buffers.try_reserve_exact(usize::from(queue.size()));
        room.map_err(|_| Status::OutOfMemory)?;
        Ok(Virtqueue {
            queue,
            access,
            buffers,
        })
    }

    /// Gives `work` the buffers of each waiting chain, and gives the chain back with the number of bytes that `work`
    /// has written.
    pub fn serve<M: GuestMemory>(
        &mut self,
        memory: &M,
        mut work: impl FnMut(&[Descriptor]) -> Result<u32, Status>,
    ) -> Result<(), Status> {
        if !self.queue.is_valid(memory) {
            return Err(Status::QueueMemory); // checked each time: regions come and go between two calls
        }
        // The device's own bound: where rings overlap, the device itself moves the available index.
        for _ in 0..self.queue.size() {
            let Some(chain) = self.queue.iter(memory)?.next() else {
                // No chain is waiting, or the entry cannot be read: two regions may touch in the middle of a ring's
                // entry.
                let index = self.queue.avail_idx(memory, Ordering::Acquire)?;
                let idle = index.0 == self.queue.next_avail();
                return idle.then_some(()).ok_or(Status::QueueMemory);
            };
            let head = chain.head_index();
            self.take(memory, chain)?;
            let written = work(&self.buffers)?;
            self.queue.add_used(memory, head, written)?;
        }
        Ok(())
    }

    /// Copies a chain's descriptors out of guest memory and checks them, before the first buffer is touched: a write
    /// into a buffer may change the table, and must not decide where the device writes next.
    fn take<M: GuestMemory>(
        &mut self,
        memory: &M,
        chain: DescriptorChain<&M>,
    ) -> Result<(), Status> {
        self.buffers.clear();
        let most = usize::from(self.queue.size()); // section 2.7.5.3.1; an indirect table may have 65,535
        for descriptor in chain {
            if self.buffers.len() == most {
                return Err(Status::Chain);
            }
            self.buffers.push(descriptor);
        }
        // virtio-queue's iterator ends in silence where a chain is broken: the last descriptor then says that another
        // follows.
        if self.buffers.last().is_none_or(Descriptor::has_next) {
            return Err(Status::Chain);
        }
        for buffer in &self.buffers {
            if buffer.is_write_only() != self.access.has_write() {
                return Err(Status::Direction);
            }
            if !memory.check_range(buffer.addr(), buffer.len() as usize, self.access) {
                return Err(Status::BufferMemory);
            }
        }
        Ok(())
    }
}
