//! `vm_memory::bitmap`.

use crate::support::least::{Backend, Region};
use std::fmt::Debug;
use vm_memory::bitmap::{BS, Bitmap, BitmapSlice, MS, NewBitmap, WithBitmapSlice};

#[derive(Clone, Debug, Default)]
struct Least;

impl WithBitmapSlice<'_> for Least {
    type S = Least;
}

impl BitmapSlice for Least {}

impl Bitmap for Least {
    fn mark_dirty(&self, _offset: usize, _len: usize) {}

    fn dirty_at(&self, _offset: usize) -> bool {
        false
    }

    fn slice_at(&self, _offset: usize) -> Least {
        Least
    }
}

impl NewBitmap for Least {
    fn with_len(_len: usize) -> Self {
        Least
    }
}

fn list<B: Bitmap>() {
    implements! { <B as WithBitmapSlice<'static>>::S: BitmapSlice; }
    signatures! {
        B::mark_dirty => fn(&B, usize, usize);
        B::dirty_at => fn(&B, usize) -> bool;
        B::slice_at => for<'a> fn(&'a B, usize) -> BS<'a, B>;
    }
}

fn slice<S: BitmapSlice>() {
    implements! { S: Bitmap, Clone, Debug; }
    signatures! { |slice| slice => fn(BS<'static, S>) -> S; }
}

fn new<B: NewBitmap>() {
    implements! { B: Bitmap, Default; }
    signatures! { B::with_len => fn(usize) -> B; }
}

/// An `Option` has the traits of its content.
fn optional<B: Bitmap, S: BitmapSlice>() {
    list::<Option<B>>();
    slice::<Option<S>>();
    signatures! { |slice| slice => fn(BS<'static, Option<B>>) -> Option<BS<'static, B>>; }
}

#[test]
fn the_list_is_complete() {
    list::<Least>();
    slice::<Least>();
    new::<Least>();
    list::<()>();
    slice::<()>();
    new::<()>();
    optional::<Least, Least>();
    signatures! {
        |slice| slice => fn(BS<'static, Least>) -> Least;
        |slice| slice => fn(MS<'static, Backend<Region<Least>>>) -> Least;
    }
}

#[cfg(feature = "backend-bitmap")]
mod backend {
    use super::*;
    use std::num::NonZeroUsize;
    use std::sync::Arc;
    use vm_memory::bitmap::{ArcSlice, AtomicBitmap, RefSlice};

    #[test]
    fn the_list_is_complete() {
        list::<AtomicBitmap>();
        new::<AtomicBitmap>();
        slice::<RefSlice<'static, AtomicBitmap>>();
        slice::<ArcSlice<AtomicBitmap>>();
        implements! {
            AtomicBitmap: Clone, Debug, Default, Send, Sync;
            AtomicBitmap: WithBitmapSlice<'static, S = RefSlice<'static, AtomicBitmap>>;
            RefSlice<'static, AtomicBitmap>: Copy, Send, Sync;
            ArcSlice<AtomicBitmap>: Default, Send, Sync;
        }
        signatures! {
            AtomicBitmap::new => fn(usize, NonZeroUsize) -> AtomicBitmap;
            AtomicBitmap::enlarge => fn(&mut AtomicBitmap, usize);
            AtomicBitmap::is_bit_set => fn(&AtomicBitmap, usize) -> bool;
            AtomicBitmap::is_addr_set => fn(&AtomicBitmap, usize) -> bool;
            AtomicBitmap::set_addr_range => fn(&AtomicBitmap, usize, usize);
            AtomicBitmap::reset_addr_range => fn(&AtomicBitmap, usize, usize);
            AtomicBitmap::set_bit => fn(&AtomicBitmap, usize);
            AtomicBitmap::reset_bit => fn(&AtomicBitmap, usize);
            AtomicBitmap::len => fn(&AtomicBitmap) -> usize;
            AtomicBitmap::byte_size => fn(&AtomicBitmap) -> usize;
            AtomicBitmap::get_and_reset => fn(&AtomicBitmap) -> Vec<u64>;
            AtomicBitmap::reset => fn(&AtomicBitmap);
            |bitmap, offset| RefSlice::new(bitmap, offset) => fn(&AtomicBitmap, usize) -> RefSlice<'_, AtomicBitmap>;
            ArcSlice::new => fn(Arc<AtomicBitmap>, usize) -> ArcSlice<AtomicBitmap>;
        }
        assert_eq!(
            format!("{:?}", RefSlice::new(&AtomicBitmap::default(), 0)),
            "(bitmap slice)"
        );
    }
}
