//! [`AtomicInteger`]: the integers of `std::sync::atomic` under one trait.

use std::sync::atomic::Ordering;

/// An atomic integer of the standard library.
///
/// An `order` that `std` refuses by a panic (`Release` and `AcqRel` for a load, `Acquire` and `AcqRel` for a store)
/// is taken as the stronger `SeqCst` here.
///
/// # Safety
/// An implementor must be an integer that may be shared with other code that reads and writes its bytes at any time:
/// every bit pattern is a value, and a load or store is one indivisible access.
///
/// ```
/// use guest_memory::{AtomicInteger, VolatileMemory, VolatileSlice};
/// use std::sync::atomic::{AtomicU32, Ordering};
/// let mut backing = [0u32; 2];
/// let memory = VolatileSlice::from(guest_memory::ByteValued::as_mut_slice(&mut backing));
/// let counter: &AtomicU32 = memory.get_atomic_ref(4).unwrap();
/// AtomicInteger::store(counter, 7, Ordering::Release);
/// assert_eq!(backing, [0, 7]);
/// ```
pub unsafe trait AtomicInteger: Sync + Send {
    /// The plain integer of the same width.
    type V;

    /// A new atomic integer with the value `v`.
    fn new(v: Self::V) -> Self;

    /// Reads the value.
    fn load(&self, order: Ordering) -> Self::V;

    /// Writes the value.
    fn store(&self, val: Self::V, order: Ordering);
}

macro_rules! impl_atomic_integer {
    ($($Atomic:ident $V:ident),* $(,)?) => {$(
        // SAFETY: an integer of std::sync::atomic has no invalid bit pattern, and its accesses are indivisible.
        unsafe impl AtomicInteger for std::sync::atomic::$Atomic {
            type V = $V;

            #[inline]
            fn new(v: $V) -> Self {
                Self::new(v)
            }

            #[inline]
            fn load(&self, order: Ordering) -> $V {
                self.load(match order {
                    Ordering::Relaxed | Ordering::Acquire => order,
                    _ => Ordering::SeqCst,
                })
            }

            #[inline]
            fn store(&self, val: $V, order: Ordering) {
                self.store(
                    val,
                    match order {
                        Ordering::Relaxed | Ordering::Release => order,
                        _ => Ordering::SeqCst,
                    },
                )
            }
        }
    )*};
}

impl_atomic_integer! {
    AtomicI8 i8, AtomicU8 u8, AtomicI16 i16, AtomicU16 u16, AtomicI32 i32, AtomicU32 u32, AtomicIsize isize, AtomicUsize usize,
}
#[cfg(target_has_atomic = "64")]
impl_atomic_integer! { AtomicI64 i64, AtomicU64 u64 }

#[cfg(test)]
mod tests {
    use super::*;
    use std::sync::atomic::Ordering::{AcqRel, Acquire, Relaxed, Release, SeqCst};

    #[test]
    fn every_integer_keeps_its_value_under_every_order() {
        macro_rules! check {
            ($($Atomic:ident $V:ident)*) => {$(
                for order in [Relaxed, Acquire, Release, AcqRel, SeqCst] {
                    let integer: std::sync::atomic::$Atomic = AtomicInteger::new($V::MIN);
                    assert_eq!(AtomicInteger::load(&integer, order), $V::MIN);
                    AtomicInteger::store(&integer, $V::MAX, order);
                    assert_eq!(AtomicInteger::load(&integer, order), $V::MAX);
                }
            )*};
        }
        check!(AtomicI8 i8 AtomicU8 u8 AtomicI16 i16 AtomicU16 u16 AtomicI32 i32 AtomicU32 u32 AtomicIsize isize AtomicUsize usize);
        #[cfg(target_has_atomic = "64")]
        check!(AtomicI64 i64 AtomicU64 u64);
    }
}
