//! The bytes that an alias shows, which may change, and the aliases that follow it.
//!
//! ```text
//!   alias "top" ──target──▶ alias "window" ──target──▶ RAM, the leaf of both
//!               ◀─follower─
//! ```
//!
//! An alias keeps its leaf, so that no access and no change of the map walks a chain of aliases. When an alias is made to
//! show other bytes, its followers get their new leaf at once, and then their [placements](super::Placements).

use super::region::Region;
use crate::machine::fault::Fault;
use crate::machine::index::Index;
use crate::sync::{Mutex, MutexGuard, PoisonError};
use std::sync::Arc;

/// The bytes that an alias shows.
#[derive(Debug)]
pub(super) struct Target {
    /// The region that the alias was made for, maybe an alias itself, and the offset in it.
    region: Arc<Region>,
    offset: u64,
    /// The region that is shown in the end, and the offset in it.
    leaf: Arc<Region>,
    in_leaf: u64,
    /// The aliases whose target this alias is, by id.
    followers: Index,
}

impl Target {
    fn new(region: &Arc<Region>, offset: u64) -> Self {
        let (leaf, before) = region.leaf();
        Target {
            region: Arc::clone(region),
            offset,
            leaf,
            // Inside the leaf, because the alias is inside its target.
            in_leaf: before + offset,
            followers: Index::default(),
        }
    }
}

/// Held while an alias is made, or made to show other bytes: neither a leaf nor a circle changes in between.
static CHANGING: Mutex<()> = Mutex::new(());

fn changing() -> MutexGuard<'static, ()> {
    CHANGING.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Checks that a target has the `size` bytes from `offset` on.
fn check(target: &Region, offset: u64, size: u64) -> Result<(), Fault> {
    let end = offset.checked_add(size).filter(|&end| end <= target.size());
    end.map(drop).ok_or(Fault::InvalidAlias { offset })
}

/// Makes an alias by `register`, which gets its target.
pub(super) fn make(
    region: &Arc<Region>,
    offset: u64,
    size: u64,
    register: impl FnOnce(Mutex<Target>) -> Result<Arc<Region>, Fault>,
) -> Result<Arc<Region>, Fault> {
    check(region, offset, size)?;
    let _changing = changing();
    let alias = register(Mutex::new(Target::new(region, offset)))?;
    alias.follows_target(true);
    Ok(alias)
}

impl Region {
    fn target_of_alias(&self) -> Option<MutexGuard<'_, Target>> {
        let target = self.alias_content()?;
        Some(target.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The region that an alias shows, and the offset in it from which on. `None` for all other regions.
    pub fn target(&self) -> Option<(Arc<Region>, u64)> {
        let target = self.target_of_alias()?;
        Some((Arc::clone(&target.region), target.offset))
    }

    /// The region that is shown in the end, and the offset in it at which this one begins.
    pub(crate) fn leaf(self: &Arc<Self>) -> (Arc<Region>, u64) {
        match self.target_of_alias() {
            Some(target) => (Arc::clone(&target.leaf), target.in_leaf),
            None => (Arc::clone(self), 0),
        }
    }

    /// Puts an alias on its target's list, or takes it off.
    #[inline(never)]
    pub(super) fn follows_target(&self, follows: bool) {
        if let Some((region, _)) = self.target()
            && let Some(mut target) = region.target_of_alias()
        {
            let key = (self.id().into(), 0, 0);
            match follows {
                true => target.followers.insert(key),
                false => target.followers.remove(&key),
            }
        }
    }

    /// The region, and all aliases that show some of it by way of others. A target comes before its followers.
    #[inline(never)]
    pub(crate) fn following(self: &Arc<Self>) -> Vec<Arc<Region>> {
        let mut all = vec![Arc::clone(self)];
        let mut at = 0;
        while let Some(region) = all.get(at) {
            let ids: Vec<u64> = match region.target_of_alias() {
                Some(target) => target.followers.from((0, 0, 0)).map(|key| key.0).collect(),
                None => Vec::new(),
            };
            let alive = |id| u32::try_from(id).ok().and_then(Region::by_id);
            all.extend(ids.into_iter().filter_map(alive));
            at += 1;
        }
        all
    }

    /// Makes an alias show other bytes; `None` if it shows them already.
    ///
    /// # Errors
    ///
    /// `InvalidAlias` if the region is no alias, if the target has fewer bytes, or shows this alias itself.
    pub(crate) fn show(
        self: &Arc<Self>,
        region: &Arc<Region>,
        offset: u64,
    ) -> Result<Option<Change>, Fault> {
        let before = self.target().ok_or(Fault::InvalidAlias { offset })?;
        check(region, offset, self.size())?;
        let _changing = changing();
        let mut shown = Some(Arc::clone(region)).filter(|_| !Arc::ptr_eq(&before.0, region));
        while let Some(next) = shown {
            if Arc::ptr_eq(&next, self) {
                return Err(Fault::InvalidAlias { offset });
            }
            shown = next.target().map(|(next, _)| next);
        }
        let same = Arc::ptr_eq(&before.0, region) && before.1 == offset;
        Ok((!same).then(|| Change {
            before,
            following: self.point_at(region, offset),
        }))
    }

    /// Makes an alias show again the bytes that it showed before. Gives the aliases that have changed.
    pub(crate) fn show_again(
        self: &Arc<Self>,
        region: &Arc<Region>,
        offset: u64,
    ) -> Vec<Arc<Region>> {
        let _changing = changing();
        self.point_at(region, offset)
    }

    #[inline(never)]
    fn point_at(self: &Arc<Self>, region: &Arc<Region>, offset: u64) -> Vec<Arc<Region>> {
        self.follows_target(false);
        let following = self.following();
        let mut to = Some((Arc::clone(region), offset));
        for alias in &following {
            let Some((region, offset)) = to.take().or_else(|| alias.target()) else {
                continue;
            };
            let mut new = Target::new(&region, offset);
            let old = alias.target_of_alias().map(|mut target| {
                core::mem::swap(&mut new.followers, &mut target.followers);
                core::mem::replace(&mut *target, new)
            });
            drop(old); // after the lock: it may be the last holder of a region
        }
        self.follows_target(true);
        following
    }
}

/// A change of the bytes that an alias shows.
pub(crate) struct Change {
    /// The region that the alias showed before, and the offset in it.
    pub(crate) before: (Arc<Region>, u64),
    /// The alias, and the aliases that follow it.
    pub(crate) following: Vec<Arc<Region>>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::GuestAddress;
    use crate::machine::memory_map::RegionKind;

    fn ram(name: &str) -> Arc<Region> {
        Region::new(name, RegionKind::Ram, GuestAddress(0), 0x1000).unwrap()
    }

    fn shows(alias: &Arc<Region>, leaf: &Arc<Region>, offset: u64) -> bool {
        let (found, at) = alias.leaf();
        Arc::ptr_eq(&found, leaf) && at == offset
    }

    #[test]
    fn an_alias_of_an_alias_shows_the_first() {
        let ram = ram("ram");
        let upper = Region::alias("upper", &ram, 0x800, 0x800).unwrap();
        let top = Region::alias("top", &upper, 0x700, 0x100).unwrap();
        assert!(shows(&top, &ram, 0xf00));
        let (target, at) = top.target().unwrap();
        assert!(Arc::ptr_eq(&target, &upper) && at == 0x700);
        assert!(ram.target().is_none());
    }

    #[test]
    fn followers_show_the_new_bytes_and_the_old_ones_again() {
        let (one, two) = (ram("one"), ram("two"));
        let window = Region::alias("window", &one, 0x100, 0x200).unwrap();
        let inner = Region::alias("inner", &window, 0x10, 0x100).unwrap();
        let innermost = Region::alias("innermost", &inner, 1, 8).unwrap();
        let (target, offset) = window.show(&two, 0x400).unwrap().unwrap().before;
        assert!(shows(&window, &two, 0x400) && shows(&inner, &two, 0x410));
        assert!(shows(&innermost, &two, 0x411));
        window.show_again(&target, offset);
        assert!(shows(&window, &one, 0x100) && shows(&innermost, &one, 0x111));
        // An alias that has left does not follow any more, and one that has come does.
        inner.show(&two, 0).unwrap();
        let other = Region::alias("other", &two, 0, 0x200).unwrap();
        innermost.show(&other, 8).unwrap();
        window.show(&two, 0x800).unwrap();
        assert!(shows(&inner, &two, 0) && shows(&innermost, &two, 8));
        other.show(&one, 0x20).unwrap();
        assert!(shows(&innermost, &one, 0x28));
        assert_eq!(window.following().len(), 1);
        assert_eq!(other.following().len(), 2);
    }

    #[test]
    fn circles_and_bytes_that_the_target_has_not_are_refused() {
        let ram = ram("ram");
        let outer = Region::alias("outer", &ram, 0, 0x800).unwrap();
        let inner = Region::alias("inner", &outer, 0, 0x800).unwrap();
        assert!(outer.show(&ram, 0).unwrap().is_none()); // the same
        let refused = |offset| Err(Fault::InvalidAlias { offset });
        let show = |alias: &Arc<Region>, region, offset| alias.show(region, offset).map(drop);
        assert_eq!(show(&outer, &outer, 0), refused(0));
        assert_eq!(show(&outer, &inner, 0), refused(0));
        assert_eq!(show(&inner, &ram, 0x801), refused(0x801));
        assert_eq!(show(&inner, &ram, u64::MAX), refused(u64::MAX));
        assert_eq!(show(&ram, &ram, 0), refused(0));
        assert!(shows(&outer, &ram, 0) && shows(&inner, &ram, 0));
    }

    #[test]
    fn a_long_chain_of_aliases_is_dropped_without_recursion() {
        let mut last = ram("ram");
        for _ in 0..if cfg!(miri) { 100 } else { 100_000 } {
            last = Region::alias("next", &last, 0, 0x1000).unwrap();
        }
        assert_eq!(last.leaf().0.name(), "ram");
        drop(last);
    }

    #[test]
    fn a_dropped_alias_is_on_no_list() {
        let ram = ram("ram");
        let window = Region::alias("window", &ram, 0, 0x200).unwrap();
        drop(Region::alias("gone", &window, 0, 8).unwrap());
        assert!(window.target_of_alias().unwrap().followers.last().is_none());
    }
}
