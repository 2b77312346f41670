//! `use guest_memory::*` brings the crate's names, and none that hides the crate itself.

use guest_memory::*;

#[test]
fn all_names_at_once() {
    let space = AddressSpace::from_ranges(&[(GuestAddress(0), 0x1000)]).unwrap();
    space.write_obj(1_u8, GuestAddress(0)).unwrap();
    let fault: guest_memory::Fault = space.read_obj::<u8>(GuestAddress(0x1000)).unwrap_err();
    assert_eq!(fault, Fault::InvalidGuestAddress { address: 0x1000 });
}
