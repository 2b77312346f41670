//! `export_bindings!`: puts the facade's exports into another crate's Wasm module.

/// Exports the functions that the TypeScript facade calls, from the Wasm module of the calling crate.
///
/// An emulator or a device written in Rust then shares one linear memory with the facade. The facade loads that module
/// instead of its own: `init({ glue, wasm })`. The module's own exports find a guest memory by its `memory.handle`
/// ([`handle::get`](crate::handle::get)).
///
/// Call it once, at the top level of a `cdylib` for `wasm32-unknown-unknown`. It expands to nothing on every other
/// target. It needs the crate's feature `bindings`, which is on by default.
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
// The linker takes exports from each crate that it links, and it links a crate only if some code names it. A crate that
// only lists guest-memory as a dependency exports nothing. The macro names it, and the reference is a compile error
// where the feature is off.
#[macro_export]
macro_rules! export_bindings {
    () => {
        #[cfg(all(target_arch = "wasm32", target_os = "unknown"))]
        const _: fn() -> u32 = $crate::bindings::guest_memory_abi;
    };
}
