//! Blocks: their places, and the blocks that are left after a part is given back.

use super::*;

#[test]
fn guest_and_host_agree_in_twelve_bits() {
    for start in [0, 0x1000, 0x1234, 0xfff, u64::MAX - 0x1fff] {
        let block = Block::new(GuestAddress(start), 0x2000).unwrap();
        assert_eq!((block.host_offset() as u64) & 0xfff, start & 0xfff);
        let pages = (start % 4096 + 0x2000).div_ceil(4096);
        assert_eq!(block.marks().len() as u64, pages);
    }
}

#[test]
fn what_cannot_be_is_refused() {
    assert!(Block::new(GuestAddress(0), 0).is_none());
    assert!(Block::new(GuestAddress(0), u64::MAX).is_none());
    assert!(Block::new(GuestAddress(0), 1 << 40).is_none());
    assert!(Block::new(GuestAddress(u64::MAX), 1).is_some());
}
