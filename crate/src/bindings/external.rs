//! Bindings: external memory. The core calls JavaScript here alone, and only for bytes that Rust code asks for: the
//! facade reaches external memory by itself. The core holds no lock and no borrow during the call.

use super::halves;
use crate::model::external::{ExternalMemory, Unavailable};
use core::cell::OnceCell;
use wasm_bindgen::prelude::wasm_bindgen;

#[wasm_bindgen]
extern "C" {
    /// The facade's side. It must not throw: an exception would leave Rust code in the middle of its work.
    #[derive(Debug)]
    pub type Host;

    /// Copies between linear memory, from a host offset on, and the external memory with the facade's number. Gives 1
    /// where all of the bytes exist, else 0, and then nothing is copied.
    #[wasm_bindgen(method, structural, js_name = moveBytes)]
    fn move_bytes(
        this: &Host,
        number: u32,
        offset_low: u32,
        offset_high: u32,
        host: usize,
        length: usize,
        write: bool,
    ) -> bool;

    /// Tells the facade that the region with this number has no holder any more.
    #[wasm_bindgen(method, structural)]
    fn forget(this: &Host, number: u32);
}

thread_local! {
    static HOST: OnceCell<Host> = const { OnceCell::new() };
}

/// Sets the facade's side: once, before any external memory is mapped.
#[wasm_bindgen]
pub fn gm_connect(host: Host) {
    // A second object is from the same facade, and has the same numbers.
    HOST.with(|cell| drop(cell.set(host)));
}

/// External memory, by the number that the facade gave it.
#[derive(Debug)]
pub(super) struct Numbered(pub(super) u32);

impl Numbered {
    fn copy(
        &self,
        offset: u64,
        bytes: *const u8,
        length: usize,
        write: bool,
    ) -> Result<(), Unavailable> {
        let [low, high] = halves(offset);
        let host = bytes.expose_provenance();
        let moved = HOST.with(|cell| {
            cell.get()
                .is_some_and(|facade| facade.move_bytes(self.0, low, high, host, length, write))
        });
        if moved { Ok(()) } else { Err(Unavailable) }
    }
}

impl ExternalMemory for Numbered {
    fn read(&self, offset: u64, into: &mut [u8]) -> Result<(), Unavailable> {
        self.copy(offset, into.as_mut_ptr(), into.len(), false)
    }

    fn write(&self, offset: u64, bytes: &[u8]) -> Result<(), Unavailable> {
        self.copy(offset, bytes.as_ptr(), bytes.len(), true)
    }
}

impl Drop for Numbered {
    fn drop(&mut self) {
        HOST.with(|cell| {
            if let Some(facade) = cell.get() {
                facade.forget(self.0);
            }
        });
    }
}
