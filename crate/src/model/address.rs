//! Addresses that are not pointers: checked arithmetic on guest-physical and region-relative positions.
//!
//! [`Address`] is the common trait of the newtypes of [`guest_memory`](crate::memory). Code can be written once
//! for both, and neither is mistaken for a number or for the other.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, Not, Sub};

/// The number inside an address.
///
/// ```
/// use guest_memory::address::AddressValue;
/// use guest_memory::GuestAddress;
/// let page: <GuestAddress as AddressValue>::V = 0x1000; // u64
/// assert_eq!(page - GuestAddress::one(), 0xfff);
/// ```
pub trait AddressValue {
    /// The raw number: `u64` for every address of this crate, on every target.
    type V: Copy
        + PartialEq
        + Eq
        + PartialOrd
        + Ord
        + Not<Output = Self::V>
        + Add<Output = Self::V>
        + Sub<Output = Self::V>
        + BitAnd<Output = Self::V>
        + BitOr<Output = Self::V>
        + Debug
        + From<u8>;

    /// The value 0.
    fn zero() -> Self::V {
        0u8.into()
    }

    /// The value 1.
    fn one() -> Self::V {
        1u8.into()
    }
}

/// A position in an address space, in bytes.
///
/// ```
/// use guest_memory::{Address, GuestAddress};
/// let page = GuestAddress(0x1fff).checked_align_up(0x1000).unwrap();
/// assert_eq!(page, GuestAddress(0x2000));
/// assert_eq!(page.checked_offset_from(GuestAddress(0x1ff0)), Some(0x10));
/// assert_eq!(GuestAddress(u64::MAX).checked_add(1), None);
/// ```
pub trait Address:
    AddressValue
    + Sized
    + Default
    + Copy
    + Eq
    + PartialEq
    + Ord
    + PartialOrd
    + BitAnd<<Self as AddressValue>::V, Output = Self>
    + BitOr<<Self as AddressValue>::V, Output = Self>
{
    /// The address with this raw value.
    fn new(addr: Self::V) -> Self;

    /// The raw value.
    fn raw_value(&self) -> Self::V;

    /// The raw value, with only the bits of `mask`.
    fn mask(&self, mask: Self::V) -> Self::V {
        self.raw_value() & mask
    }

    /// The distance from `base` up to this address in bytes, or `None` if `base` is above it.
    fn checked_offset_from(&self, base: Self) -> Option<Self::V>;

    /// The distance from `base` up to this address in bytes, for a caller who knows that `base` is not above it.
    ///
    /// If `base` is above it, the addresses of this crate give the difference modulo the address space. This provided
    /// body subtracts with `-`, so an implementor that keeps it gets its `V`'s behaviour on overflow.
    fn unchecked_offset_from(&self, base: Self) -> Self::V {
        self.raw_value() - base.raw_value()
    }

    /// The lowest multiple of `power_of_two` that is not below this address, or `None` past the end of the address
    /// space.
    ///
    /// # Panics
    /// If `power_of_two` is not a power of two.
    fn checked_align_up(&self, power_of_two: Self::V) -> Option<Self> {
        let mask = alignment_mask::<Self>(power_of_two);
        self.checked_add(mask).map(|addr| addr & !mask)
    }

    /// [`checked_align_up`](Address::checked_align_up) for a caller who knows that the result is inside the address
    /// space.
    ///
    /// # Panics
    /// If `power_of_two` is not a power of two.
    fn unchecked_align_up(&self, power_of_two: Self::V) -> Self {
        let mask = alignment_mask::<Self>(power_of_two);
        self.unchecked_add(mask) & !mask
    }

    /// `self + other`, or `None` past the end of the address space.
    fn checked_add(&self, other: Self::V) -> Option<Self>;

    /// `self + other` modulo the address space, and whether it wrapped.
    fn overflowing_add(&self, other: Self::V) -> (Self, bool);

    /// `self + other`, for a caller who knows that it does not wrap. If it does, the result is wrapped.
    fn unchecked_add(&self, offset: Self::V) -> Self;

    /// `self - other`, or `None` below 0.
    fn checked_sub(&self, other: Self::V) -> Option<Self>;

    /// `self - other` modulo the address space, and whether it wrapped.
    fn overflowing_sub(&self, other: Self::V) -> (Self, bool);

    /// `self - other`, for a caller who knows that it does not wrap. If it does, the result is wrapped.
    fn unchecked_sub(&self, other: Self::V) -> Self;
}

fn alignment_mask<A: Address>(power_of_two: A::V) -> A::V {
    assert!(
        power_of_two != A::zero(),
        "an alignment is a power of two, not 0"
    );
    let mask = power_of_two - A::one();
    assert!(
        (power_of_two & mask) == A::zero(),
        "an alignment is a power of two, not {power_of_two:?}"
    );
    mask
}

/// Implements [`Address`] for a newtype over `u64`.
macro_rules! impl_address {
    ($T:ident) => {
        impl $crate::model::address::AddressValue for $T {
            type V = u64;
        }

        impl $crate::model::address::Address for $T {
            #[inline]
            fn new(value: u64) -> Self {
                $T(value)
            }

            #[inline]
            fn raw_value(&self) -> u64 {
                self.0
            }

            #[inline]
            fn checked_offset_from(&self, base: Self) -> Option<u64> {
                self.0.checked_sub(base.0)
            }

            #[inline]
            fn unchecked_offset_from(&self, base: Self) -> u64 {
                self.0.wrapping_sub(base.0)
            }

            #[inline]
            fn checked_add(&self, other: u64) -> Option<Self> {
                self.0.checked_add(other).map($T)
            }

            #[inline]
            fn overflowing_add(&self, other: u64) -> (Self, bool) {
                let (sum, wrapped) = self.0.overflowing_add(other);
                ($T(sum), wrapped)
            }

            #[inline]
            fn unchecked_add(&self, offset: u64) -> Self {
                $T(self.0.wrapping_add(offset))
            }

            #[inline]
            fn checked_sub(&self, other: u64) -> Option<Self> {
                self.0.checked_sub(other).map($T)
            }

            #[inline]
            fn overflowing_sub(&self, other: u64) -> (Self, bool) {
                let (difference, wrapped) = self.0.overflowing_sub(other);
                ($T(difference), wrapped)
            }

            #[inline]
            fn unchecked_sub(&self, other: u64) -> Self {
                $T(self.0.wrapping_sub(other))
            }
        }

        impl std::ops::BitAnd<u64> for $T {
            type Output = Self;

            #[inline]
            fn bitand(self, mask: u64) -> Self {
                $T(self.0 & mask)
            }
        }

        impl std::ops::BitOr<u64> for $T {
            type Output = Self;

            #[inline]
            fn bitor(self, bits: u64) -> Self {
                $T(self.0 | bits)
            }
        }
    };
}
pub(crate) use impl_address;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::guest_memory::{GuestAddress, MemoryRegionAddress};

    const EDGES: [u64; 8] = [0, 1, 2, 0xfff, 1 << 32, 1 << 63, u64::MAX - 1, u64::MAX];

    /// Compares with arithmetic in 128 bits, which never wraps.
    fn check<A: Address<V = u64> + Debug>() {
        assert_eq!(A::default().raw_value(), A::zero());
        assert_eq!(A::one(), 1);
        for a in EDGES {
            for b in EDGES {
                let (x, sum, difference) =
                    (A::new(a), u128::from(a) + u128::from(b), a.wrapping_sub(b));
                let (added, wraps) = x.overflowing_add(b);
                assert_eq!(
                    u128::from(added.raw_value()) + (u128::from(wraps) << 64),
                    sum
                );
                assert_eq!(x.unchecked_add(b), added);
                assert_eq!(x.checked_add(b), (!wraps).then_some(added));
                let (subtracted, wraps) = x.overflowing_sub(b);
                assert_eq!((subtracted.raw_value(), wraps), (difference, a < b));
                assert_eq!(x.unchecked_sub(b), subtracted);
                assert_eq!(x.checked_sub(b), (a >= b).then_some(subtracted));
                assert_eq!(x.unchecked_offset_from(A::new(b)), difference);
                assert_eq!(
                    x.checked_offset_from(A::new(b)),
                    (a >= b).then_some(difference)
                );
                assert_eq!(
                    (x & b, x | b, x.mask(b)),
                    (A::new(a & b), A::new(a | b), a & b)
                );
                assert_eq!((x < A::new(b), x == A::new(b)), (a < b, a == b));
            }
            for power_of_two in [1, 2, 0x1000, 1 << 63] {
                let aligned = u128::from(a).next_multiple_of(u128::from(power_of_two));
                let expected = u64::try_from(aligned).ok().map(A::new);
                assert_eq!(A::new(a).checked_align_up(power_of_two), expected);
                assert_eq!(
                    A::new(a).unchecked_align_up(power_of_two),
                    expected.unwrap_or_default()
                );
            }
        }
    }

    #[test]
    fn no_operation_wraps_unnoticed() {
        check::<GuestAddress>();
        check::<MemoryRegionAddress>();
    }

    #[test]
    #[should_panic(expected = "an alignment is a power of two, not 0")]
    fn alignment_to_zero_is_refused() {
        GuestAddress(1).checked_align_up(0);
    }

    #[test]
    #[should_panic(expected = "an alignment is a power of two, not 24")]
    fn alignment_to_no_power_of_two_is_refused() {
        GuestAddress(1).unchecked_align_up(24);
    }
}
