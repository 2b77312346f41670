//! *Readers*: threads in the middle of an access through a page table entry. An entry does not hold its page. So a page
//! goes back to the allocator only when no thread is between its look at an entry and the access.
//!
//! Each thread says so in a slot of its own, [`during`] an access: two stores, and between them and the look a barrier.
//! A thread that gives pages back has taken them from the tables, and then [waits](wait) until it has seen each slot
//! empty. The two sides need a full barrier each. The kernel of Linux can make the rare side pay for both, by `membarrier`
//! (membarrier(2), "private expedited"): then an access costs 1 ns more, not 6. Elsewhere each side has its own barrier.
//!
//! A change of permissions and a new trap wait too: an access that began before has ended when they return. A change of the
//! map does not: an access beside it may reach what was shown before.
//!
//! With one thread there is nothing to say: an access ends before the map can change.

use super::host::ONE_THREAD;
use crate::sync::atomic::{AtomicBool, Ordering, compiler_fence, fence};
use crate::sync::{Mutex, MutexGuard, PoisonError, thread, thread_local};
use std::cell::Cell;

/// A thread's word, on a cache line of its own. It outlives the thread, and is given to another.
#[repr(align(128))]
#[derive(Debug)]
struct Slot {
    reading: AtomicBool,
    taken: AtomicBool,
}

/// All slots.
static SLOTS: Mutex<Vec<&'static Slot>> = Mutex::new(Vec::new());
/// Whether a thread that waits makes the barrier for all others. Set before the first slot is taken.
static ASYMMETRIC: AtomicBool = AtomicBool::new(false);

/// A thread's own slot; given back when the thread ends.
struct Own(&'static Slot);

thread_local! {
    static SLOT: Cell<Option<&'static Slot>> = const { Cell::new(None) };
    static OWN: Option<Own> = Own::take();
}

/// Runs an access. Pages that it finds in a page table stay where they are until it ends. `None` if the access gives
/// none, or where a thread that ends has no slot any more. It must not take locks, or call code of users.
#[inline(always)]
pub(crate) fn during<R>(access: impl FnOnce() -> Option<R>) -> Option<R> {
    if ONE_THREAD {
        return access();
    }
    let reading = Reading(SLOT.with(Cell::get).or_else(take_slot)?);
    reading.0.reading.store(true, Ordering::Relaxed);
    barrier();
    access()
}

/// Lies between a thread's store and its look at a flag. Another thread sets the flag and [waits](wait): either the look
/// finds the flag, or the other thread finds the store.
#[inline(always)]
pub(crate) fn barrier() {
    if ONE_THREAD {
        return;
    }
    match ASYMMETRIC.load(Ordering::Relaxed) {
        true => compiler_fence(Ordering::SeqCst),
        false => fence(Ordering::SeqCst),
    }
}

/// Returns when each access has ended that began before. Gives whether that is certain.
#[must_use]
pub(crate) fn wait() -> bool {
    if ONE_THREAD {
        return true;
    }
    let own = SLOT.with(Cell::get).map(core::ptr::from_ref);
    let slots = slots();
    let others = || {
        slots
            .iter()
            .filter(|&&slot| Some(core::ptr::from_ref(slot)) != own)
    };
    if others().next().is_none() {
        return true;
    }
    fence(Ordering::SeqCst);
    if ASYMMETRIC.load(Ordering::Relaxed) && !membarrier::all_threads() {
        return false;
    }
    for slot in others() {
        while slot.reading.load(Ordering::Acquire) {
            // The thread is in the middle of one access, or the system has stopped it there.
            thread::yield_now();
        }
    }
    true
}

/// Ends an access, also one that panics.
struct Reading(&'static Slot);

impl Drop for Reading {
    #[inline(always)]
    fn drop(&mut self) {
        self.0.reading.store(false, Ordering::Release);
    }
}

#[cold]
#[inline(never)]
fn take_slot() -> Option<&'static Slot> {
    let own = OWN.try_with(|own| own.as_ref().map(|own| own.0));
    let slot = own.ok().flatten();
    SLOT.with(|own| own.set(slot));
    slot
}

impl Own {
    /// A slot that no thread has. `None` where memory is out.
    fn take() -> Option<Own> {
        let mut slots = slots();
        if slots.is_empty() {
            ASYMMETRIC.store(membarrier::register(), Ordering::Relaxed);
        }
        let free = |slot: &&&'static Slot| !slot.taken.swap(true, Ordering::Relaxed);
        if let Some(slot) = slots.iter().find(free) {
            return Some(Own(slot));
        }
        slots.try_reserve(1).ok()?;
        let slot = Box::leak(Box::new(Slot {
            reading: AtomicBool::new(false),
            taken: AtomicBool::new(true),
        }));
        slots.push(slot);
        Some(Own(slot))
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        let _ = SLOT.try_with(|own| own.set(None)); // gone before, in a model
        let _slots = slots();
        self.0.taken.store(false, Ordering::Relaxed);
    }
}

fn slots() -> MutexGuard<'static, Vec<&'static Slot>> {
    SLOTS.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(target_os = "linux", not(miri)))]
mod membarrier {
    /// Lets this process use [`all_threads`]. False where the kernel has no such call, or a sandbox forbids it.
    pub(super) fn register() -> bool {
        call(libc::MEMBARRIER_CMD_REGISTER_PRIVATE_EXPEDITED)
    }

    /// A full barrier on each thread of this process.
    pub(super) fn all_threads() -> bool {
        call(libc::MEMBARRIER_CMD_PRIVATE_EXPEDITED)
    }

    fn call(command: libc::c_int) -> bool {
        // SAFETY: the call takes three numbers, and touches no memory. libc has no safe function for it.
        unsafe { libc::syscall(libc::SYS_membarrier, command, 0, 0) == 0 }
    }
}

#[cfg(not(all(target_os = "linux", not(miri))))]
mod membarrier {
    pub(super) fn register() -> bool {
        false
    }

    pub(super) fn all_threads() -> bool {
        true
    }
}

#[cfg(all(test, not(target_family = "wasm")))]
mod tests {
    use super::*;
    use std::sync::Barrier;
    use std::thread;

    /// Long enough for another thread to go on, if nothing holds it.
    fn a_while() {
        (0..200).for_each(|_| thread::yield_now());
    }

    #[test]
    fn a_wait_ends_after_the_accesses_that_began_before() {
        let (begun, waited) = (Barrier::new(2), AtomicBool::new(false));
        thread::scope(|scope| {
            scope.spawn(|| {
                begun.wait();
                assert!(wait());
                waited.store(true, Ordering::SeqCst);
            });
            during(|| {
                begun.wait();
                a_while();
                assert!(!waited.load(Ordering::SeqCst));
                Some(())
            })
            .unwrap();
        });
        assert!(waited.into_inner());
    }

    #[test]
    fn an_access_that_panics_or_gives_nothing_has_ended() {
        let panics = || during(|| -> Option<()> { panic!("on purpose") });
        assert!(std::panic::catch_unwind(panics).is_err());
        assert_eq!(during(|| None::<()>), None);
        thread::scope(|scope| {
            scope.spawn(|| assert!(wait()));
        });
    }

    #[test]
    fn threads_that_come_after_others_use_their_slots() {
        let address = || {
            during(|| {
                Some(
                    SLOT.with(Cell::get)
                        .map(|slot| core::ptr::from_ref(slot).addr()),
                )
            })
        };
        let own = address();
        for _ in 0..if cfg!(miri) { 20 } else { 1000 } {
            let theirs = thread::spawn(address).join().unwrap();
            assert!(theirs.is_some() && theirs != own);
        }
        // Other tests have slots too, but not a thousand of them at once.
        assert!(slots().len() < 500);
    }
}
