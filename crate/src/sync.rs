//! Locks, atomic words and threads: the standard library's. `--cfg shuttle` takes [shuttle]'s instead, which runs a
//! model (`models.rs`) many times, each time with another order of the threads' steps, and sees where they wait for each
//! other for ever.
//!
//! [shuttle]: https://docs.rs/shuttle

#[cfg(not(shuttle))]
pub(crate) use std::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, atomic},
    thread, thread_local,
};

#[cfg(shuttle)]
pub(crate) use shuttle::{
    sync::{Condvar, Mutex, MutexGuard, PoisonError, RwLock, RwLockWriteGuard, atomic},
    thread, thread_local,
};

/// A place between two steps at which a model may go on with another thread. Shuttle's own words and locks have such a
/// place each. The words that lie in guest memory's pages are the processor's in models too, so they say it by this.
#[inline(always)]
pub(crate) fn step() {
    #[cfg(shuttle)]
    {
        // Not `yield_now`: after that, the scheduler prefers all other threads.
        static WORD: atomic::AtomicBool = atomic::AtomicBool::new(false);
        WORD.load(atomic::Ordering::SeqCst);
    }
}
