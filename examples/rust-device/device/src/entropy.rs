//! An entropy device (virtio 1.2, section 5.4): it fills the buffers of its queue with random bytes.

use crate::port::Port;
use crate::status::Status;
use virtio_queue::desc::split::Descriptor;
use vm_memory::{GuestMemory, Permissions, VolatileSlice, bitmap::BitmapSlice};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The most bytes that one chain gets, so that no ring makes a call last. A device may use less than the entire buffer
/// (section 5.4.6.2).
const MOST: usize = 0x1_0000;

#[wasm_bindgen]
extern "C" {
    /// The source of random bytes: JavaScript's `crypto`, or an object with this one method of it.
    pub type Random;

    /// Fills `bytes`, a view of the device's own memory.
    #[wasm_bindgen(method, catch, js_name = getRandomValues)]
    fn get_random_values(this: &Random, bytes: &mut [u8]) -> Result<(), JsValue>;
}

/// The device.
#[wasm_bindgen]
pub struct Entropy {
    port: Port,
    random: Random,
}

#[wasm_bindgen]
impl Entropy {
    /// A device on the memory that a handle names.
    #[wasm_bindgen(constructor)]
    pub fn new(handle: u32, random: Random) -> Entropy {
        Entropy {
            port: Port::new(handle, Permissions::Write),
            random,
        }
    }

    /// Resets the device, with its queue where the driver says it is.
    pub fn set_queue(&mut self, size: u32, descriptors: u64, available: u64, used: u64) -> Status {
        self.port.set_queue(size, [descriptors, available, used])
    }

    /// Serves what is waiting in the queue.
    pub fn notify(&mut self) -> Status {
        let random = &self.random;
        self.port
            .notify(|memory, buffers| fill(memory, buffers, random))
    }
}

/// Fills buffers, in order; gives the number of bytes.
fn fill<M: GuestMemory>(
    memory: &M,
    buffers: &[Descriptor],
    random: &Random,
) -> Result<u32, Status> {
    let mut left = MOST;
    for buffer in buffers {
        let length = left.min(buffer.len() as usize);
        let slices = memory.get_slices(buffer.addr(), length, Permissions::Write);
        for slice in slices.map_err(|_| Status::BufferMemory)? {
            fill_slice(slice.map_err(|_| Status::BufferMemory)?, random)?;
        }
        left -= length;
    }
    u32::try_from(MOST - left).map_err(|_| Status::TooLong)
}

/// Goes through the stack: guest memory, which JavaScript writes at any time, is never a `&mut [u8]`.
fn fill_slice<B: BitmapSlice>(mut slice: VolatileSlice<B>, random: &Random) -> Result<(), Status> {
    let mut bytes = [0; 1024];
    while !slice.is_empty() {
        let part = slice.len().min(bytes.len());
        let bytes = bytes.get_mut(..part).unwrap_or_default();
        random.get_random_values(bytes).map_err(|_| Status::Host)?;
        slice.copy_from(bytes);
        slice = slice.offset(part).map_err(|_| Status::BufferMemory)?;
    }
    Ok(())
}
