//! The Wasm module of pkg/: the exports that the TypeScript facade calls, and nothing else.
guest_memory::export_bindings!();
