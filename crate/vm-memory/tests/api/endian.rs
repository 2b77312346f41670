//! `vm_memory::endian`.

use std::fmt::Debug;
use vm_memory::{Be16, Be32, Be64, BeSize, ByteValued, Le16, Le32, Le64, LeSize};

macro_rules! list {
    ($($name:ident $int:ident)*) => {$(
        implements! {
            $name: Copy, Eq, Debug, Default, ByteValued, PartialEq<$int>, From<$int>, Send, Sync;
            $int: PartialEq<$name>, From<$name>;
        }
        signatures! { $name::to_native => fn($name) -> $int; }
        assert_eq!((size_of::<$name>(), align_of::<$name>()), (size_of::<$int>(), align_of::<$int>()));
    )*};
}

#[test]
fn the_list_is_complete() {
    list! { Le16 u16 Le32 u32 Le64 u64 LeSize usize Be16 u16 Be32 u32 Be64 u64 BeSize usize }
}
