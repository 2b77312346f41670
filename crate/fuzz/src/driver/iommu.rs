//! An IOMMU that knows its mappings, and the memory behind it.

use super::region::Backing;
use super::{api, memory, value};
use crate::outcome::{Failure, Outcome};
use crate::scenario::IommuMethod;
use api::iommu::{Error, IotlbIterator, IovaRange};
use api::{
    GuestAddress, GuestMemory, GuestRegionCollection, Iommu, IommuMemory, Iotlb, Permissions,
};
use std::sync::{RwLock, RwLockReadGuard};

#[derive(Debug, Default)]
pub struct Mappings(RwLock<Iotlb>);

impl Iommu for Mappings {
    type IotlbGuard<'a> = RwLockReadGuard<'a, Iotlb>;

    fn translate(
        &self,
        iova: GuestAddress,
        length: usize,
        access: Permissions,
    ) -> Result<IotlbIterator<Self::IotlbGuard<'_>>, Error> {
        let iotlb = self.0.read().expect("nobody panics with the lock");
        Iotlb::lookup(iotlb, iova, length, access).map_err(|fails| Error::CannotResolve {
            iova_range: IovaRange { base: iova, length },
            reason: format!("{fails:?}"),
        })
    }
}

pub fn apply<R: Backing>(
    memory: &mut IommuMemory<GuestRegionCollection<R>, Mappings>,
    method: &IommuMethod,
) -> Outcome {
    let write = || {
        memory
            .iommu()
            .0
            .write()
            .expect("nobody panics with the lock")
    };
    match *method {
        IommuMethod::Set(iova, to, length, bits) => write()
            .set_mapping(
                GuestAddress(iova),
                GuestAddress(to),
                length,
                value::permission(bits),
            )
            .map(|()| Outcome::Done)
            .into(),
        IommuMethod::Invalidate(iova, length) => {
            write().invalidate_mapping(GuestAddress(iova), length);
            Outcome::Done
        }
        IommuMethod::InvalidateAll => {
            write().invalidate_all();
            Outcome::Done
        }
        IommuMethod::Lookup(iova, length, bits) => Iotlb::lookup(
            &*write(),
            GuestAddress(iova),
            length,
            value::permission(bits),
        )
        .map(|ranges| {
            let pair = |range: api::iommu::MappedRange| {
                Outcome::pair(
                    Outcome::Number(range.base.0),
                    Outcome::Number(range.length as u64),
                )
            };
            Outcome::List(ranges.map(pair).collect())
        })
        .into(),
        IommuMethod::CheckRange(iova, length, bits) => {
            Outcome::Flag(memory.check_range(GuestAddress(iova), length, value::permission(bits)))
        }
        IommuMethod::Slices(iova, length, bits) => memory
            .get_slices(GuestAddress(iova), length, value::permission(bits))
            .map(|slices| memory::slices(memory.get_backend(), slices))
            .into(),
        IommuMethod::Enable(enabled) => {
            memory.set_iommu_enabled(enabled);
            assert_eq!(memory.get_iommu_enabled(), enabled);
            Outcome::Flag(memory.physical_memory().is_some())
        }
        IommuMethod::Range(from, to) => IovaRange::try_from(from..to)
            .map(|range| {
                Outcome::pair(
                    Outcome::Number(range.base.0),
                    Outcome::Number(range.length as u64),
                )
            })
            .map_err(|_| Failure::Conversion)
            .into(),
    }
}
