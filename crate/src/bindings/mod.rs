//! The only code that knows JavaScript.
use wasm_bindgen::prelude::wasm_bindgen;

/// The version of the interface between this module and the facade.
#[wasm_bindgen]
pub fn guest_memory_abi() -> u32 {
    1
}
