//! `export_bindings!`: what puts the facade's exports into a module of somebody else's.

/// Exports the functions that the TypeScript facade calls from the Wasm module of the crate that calls this.
///
/// An emulator or a device written in Rust then shares one linear memory with the facade, which takes that module
/// instead of its own: `init({ glue, wasm })`. Its own exports find a memory of the facade's by `memory.handle`
/// ([`handle::get`](crate::handle::get)).
///
/// Call it once, at the top level of a `cdylib` for `wasm32-unknown-unknown`. On every other target it is nothing. It
/// needs the crate's feature `bindings`, a default.
///
/// # Examples
///
/// ```
/// use guest_memory::{GuestAddress, handle};
///
/// guest_memory::export_bindings!();
///
/// /// Clears a frame buffer of 64 KiB. In a module of your own, this is an export.
/// pub fn clear_screen(memory: u32, address: u64) -> bool {
///     let space = handle::get(memory);
///     space.is_some_and(|space| space.fill(GuestAddress(address), 0, 0x1_0000).is_ok())
/// }
/// assert!(!clear_screen(0, 0xa_0000)); // 0 names no memory
/// ```
// The linker takes exports from every crate that it links, and it links a crate only if something names it: a crate that
// is listed as a dependency and no more exports nothing. The macro names it, and the reference makes the compiler say so
// where the feature is off.
#[macro_export]
macro_rules! export_bindings {
    () => {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        const _: fn() -> u32 = $crate::bindings::guest_memory_abi;
    };
}
