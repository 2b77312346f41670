//! `vm_memory::AtomicInteger`.

use std::sync::atomic::Ordering;
use std::sync::atomic::{
    AtomicI8, AtomicI16, AtomicI32, AtomicIsize, AtomicU8, AtomicU16, AtomicU32, AtomicUsize,
};
#[cfg(target_has_atomic = "64")]
use std::sync::atomic::{AtomicI64, AtomicU64};
use vm_memory::AtomicInteger;

struct Least(AtomicU8);

// SAFETY: an atomic integer of the standard library.
unsafe impl AtomicInteger for Least {
    type V = u8;

    fn new(v: u8) -> Self {
        Least(AtomicU8::new(v))
    }

    fn load(&self, order: Ordering) -> u8 {
        self.0.load(order)
    }

    fn store(&self, val: u8, order: Ordering) {
        self.0.store(val, order);
    }
}

fn list<A: AtomicInteger>() {
    implements! { A: Send, Sync; }
    signatures! {
        A::new => fn(A::V) -> A;
        A::load => fn(&A, Ordering) -> A::V;
        A::store => fn(&A, A::V, Ordering);
    }
}

#[test]
fn the_list_is_complete() {
    list::<Least>();
    implements! {
        AtomicI8: AtomicInteger<V = i8>;
        AtomicU8: AtomicInteger<V = u8>;
        AtomicI16: AtomicInteger<V = i16>;
        AtomicU16: AtomicInteger<V = u16>;
        AtomicI32: AtomicInteger<V = i32>;
        AtomicU32: AtomicInteger<V = u32>;
        AtomicIsize: AtomicInteger<V = isize>;
        AtomicUsize: AtomicInteger<V = usize>;
    }
    #[cfg(target_has_atomic = "64")]
    implements! {
        AtomicI64: AtomicInteger<V = i64>;
        AtomicU64: AtomicInteger<V = u64>;
    }
}
