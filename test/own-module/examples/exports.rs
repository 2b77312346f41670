//! A module that has the facade's exports and nothing else: it shows that the macro alone brings them.

guest_memory::export_bindings!();
