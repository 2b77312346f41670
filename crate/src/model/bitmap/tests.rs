//! [`ByteMap`], a tracker for the tests of this crate that knows each byte; and a battery for every [`Bitmap`].

use super::{BS, Bitmap, BitmapSlice, NewBitmap, WithBitmapSlice};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::rc::Rc;

/// A tracker that knows exactly which bytes were marked. Clones and slices share the marks.
#[derive(Clone, Debug, Default)]
pub(crate) struct ByteMap {
    marked: Rc<RefCell<BTreeSet<usize>>>,
    offset: usize,
}

impl ByteMap {
    /// Returns the marked offsets and clears the marks.
    pub(crate) fn take(&self) -> Vec<usize> {
        self.marked.take().into_iter().collect()
    }
}

impl WithBitmapSlice<'_> for ByteMap {
    type S = ByteMap;
}

impl BitmapSlice for ByteMap {}

impl Bitmap for ByteMap {
    fn mark_dirty(&self, offset: usize, len: usize) {
        self.marked
            .borrow_mut()
            .extend((self.offset + offset..).take(len));
    }

    fn dirty_at(&self, offset: usize) -> bool {
        self.marked.borrow().contains(&(self.offset + offset))
    }

    fn slice_at(&self, offset: usize) -> ByteMap {
        ByteMap {
            marked: self.marked.clone(),
            offset: self.offset + offset,
        }
    }
}

impl NewBitmap for ByteMap {
    fn with_len(_len: usize) -> Self {
        Self::default()
    }
}

/// Checks a clean bitmap over at least four grains, which may be larger than a byte.
pub(crate) fn test_bitmap<B: Bitmap>(bitmap: &B, grain: usize) {
    let dirty = || [0, 1, 2, 3].map(|index| bitmap.dirty_at(index * grain));
    assert_eq!(dirty(), [false; 4], "clean at first");
    bitmap.mark_dirty(grain, 0);
    assert_eq!(dirty(), [false; 4], "no bytes mark nothing");
    bitmap.mark_dirty(grain, 1);
    assert_eq!(dirty(), [false, true, false, false]);
    let slice: BS<'_, B> = bitmap.slice_at(2 * grain);
    assert!(!slice.dirty_at(0), "a slice begins at its offset");
    slice.slice_at(grain).mark_dirty(0, 1);
    assert_eq!(
        dirty(),
        [false, true, false, true],
        "a slice of a slice adds the offsets"
    );
    assert!(slice.dirty_at(grain));
    slice.mark_dirty(0, 1);
    assert_eq!(dirty(), [false, true, true, true]);
}

#[test]
fn marks_arrive_where_they_belong() {
    test_bitmap(&ByteMap::with_len(4), 1);
    test_bitmap(&Some(ByteMap::with_len(4)), 1);
}

#[test]
fn nothing_and_none_track_nothing() {
    fn check<B: Bitmap>(bitmap: &B) {
        bitmap.mark_dirty(0, usize::MAX);
        bitmap.mark_dirty(usize::MAX, usize::MAX);
        let slice = bitmap.slice_at(usize::MAX);
        slice.mark_dirty(0, 1);
        assert!(!bitmap.dirty_at(0) && !slice.dirty_at(0));
    }
    check(&());
    check(&<() as NewBitmap>::with_len(1));
    check(&None::<ByteMap>);
    check(&Some(()));
}
