//! The map as text, in the columns of QEMU's `info mtree` (the placements) and `info mtree -f` (the flat view). As in
//! QEMU's source, these are addresses in 16 digits, priority, kind and name; an alias has its target and the addresses
//! in it. Here the flat view too has the priority of the placement, because a region has none of its own.
//! ts/map/map-text.ts does the same.

use super::attributes::{Attributes, FORBIDDEN, NO_EXECUTE, NO_READ, NO_WRITE, Pages};
use super::{FlatView, Placements, Region, RegionKind};
use crate::linear::host::PAGE_SHIFT;
use crate::machine::index::Index;
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
pub(crate) fn placements(out: &mut impl Write, name: &str, placements: &Placements) -> Result {
    writeln!(out, "address-space: {name}")?;
    writeln!(out, "  {:016x}-{:016x} (prio 0, i/o): {name}", 0, u64::MAX)?;
    // Sorted in a set: the sort of a list is 10 KiB of code.
    let mut sorted = Index::default();
    let all: Vec<_> = placements.from(0).collect();
    for (at, (_, placement)) in all.iter().enumerate() {
        let below = i64::from(i32::MAX) - i64::from(placement.priority());
        sorted.insert((placement.start(), below.unsigned_abs(), at as u64));
    }
    let at = |key: &(u64, u64, u64)| usize::try_from(key.2).ok().and_then(|at| all.get(at));
    for (_, placement) in sorted.from((0, 0, 0)).filter_map(at) {
        let region = placement.region();
        let (first, last, priority) = (placement.start(), placement.last(), placement.priority());
        let shown = placement.leaf().0;
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
    let mut from = Some(0);
    while let Some((range, last)) = from.and_then(|from| view.whole(from)) {
        from = last.checked_add(1);
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

/// Writes the accesses that are allowed where some are not.
pub(crate) fn protection(out: &mut impl Write, attributes: &Attributes) -> Result {
    let mut before: Option<Pages> = None;
    let mut heading = "Protection\n";
    let end = Pages {
        first: 0,
        last: 0,
        bits: 0,
    };
    for run in attributes
        .over(0, u64::MAX >> PAGE_SHIFT)
        .chain(core::iter::once(end))
    {
        let bits = run.bits & FORBIDDEN;
        match &mut before {
            // A watched page is a run of its own.
            Some(joined) if joined.bits == bits && run.first != 0 => joined.last = run.last,
            _ => {
                if let Some(Pages { first, last, bits }) = before.filter(|run| run.bits != 0) {
                    let letter = |bit, letter| if bits & bit == 0 { letter } else { '-' };
                    let (first, last) = (first << PAGE_SHIFT, last << PAGE_SHIFT | 0xfff);
                    writeln!(
                        out,
                        "{heading}  {first:016x}-{last:016x}: {}{}{}",
                        letter(NO_READ, 'r'),
                        letter(NO_WRITE, 'w'),
                        letter(NO_EXECUTE, 'x')
                    )?;
                    heading = "";
                }
                before = Some(Pages { bits, ..run });
            }
        }
    }
    Ok(())
}
