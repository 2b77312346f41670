//! A module whose crate only lists the library as a dependency: it has none of the library's exports.
