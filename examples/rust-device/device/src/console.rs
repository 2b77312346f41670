//! The transmitting half of a console (virtio 1.2, section 5.3): it drains the buffers of its queue.

use crate::port::Port;
use crate::status::Status;
use virtio_queue::desc::split::Descriptor;
use vm_memory::{GuestMemory, Permissions, VolatileSlice, bitmap::BitmapSlice};
use wasm_bindgen::prelude::{JsValue, wasm_bindgen};

/// The most bytes of one chain, so that no ring makes a call last: its descriptors may all name one large buffer.
const MOST: usize = 0x1_0000;

#[wasm_bindgen]
extern "C" {
    /// The target of the bytes.
    pub type Terminal;

    /// Takes bytes: a view of the device's own memory, good for this one call.
    #[wasm_bindgen(method, catch)]
    fn write(this: &Terminal, bytes: &[u8]) -> Result<(), JsValue>;
}

/// The device.
#[wasm_bindgen]
pub struct Console {
    port: Port,
    terminal: Terminal,
}

#[wasm_bindgen]
impl Console {
    /// A device on the memory that a handle names.
    #[wasm_bindgen(constructor)]
    pub fn new(handle: u32, terminal: Terminal) -> Console {
        Console {
            port: Port::new(handle, Permissions::Read),
            terminal,
        }
    }

    /// Resets the device, with its queue where the driver says it is.
    pub fn set_queue(&mut self, size: u32, descriptors: u64, available: u64, used: u64) -> Status {
        self.port.set_queue(size, [descriptors, available, used])
    }

    /// Serves what is waiting in the queue.
    pub fn notify(&mut self) -> Status {
        let terminal = &self.terminal;
        self.port
            .notify(|memory, buffers| drain(memory, buffers, terminal))
    }
}

/// Drains buffers, in order. Nothing is written into them.
fn drain<M: GuestMemory>(
    memory: &M,
    buffers: &[Descriptor],
    terminal: &Terminal,
) -> Result<u32, Status> {
    let total: u64 = buffers.iter().map(|buffer| u64::from(buffer.len())).sum();
    if total > MOST as u64 {
        return Err(Status::TooLong);
    }
    for buffer in buffers {
        let slices = memory.get_slices(buffer.addr(), buffer.len() as usize, Permissions::Read);
        for slice in slices.map_err(|_| Status::BufferMemory)? {
            drain_slice(slice.map_err(|_| Status::BufferMemory)?, terminal)?;
        }
    }
    Ok(0)
}

/// Goes through the stack: guest memory, which JavaScript writes at any time, is never a `&[u8]`.
fn drain_slice<B: BitmapSlice>(
    mut slice: VolatileSlice<B>,
    terminal: &Terminal,
) -> Result<(), Status> {
    let mut bytes = [0; 1024];
    while !slice.is_empty() {
        let part = slice.copy_to(&mut bytes[..]);
        let bytes = bytes.get(..part).unwrap_or_default();
        terminal.write(bytes).map_err(|_| Status::Host)?;
        slice = slice.offset(part).map_err(|_| Status::BufferMemory)?;
    }
    Ok(())
}
