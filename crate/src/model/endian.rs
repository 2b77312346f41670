//! Integers that are little- or big-endian in memory, on any host: [`Le32`], [`Be32`] and their like.
//!
//! `LeSize` and `BeSize` are as wide as the host's `usize`: 4 bytes on wasm32.

use crate::model::bytes::ByteValued;

macro_rules! endian_type {
    ($($name:ident $int:ident $to:ident $from:ident $bytes:ident $order:literal;)*) => {$(
        #[doc = concat!("A `", stringify!($int), "` that is ", $order, " in memory, whatever the host's byte order.")]
        ///
        /// ```
        #[doc = concat!("use guest_memory::{ByteValued, ", stringify!($name), "};")]
        #[doc = concat!("let value = ", stringify!($name), "::from(0x12);")]
        #[doc = concat!("assert_eq!(value.as_slice(), 0x12", stringify!($int), ".", stringify!($bytes), "());")]
        /// assert_eq!(value.to_native(), 0x12);
        /// ```
        #[repr(transparent)]
        #[derive(Clone, Copy, Debug, Default, Eq, PartialEq)]
        pub struct $name($int);

        impl $name {
            /// The value in the host's byte order.
            #[inline]
            pub fn to_native(self) -> $int {
                $int::$from(self.0)
            }
        }

        // SAFETY: transparent over an integer, which has neither padding nor invalid bit patterns.
        unsafe impl ByteValued for $name {}

        impl From<$int> for $name {
            #[inline]
            fn from(value: $int) -> Self {
                $name(value.$to())
            }
        }

        impl From<$name> for $int {
            #[inline]
            fn from(value: $name) -> Self {
                value.to_native()
            }
        }

        impl PartialEq<$int> for $name {
            #[inline]
            fn eq(&self, other: &$int) -> bool {
                self.to_native() == *other
            }
        }

        impl PartialEq<$name> for $int {
            #[inline]
            fn eq(&self, other: &$name) -> bool {
                *self == other.to_native()
            }
        }
    )*};
}

endian_type! {
    Le16 u16 to_le from_le to_le_bytes "little-endian";
    Le32 u32 to_le from_le to_le_bytes "little-endian";
    Le64 u64 to_le from_le to_le_bytes "little-endian";
    LeSize usize to_le from_le to_le_bytes "little-endian";
    Be16 u16 to_be from_be to_be_bytes "big-endian";
    Be32 u32 to_be from_be to_be_bytes "big-endian";
    Be64 u64 to_be from_be to_be_bytes "big-endian";
    BeSize usize to_be from_be to_be_bytes "big-endian";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_have_the_order_of_the_name() {
        macro_rules! check {
            ($($name:ident $int:ident $bytes:ident;)*) => {$(
                assert_eq!((size_of::<$name>(), align_of::<$name>()), (size_of::<$int>(), align_of::<$int>()));
                for value in [0, 1, 0x7f, $int::MAX / 3 * 2, $int::MAX - 0x1f, $int::MAX] {
                    let wrapped = $name::from(value);
                    assert_eq!(wrapped.as_slice(), value.$bytes());
                    assert_eq!((wrapped.to_native(), $int::from(wrapped)), (value, value));
                    assert!(wrapped == value && value == wrapped && wrapped == $name::from(value));
                    assert!(wrapped != !value && !value != wrapped && wrapped != $name::from(!value));
                }
                assert_eq!($name::default(), 0);
            )*};
        }
        check! {
            Le16 u16 to_le_bytes;
            Le32 u32 to_le_bytes;
            Le64 u64 to_le_bytes;
            LeSize usize to_le_bytes;
            Be16 u16 to_be_bytes;
            Be32 u32 to_be_bytes;
            Be64 u64 to_be_bytes;
            BeSize usize to_be_bytes;
        }
    }
}
