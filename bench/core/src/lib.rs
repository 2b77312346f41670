//! The same loop four times: over raw memory, through `AddressSpace`, and through vm-memory's `Bytes` on a snapshot of one
//! region and of sixteen.
//!
//! Addresses come from a linear congruential generator, so no engine can guess them. Each loop adds up (or stores)
//! `count` words at random aligned addresses below `mask`.

mod chains;

use guest_memory::memory_map::MemoryMap;
use guest_memory::{AddressSpace, Bytes, GuestAddress};
use std::sync::OnceLock;

static SPACE: OnceLock<AddressSpace> = OnceLock::new();
static PIECES: OnceLock<AddressSpace> = OnceLock::new();

fn space() -> &'static AddressSpace {
    SPACE.get_or_init(|| {
        AddressSpace::from_ranges(&[(GuestAddress(0), 128 << 20)]).expect("128 MiB")
    })
}

/// Sixteen regions of 4 KiB, without a gap.
fn pieces() -> &'static AddressSpace {
    PIECES.get_or_init(|| {
        let ranges: Vec<_> = (0..16)
            .map(|index| (GuestAddress(index << 12), 0x1000))
            .collect();
        AddressSpace::from_ranges(&ranges).expect("64 KiB")
    })
}

fn next(state: &mut u32, mask: u32) -> u32 {
    *state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
    (*state >> 4) & mask & !3
}

/// Where guest address 0 lies.
#[unsafe(no_mangle)]
pub extern "C" fn prepare() -> usize {
    space()
        .host_run(GuestAddress(0), 1)
        .map_or(0, |run| run.host)
}

/// Raw loads.
#[unsafe(no_mangle)]
pub extern "C" fn load_raw(host: usize, mask: u32, count: u32) -> u32 {
    let (mut state, mut sum) = (1, 0_u32);
    for _ in 0..count {
        let place = (host + next(&mut state, mask) as usize) as *const u32;
        // SAFETY: 128 MiB of guest memory start at `host`, and the mask is below that.
        sum = sum.wrapping_add(unsafe { place.read_volatile() });
    }
    sum
}

/// Loads through the address space.
#[unsafe(no_mangle)]
pub extern "C" fn load_core(_host: usize, mask: u32, count: u32) -> u32 {
    let space = space();
    let (mut state, mut sum) = (1, 0_u32);
    for _ in 0..count {
        let value = space.read_obj(GuestAddress(u64::from(next(&mut state, mask))));
        sum = sum.wrapping_add(value.unwrap_or(1));
    }
    sum
}

/// Loads through vm-memory's trait, on a snapshot of the regions.
#[unsafe(no_mangle)]
pub extern "C" fn load_bytes(_host: usize, mask: u32, count: u32) -> u32 {
    load_by(&space().view(), mask, count)
}

/// The same, where sixteen regions have the 64 KiB.
#[unsafe(no_mangle)]
pub extern "C" fn load_pieces(_host: usize, mask: u32, count: u32) -> u32 {
    load_by(&pieces().view(), mask, count)
}

fn load_by(view: &MemoryMap, mask: u32, count: u32) -> u32 {
    let (mut state, mut sum) = (1, 0_u32);
    for _ in 0..count {
        let value = view.read_obj(GuestAddress(u64::from(next(&mut state, mask))));
        sum = sum.wrapping_add(value.unwrap_or(1));
    }
    sum
}

/// Raw stores.
#[unsafe(no_mangle)]
pub extern "C" fn store_raw(host: usize, mask: u32, count: u32) -> u32 {
    let mut state = 1;
    for value in 0..count {
        let place = (host + next(&mut state, mask) as usize) as *mut u32;
        // SAFETY: as in `load_raw`.
        unsafe { place.write_volatile(value) };
    }
    0
}

/// Stores through the address space, each with its dirty mark.
#[unsafe(no_mangle)]
pub extern "C" fn store_core(_host: usize, mask: u32, count: u32) -> u32 {
    let space = space();
    let (mut state, mut failed) = (1, 0);
    for value in 0..count {
        let address = GuestAddress(u64::from(next(&mut state, mask)));
        failed += u32::from(space.write_obj(value, address).is_err());
    }
    failed
}

/// Stores through vm-memory's trait, each with its dirty mark.
#[unsafe(no_mangle)]
pub extern "C" fn store_bytes(_host: usize, mask: u32, count: u32) -> u32 {
    store_by(&space().view(), mask, count)
}

/// The same, where sixteen regions have the 64 KiB.
#[unsafe(no_mangle)]
pub extern "C" fn store_pieces(_host: usize, mask: u32, count: u32) -> u32 {
    store_by(&pieces().view(), mask, count)
}

fn store_by(view: &MemoryMap, mask: u32, count: u32) -> u32 {
    let (mut state, mut failed) = (1, 0);
    for value in 0..count {
        let address = GuestAddress(u64::from(next(&mut state, mask)));
        failed += u32::from(view.write_obj(value, address).is_err());
    }
    failed
}

/// Moves `count` chains of one buffer through a virtqueue. Gives the bytes of their buffers, modulo 2^32.
#[unsafe(no_mangle)]
pub extern "C" fn chains(count: u32) -> u32 {
    let map = space().view();
    let moved = chains::prepare(&map).and_then(|mut queue| {
        map.write_obj(0_u16, GuestAddress(0x2002)).ok()?;
        chains::turn(&map, &mut queue, count)
    });
    moved.unwrap_or(0)
}
