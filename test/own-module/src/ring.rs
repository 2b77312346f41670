//! A ring buffer between a guest and a device, in guest memory.
//!
//! ```text
//!   base + 0   head: how many the guest has put in      (u32, little-endian)
//!   base + 4   tail: how many the device has taken out
//!   base + 8   16 slots of a u32
//! ```

use crate::memory;
use guest_memory::{AddressSpace, Bytes, GuestAddress};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use wasm_bindgen::prelude::{JsError, wasm_bindgen};

const SLOTS: u32 = 16;

/// The device's end of a ring.
#[wasm_bindgen]
#[derive(Debug)]
pub struct Ring {
    handle: u32,
    base: u64,
}

#[wasm_bindgen]
impl Ring {
    /// A ring at a guest address. A device keeps only the handle, so a disposed memory is gone for it too.
    #[wasm_bindgen(constructor)]
    pub fn new(handle: u32, base: u64) -> Ring {
        Ring { handle, base }
    }

    /// Takes one value out; nothing where the ring is empty.
    pub fn take(&self) -> Result<Option<u32>, JsError> {
        let space = memory(self.handle)?;
        let head = self.counter(&space, 0)?;
        let tail = self.counter(&space, 4)?;
        if head == tail {
            return Ok(None);
        }
        let slot = self.base + 8 + u64::from(tail % SLOTS) * 4;
        let value: u32 = space.read_obj(GuestAddress(slot))?;
        let tail = tail.wrapping_add(1).to_le();
        space
            .view()
            .store(tail, GuestAddress(self.base + 4), Ordering::Release)?;
        Ok(Some(u32::from_le(value)))
    }

    fn counter(&self, space: &Arc<AddressSpace>, offset: u64) -> Result<u32, JsError> {
        let counter = space
            .view()
            .load(GuestAddress(self.base + offset), Ordering::Acquire)?;
        Ok(u32::from_le(counter))
    }
}
