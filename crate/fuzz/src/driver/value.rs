//! Values, made from numbers and shown as bytes; addresses, byte orders, permissions.

use super::{api, number};
use crate::outcome::Outcome;
use crate::scenario::AddressMethod;
use api::{
    Address, AddressValue, Be16, Be32, Be64, BeSize, ByteValued, Le16, Le32, Le64, LeSize,
    Permissions,
};

/// `$body` for the Rust type that a `Type` names.
macro_rules! with_type {
    ($type:expr, $T:ident => $body:expr) => {
        match $type {
            crate::scenario::Type::U8 => {
                type $T = u8;
                $body
            }
            crate::scenario::Type::U16 => {
                type $T = u16;
                $body
            }
            crate::scenario::Type::U32 => {
                type $T = u32;
                $body
            }
            crate::scenario::Type::U64 => {
                type $T = u64;
                $body
            }
            crate::scenario::Type::U128 => {
                type $T = u128;
                $body
            }
            crate::scenario::Type::Three => {
                type $T = [u8; 3];
                $body
            }
            crate::scenario::Type::Nine => {
                type $T = [u8; 9];
                $body
            }
            crate::scenario::Type::Nothing => {
                type $T = [u16; 0];
                $body
            }
        }
    };
}

/// `$body` for the Rust type that an `Integer` names.
macro_rules! with_integer {
    ($integer:expr, $T:ident => $body:expr) => {
        match $integer {
            crate::scenario::Integer::U8 => {
                type $T = u8;
                $body
            }
            crate::scenario::Integer::U16 => {
                type $T = u16;
                $body
            }
            crate::scenario::Integer::U32 => {
                type $T = u32;
                $body
            }
            crate::scenario::Integer::U64 => {
                type $T = u64;
                $body
            }
            crate::scenario::Integer::I32 => {
                type $T = i32;
                $body
            }
            crate::scenario::Integer::Usize => {
                type $T = usize;
                $body
            }
        }
    };
}

pub(super) use {with_integer, with_type};

/// A value with the bytes of `from`, over and over.
pub fn make<T: ByteValued>(from: u64) -> T {
    let mut value = T::zeroed();
    let bytes = value.as_mut_slice();
    for (byte, from) in bytes.iter_mut().zip(from.to_le_bytes().into_iter().cycle()) {
        *byte = from;
    }
    value
}

/// One value for each of `bytes`.
pub fn several<T: ByteValued>(bytes: &[u8]) -> Vec<T> {
    let spread = |byte: &u8| make(u64::from(*byte).wrapping_mul(0x0103_050b_0d11_1317));
    bytes.iter().map(spread).collect()
}

pub fn show<T: ByteValued>(value: T) -> Outcome {
    Outcome::Bytes(value.as_slice().to_vec())
}

/// All values, one after the other.
pub fn show_all<T: ByteValued>(values: &[T]) -> Outcome {
    Outcome::Bytes(
        values
            .iter()
            .flat_map(|value| value.as_slice().to_vec())
            .collect(),
    )
}

pub fn address<A: Address + AddressValue<V = u64>>(
    method: AddressMethod,
    one: u64,
    two: u64,
) -> Outcome {
    let (address, other) = (A::new(one), A::new(two));
    let maybe = |address: Option<A>| Outcome::maybe(address.map(|address| address.raw_value()));
    let flagged = |(address, flag): (A, bool)| {
        Outcome::pair(Outcome::Number(address.raw_value()), Outcome::Flag(flag))
    };
    let raw = |address: A| Outcome::Number(address.raw_value());
    match method {
        AddressMethod::CheckedAdd => maybe(address.checked_add(two)),
        AddressMethod::OverflowingAdd => flagged(address.overflowing_add(two)),
        AddressMethod::UncheckedAdd => raw(address.unchecked_add(two)),
        AddressMethod::CheckedSub => maybe(address.checked_sub(two)),
        AddressMethod::OverflowingSub => flagged(address.overflowing_sub(two)),
        AddressMethod::UncheckedSub => raw(address.unchecked_sub(two)),
        AddressMethod::CheckedOffsetFrom => Outcome::maybe(address.checked_offset_from(other)),
        AddressMethod::UncheckedOffsetFrom => Outcome::Number(address.unchecked_offset_from(other)),
        AddressMethod::CheckedAlignUp => maybe(address.checked_align_up(two)),
        AddressMethod::UncheckedAlignUp => raw(address.unchecked_align_up(two)),
        AddressMethod::Mask => Outcome::Number(address.mask(two)),
        AddressMethod::And => raw(address & two),
        AddressMethod::Or => raw(address | two),
    }
}

pub fn endian(number: u64) -> Outcome {
    macro_rules! each {
        ($($name:ident $int:ty),*) => {
            Outcome::List(vec![$({
                let native = number as $int;
                let value = $name::from(native);
                let same = value == native && native == value && value.to_native() == native;
                Outcome::pair(show(value), Outcome::Flag(same && <$int>::from(value) == native))
            }),*])
        };
    }
    each!(Le16 u16, Le32 u32, Le64 u64, LeSize usize, Be16 u16, Be32 u32, Be64 u64, BeSize usize)
}

/// `ByteValued` on bytes in place, and through `std::io`.
pub fn from_slice(distance: usize, length: usize) -> Outcome {
    let mut aligned: [u128; 4] = std::array::from_fn(|index| index as u128 * 0x0102_0304_0506_0708);
    let bytes = ByteValued::as_mut_slice(&mut aligned);
    let from = distance.min(bytes.len());
    let to = from.saturating_add(length).min(bytes.len());
    let bytes = &mut bytes[from..to];
    macro_rules! each {
        ($($T:ty),*) => {
            Outcome::List(vec![$({
                let borrowed = <$T>::from_slice(bytes).copied().map_or(Outcome::Nothing, show);
                let changed = <$T>::from_mut_slice(bytes).map_or(Outcome::Nothing, |value| show(*value));
                let read = match <$T>::read_exact_from(&*bytes) {
                    Ok(value) => {
                        let mut written = Vec::new();
                        value.write_all_to(&mut written).expect("a vector takes everything");
                        Outcome::Bytes(written)
                    }
                    Err(error) => Outcome::Failed(crate::outcome::Failure::Io(error.kind())),
                };
                Outcome::List(vec![borrowed, changed, read])
            }),*])
        };
    }
    each!(u8, u16, u32, u64, u128, [u8; 3], [u32; 3])
}

pub fn permissions(one: u8, two: u8) -> Outcome {
    let (one, two) = (permission(one), permission(two));
    Outcome::List(vec![
        Outcome::Flag(one.allow(two)),
        Outcome::Flag(one.has_write()),
        number((one & two) as usize),
        number((one | two) as usize),
    ])
}

pub fn permission(bits: u8) -> Permissions {
    match bits & 3 {
        0 => Permissions::No,
        1 => Permissions::Read,
        2 => Permissions::Write,
        _ => Permissions::ReadWrite,
    }
}
