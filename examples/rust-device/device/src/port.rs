//! `Port`: the parts that every device of this module has: the handle of a memory, one queue, and whether the device is
//! broken. Only this file uses guest-memory beyond vm-memory's names: it turns a handle into a memory.

use crate::status::Status;
use crate::virtqueue::Virtqueue;
use guest_memory::{AddressSpace, handle};
use std::sync::Arc;
use virtio_queue::desc::split::Descriptor;
use vm_memory::{GuestAddressSpace, Permissions};

#[derive(Debug)]
enum State {
    Unset,
    Ready(Virtqueue),
    Broken,
}

/// A device's way to its driver.
#[derive(Debug)]
pub struct Port {
    handle: u32,
    access: Permissions,
    state: State,
}

impl Port {
    /// A port whose device only writes buffers, or only reads them.
    pub fn new(handle: u32, access: Permissions) -> Self {
        Port {
            handle,
            access,
            state: State::Unset,
        }
    }

    /// Takes the queue that the driver has set up, in place of the one before.
    pub fn set_queue(&mut self, size: u32, addresses: [u64; 3]) -> Status {
        match Virtqueue::new(self.access, size, addresses) {
            Ok(queue) => {
                self.state = State::Ready(queue);
                Status::Ok
            }
            Err(status) => {
                self.state = State::Unset;
                status
            }
        }
    }

    /// Calls `work` for the waiting chains. After an error the device waits to be reset (virtio 1.2, section 2.1.2): a
    /// driver and a device that have lost each other would only spread the error.
    pub fn notify(
        &mut self,
        mut work: impl FnMut(&Memory, &[Descriptor]) -> Result<u32, Status>,
    ) -> Status {
        let queue = match &mut self.state {
            State::Ready(queue) => queue,
            State::Unset => return Status::NotReady,
            State::Broken => return Status::NeedsReset,
        };
        let served = memory(self.handle)
            .and_then(|memory| queue.serve(&*memory, |buffers| work(&memory, buffers)));
        match served {
            Ok(()) => Status::Ok,
            Err(status) => {
                self.state = State::Broken;
                status
            }
        }
    }
}

/// The facade's memories, as vm-memory sees them.
type Memory = <Arc<AddressSpace> as GuestAddressSpace>::M;

/// The regions of a memory as they are now.
fn memory(handle: u32) -> Result<Arc<Memory>, Status> {
    let space = handle::get(handle).ok_or(Status::NoSuchMemory)?;
    Ok(space.memory())
}
