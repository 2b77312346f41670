//! Tests of volatile memory.
