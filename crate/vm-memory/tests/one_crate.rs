//! This package exports guest-memory's own types: a program may use both names.

#[test]
fn one_crate_is_the_other() {
    fn address(addr: guest_memory::GuestAddress) -> vm_memory::GuestAddress {
        addr
    }
    assert_eq!(address(guest_memory::GuestAddress(5)).0, 5);
}
