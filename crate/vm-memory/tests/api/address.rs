//! `vm_memory::address`.

use std::fmt::Debug;
use std::ops::{Add, BitAnd, BitOr, Not, Sub};
use vm_memory::{Address, AddressValue, GuestAddress, MemoryRegionAddress};

#[derive(Clone, Copy, Default, Eq, Ord, PartialEq, PartialOrd)]
struct Least(u8);

impl AddressValue for Least {
    type V = u8;
}

impl BitAnd<u8> for Least {
    type Output = Self;

    fn bitand(self, mask: u8) -> Self {
        Least(self.0 & mask)
    }
}

impl BitOr<u8> for Least {
    type Output = Self;

    fn bitor(self, bits: u8) -> Self {
        Least(self.0 | bits)
    }
}

impl Address for Least {
    fn new(value: u8) -> Self {
        Least(value)
    }

    fn raw_value(&self) -> u8 {
        self.0
    }

    fn checked_offset_from(&self, base: Self) -> Option<u8> {
        self.0.checked_sub(base.0)
    }

    fn checked_add(&self, other: u8) -> Option<Self> {
        self.0.checked_add(other).map(Least)
    }

    fn overflowing_add(&self, other: u8) -> (Self, bool) {
        let (sum, wrapped) = self.0.overflowing_add(other);
        (Least(sum), wrapped)
    }

    fn unchecked_add(&self, other: u8) -> Self {
        Least(self.0 + other)
    }

    fn checked_sub(&self, other: u8) -> Option<Self> {
        self.0.checked_sub(other).map(Least)
    }

    fn overflowing_sub(&self, other: u8) -> (Self, bool) {
        let (difference, wrapped) = self.0.overflowing_sub(other);
        (Least(difference), wrapped)
    }

    fn unchecked_sub(&self, other: u8) -> Self {
        Least(self.0 - other)
    }
}

/// The traits that code relies on if it is generic over addresses.
fn value<V>()
where
    V: Copy + Ord + Not<Output = V> + Add<Output = V> + Sub<Output = V>,
    V: BitAnd<Output = V> + BitOr<Output = V> + Debug + From<u8>,
{
}

fn list<A: Address>() {
    value::<A::V>();
    implements! { A: Default, Copy, Ord; }
    signatures! {
        A::bitand => fn(A, A::V) -> A;
        A::bitor => fn(A, A::V) -> A;
        A::zero => fn() -> A::V;
        A::one => fn() -> A::V;
        A::new => fn(A::V) -> A;
        A::raw_value => fn(&A) -> A::V;
        A::mask => fn(&A, A::V) -> A::V;
        A::checked_offset_from => fn(&A, A) -> Option<A::V>;
        A::unchecked_offset_from => fn(&A, A) -> A::V;
        A::checked_align_up => fn(&A, A::V) -> Option<A>;
        A::unchecked_align_up => fn(&A, A::V) -> A;
        A::checked_add => fn(&A, A::V) -> Option<A>;
        A::overflowing_add => fn(&A, A::V) -> (A, bool);
        A::unchecked_add => fn(&A, A::V) -> A;
        A::checked_sub => fn(&A, A::V) -> Option<A>;
        A::overflowing_sub => fn(&A, A::V) -> (A, bool);
        A::unchecked_sub => fn(&A, A::V) -> A;
    }
}

#[test]
fn the_list_is_complete() {
    list::<Least>();
    list::<GuestAddress>();
    list::<MemoryRegionAddress>();
    implements! {
        GuestAddress: AddressValue<V = u64>, Debug, Send, Sync;
        MemoryRegionAddress: AddressValue<V = u64>, Debug, Send, Sync;
    }
    assert_eq!(GuestAddress(5).0, MemoryRegionAddress(5).0);
    assert_eq!(format!("{:?}", GuestAddress(5)), "GuestAddress(5)");
}
