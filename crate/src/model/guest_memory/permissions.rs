//! [`Permissions`]: the rights that an access needs or a mapping gives.

use std::ops::{BitAnd, BitOr};

/// Reading, writing, both or neither; as bits, 1 is reading and 2 is writing.
///
/// ```
/// use guest_memory::Permissions;
/// assert!(Permissions::ReadWrite.allow(Permissions::Read));
/// assert!(!Permissions::Read.allow(Permissions::ReadWrite));
/// assert_eq!(Permissions::Read | Permissions::Write, Permissions::ReadWrite);
/// ```
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
#[repr(u8)]
pub enum Permissions {
    /// Neither reading nor writing.
    No = 0b00,
    /// Reading only.
    Read = 0b01,
    /// Writing only.
    Write = 0b10,
    /// Reading and writing.
    ReadWrite = 0b11,
}

impl Permissions {
    /// Whether these permissions include all of `access`.
    #[inline]
    pub fn allow(&self, access: Self) -> bool {
        *self & access == access
    }

    /// Whether these permissions include writing.
    #[inline]
    pub fn has_write(&self) -> bool {
        self.allow(Self::Write)
    }

    fn from_bits(bits: u8) -> Self {
        match bits & 0b11 {
            0b00 => Self::No,
            0b01 => Self::Read,
            0b10 => Self::Write,
            _ => Self::ReadWrite,
        }
    }
}

impl BitAnd for Permissions {
    type Output = Self;

    /// The permissions that both allow.
    fn bitand(self, other: Self) -> Self {
        Self::from_bits(self as u8 & other as u8)
    }
}

impl BitOr for Permissions {
    type Output = Self;

    /// The permissions that at least one of the two allows.
    fn bitor(self, other: Self) -> Self {
        Self::from_bits(self as u8 | other as u8)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn permissions_are_sets() {
        use Permissions::{No, Read, ReadWrite, Write};
        let all = [No, Read, Write, ReadWrite];
        for (bits, permissions) in all.into_iter().enumerate() {
            assert_eq!(permissions as usize, bits);
            assert_eq!(permissions.has_write(), bits & 2 != 0);
            for (other_bits, other) in all.into_iter().enumerate() {
                assert_eq!(permissions & other, all[bits & other_bits]);
                assert_eq!(permissions | other, all[bits | other_bits]);
                assert_eq!(permissions.allow(other), bits & other_bits == other_bits);
            }
        }
    }
}
