//! An alias that shows other bytes: followers, siblings, transactions.

use super::*;
use crate::handle;

/// A cartridge of four banks, another region, and a window on the cartridge's first bank; two spaces with handles.
struct Machine {
    cpu: Arc<AddressSpace>,
    dma: Arc<AddressSpace>,
    cartridge: Arc<Region>,
    ram: Arc<Region>,
    window: Arc<Region>,
    handles: [u32; 2],
}

impl Drop for Machine {
    fn drop(&mut self) {
        self.handles
            .iter()
            .for_each(|&handle| assert!(handle::release(handle)));
    }
}

fn machine() -> Machine {
    let make = |name| Region::new(name, RegionKind::Ram, GuestAddress(0), 0x4000).unwrap();
    let (cartridge, ram) = (make("cartridge"), make("ram"));
    let window = Region::alias("window", &cartridge, 0, 0x1000).unwrap();
    let half = Region::alias("half", &window, 0x800, 0x800).unwrap();
    let cpu = Arc::new(AddressSpace::new().unwrap());
    let dma = Arc::new(cpu.sibling().unwrap());
    let handles = [&cpu, &dma].map(|space| handle::register(Arc::clone(space)).unwrap());
    cpu.map(&cartridge, GuestAddress(0x1_0000), 0).unwrap();
    cpu.map(&ram, GuestAddress(0x2_0000), 0).unwrap();
    cpu.map(&window, GuestAddress(0x8000), 0).unwrap();
    dma.map(&half, GuestAddress(0x800), 0).unwrap();
    for (region, base) in [(0_u8, 0x1_0000), (16, 0x2_0000)] {
        for bank in 0..4_u8 {
            let address = GuestAddress(base + u64::from(bank) * 0x1000);
            cpu.fill(address, region + bank, 0x1000).unwrap();
        }
    }
    Machine {
        cpu,
        dma,
        cartridge,
        ram,
        window,
        handles,
    }
}

impl Machine {
    fn show(&self, target: &Arc<Region>, offset: u64) -> Result<(), Fault> {
        self.cpu.show(&self.window, target, offset)
    }

    /// The bytes that the window and the other space's half of it show: by the page table, and by the flat view.
    fn seen(&self) -> (u8, u8) {
        let of = |space: &AddressSpace, address| {
            let fast: u8 = space.read_obj(GuestAddress(address)).unwrap();
            let flat: u8 = space.view().read_obj(GuestAddress(address)).unwrap();
            assert_eq!(fast, flat);
            fast
        };
        (of(&self.cpu, 0x8fff), of(&self.dma, 0xfff))
    }
}

#[test]
fn followers_and_siblings_show_the_new_bytes() {
    let machine = machine();
    assert_eq!(machine.seen(), (0, 0));
    let generations = || [&machine.cpu, &machine.dma].map(|space| space.map_generation());
    let before = generations();
    machine.show(&machine.cartridge, 0x2000).unwrap();
    assert_eq!(machine.seen(), (2, 2));
    assert_ne!(generations()[0], before[0]);
    assert_ne!(generations()[1], before[1]);
    machine.show(&machine.ram, 0x3000).unwrap();
    assert_eq!(machine.seen(), (19, 19));
    // At an offset that is no multiple of a page, on the slow path.
    machine.show(&machine.cartridge, 0x1801).unwrap();
    assert_eq!(machine.seen(), (2, 2));
    assert_eq!(machine.cpu.read_obj::<u8>(GuestAddress(0x8000)), Ok(1));
    // The same again changes nothing.
    let before = generations();
    machine.show(&machine.cartridge, 0x1801).unwrap();
    assert_eq!(generations(), before);
}

#[test]
fn a_refused_change_leaves_all_maps_as_they_were() {
    let machine = machine();
    let generations = || [&machine.cpu, &machine.dma].map(|space| space.map_generation());
    let before = generations();
    let refused = |offset| Err(Fault::InvalidAlias { offset });
    assert_eq!(machine.show(&machine.ram, 0x3001), refused(0x3001));
    assert_eq!(machine.show(&machine.window, 0), refused(0));
    let not_an_alias = machine.cpu.show(&machine.ram, &machine.cartridge, 0);
    assert_eq!(not_an_alias, refused(0));
    let not_there = machine.dma.show(&machine.window, &machine.ram, 0);
    assert_eq!(not_there, Err(Fault::NoMemoryRegion));
    assert_eq!((machine.seen(), generations()), ((0, 0), before));
}

#[test]
fn a_transaction_shows_all_or_nothing() {
    let machine = machine();
    let undone = machine.cpu.transaction(|cpu| {
        machine.show(&machine.ram, 0)?;
        cpu.move_region(&machine.window, GuestAddress(0xa000))?;
        machine.show(&machine.cartridge, 0x1000)?;
        assert_eq!(machine.seen(), (0, 0));
        cpu.unmap(&machine.window)?;
        cpu.map(&machine.window, GuestAddress(0x2_0000), 0) // where the RAM is
    });
    assert_eq!(
        undone,
        Err(Fault::MemoryRegionOverlap { address: 0x2_0000 })
    );
    assert_eq!(machine.seen(), (0, 0));
    assert_eq!(machine.window.target().map(|(_, offset)| offset), Some(0));
    let inner = |fail: bool| {
        machine.cpu.transaction(|_| {
            machine.show(&machine.ram, 0x1000)?;
            if fail {
                Err(Fault::TooManyClients)
            } else {
                Ok(())
            }
        })
    };
    machine
        .cpu
        .transaction(|_| {
            machine.show(&machine.cartridge, 0x3000)?;
            assert_eq!(inner(true), Err(Fault::TooManyClients));
            Ok::<(), Fault>(())
        })
        .unwrap();
    assert_eq!(machine.seen(), (3, 3));
    machine.cpu.transaction(|_| inner(false)).unwrap();
    assert_eq!(machine.seen(), (17, 17));
}

#[test]
fn a_sibling_with_an_open_transaction_follows_when_that_ends() {
    for fail in [false, true] {
        let machine = machine();
        let _ = machine.dma.transaction(|dma| {
            machine.show(&machine.ram, 0x2000)?;
            assert_eq!(machine.seen(), (18, 0));
            if fail {
                dma.remove_region(GuestAddress(0), 1)?;
            }
            Ok::<(), Fault>(())
        });
        assert_eq!(machine.seen(), (18, 18));
    }
}

#[test]
fn a_region_enters_the_machine_with_the_alias_that_shows_it_and_leaves_with_it() {
    let machine = machine();
    let client = machine.cpu.open_dirty_client().unwrap();
    let collect = || {
        let mut ranges = [(GuestAddress(0), 0); 8];
        let (count, _) = machine
            .cpu
            .collect_dirty(client, GuestAddress(0), &mut ranges);
        ranges[..count].to_vec()
    };
    machine.show(&machine.cartridge, 0x1000).unwrap();
    assert_eq!(collect(), []); // banks that move are not dirty
    let fresh = Region::new("fresh", RegionKind::Ram, GuestAddress(0), 0x2000).unwrap();
    machine.show(&fresh, 0x1000).unwrap();
    assert_eq!(collect(), [(GuestAddress(0x8000), 0x1000)]);
    machine.show(&machine.ram, 0).unwrap();
    assert_eq!(collect(), []);
    machine.show(&fresh, 0).unwrap(); // it had left
    assert_eq!(collect(), [(GuestAddress(0x8000), 0x1000)]);
    let gone = machine.cpu.transaction(|_| {
        machine.show(&machine.ram, 0)?;
        machine.show(&fresh, 0)
    });
    assert_eq!((gone, collect()), (Ok(()), vec![])); // it has not left
}

#[test]
fn the_addresses_of_bytes_end_with_the_last_address() {
    let space = AddressSpace::new().unwrap();
    let ram = Region::new("ram", RegionKind::Ram, GuestAddress(0), 0x2000).unwrap();
    let top = Region::alias("top", &ram, 0, 0x100).unwrap();
    let start = u64::MAX - 0xff;
    space.map(&top, GuestAddress(start), 0).unwrap();
    let mut shown = Vec::new();
    space.each_address(ram.id(), 0x10, 0x1ff0, |address, length| {
        shown.push((address.0, length))
    });
    assert_eq!(shown, [(start + 0x10, 0xf0)]);
}
