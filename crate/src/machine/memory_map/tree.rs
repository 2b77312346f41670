//! The map as text, in the columns of QEMU's `info mtree` (the placements) and `info mtree -f` (the flat view). As in
//! QEMU's source, these are addresses in 16 digits, priority, kind and name; an alias has its target and the addresses
//! in it. Here the flat view too has the priority of the placement, because a region has none of its own.
//! ts/map/map-text.ts does the same.

use super::{FlatView, Placement, Region, RegionKind};
use std::fmt::{Result, Write};

fn kind(region: &Region) -> &'static str {
    match region.kind() {
        RegionKind::Ram => "ram",
        RegionKind::Rom => "rom",
        RegionKind::External => "ram", // as in QEMU, mapped from a file or not
        RegionKind::RomDevice => "romd",
        RegionKind::Mmio => "i/o",
        RegionKind::Reserved => "reserved",
        // QEMU shows the kind of the region that an alias shows.
        RegionKind::Alias => "alias",
    }
}

/// Writes the placements by address; at the same address, the highest priority comes first.
pub(crate) fn placements(out: &mut impl Write, name: &str, placements: &[Placement]) -> Result {
    writeln!(out, "address-space: {name}")?;
    writeln!(out, "  {:016x}-{:016x} (prio 0, i/o): {name}", 0, u64::MAX)?;
    // One pass for each placement: a map is small, and a sort is 10 KiB of code.
    let order = |index: usize, placement: &Placement| {
        (placement.start(), -i64::from(placement.priority()), index)
    };
    let mut before = None;
    let next = |before: Option<_>| {
        let all = placements.iter().enumerate();
        let keys = all.map(|(index, placement)| order(index, placement));
        keys.filter(|key| before.is_none_or(|before| *key > before))
            .min()
    };
    while let Some(key) = next(before) {
        before = Some(key);
        let placement = &placements[key.2];
        let region = placement.region();
        let (first, last, priority) = (placement.start(), placement.last(), placement.priority());
        let shown = region.leaf().0;
        write!(
            out,
            "    {first:016x}-{last:016x} (prio {priority}, {}): ",
            kind(shown)
        )?;
        match region.target() {
            Some((target, offset)) => {
                let last = offset + (region.size() - 1);
                write!(
                    out,
                    "alias {} @{} {offset:016x}-{last:016x}",
                    region.name(),
                    target.name()
                )?;
            }
            None => write!(out, "{}", region.name())?,
        }
        writeln!(
            out,
            "{}",
            if placement.is_enabled() {
                ""
            } else {
                " [disabled]"
            }
        )?;
    }
    Ok(())
}

/// Writes the flat view.
pub(crate) fn flat(out: &mut impl Write, name: &str, view: &FlatView) -> Result {
    writeln!(out, "FlatView #0")?;
    writeln!(out, " AS \"{name}\", root: {name}")?;
    writeln!(out, " Root memory region: {name}")?;
    if view.ranges().is_empty() {
        writeln!(out, "  No rendered FlatView")?;
    }
    let mut from = 0;
    while let Some((range, last, next)) = view.whole(from) {
        from = next;
        let first = range.start().0;
        let (region, offset) = (range.region(), range.offset());
        let (priority, kind, name) = (range.priority(), kind(region), region.name());
        write!(
            out,
            "  {first:016x}-{last:016x} (prio {priority}, {kind}): {name}"
        )?;
        if offset == 0 {
            writeln!(out)?;
        } else {
            writeln!(out, " @{offset:016x}")?;
        }
    }
    Ok(())
}
