//! Macros and types that the lists are written with.

/// Each function has exactly this type.
macro_rules! signatures {
    ($($function:expr => $type:ty;)*) => {$(
        let _: $type = $function;
    )*};
}

/// Each type meets these bounds, in which `T` is the type itself.
macro_rules! implements {
    ($($type:ty: $($bound:path),+;)*) => {$({
        fn bounds<T>() where T: ?Sized $(+ $bound)+ {}
        bounds::<$type>();
    })*};
}

/// None of the types has the trait: if one had, `Check` would have two answers, and no caller could choose.
macro_rules! lacks {
    ($trait:path: $($type:ty),+;) => {$({
        trait Check<Answer> {
            fn check() {}
        }
        struct Yes;
        impl<T: ?Sized> Check<()> for T {}
        impl<T: ?Sized + $trait> Check<Yes> for T {}
        <$type as Check<_>>::check();
    })+};
}

/// A region and a memory that have only the required methods.
pub mod least {
    use std::marker::PhantomData;
    use std::sync::atomic::Ordering;
    use vm_memory::bitmap::{BS, Bitmap};
    use vm_memory::guest_memory::Result;
    use vm_memory::{
        AtomicAccess, Bytes, GuestAddress, GuestMemoryBackend, GuestMemoryError, GuestMemoryRegion,
        GuestUsize, MemoryRegionAddress, ReadVolatile, WriteVolatile,
    };

    #[derive(Clone, Debug, Default)]
    pub struct Region<B = ()>(pub B);

    impl<B: Bitmap> GuestMemoryRegion for Region<B> {
        type B = B;

        fn len(&self) -> GuestUsize {
            1
        }

        fn start_addr(&self) -> GuestAddress {
            GuestAddress(0)
        }

        fn bitmap(&self) -> BS<'_, B> {
            self.0.slice_at(0)
        }
    }

    /// Written out, without `GuestMemoryRegionBytes`: so these are the methods that `Bytes` requires.
    impl<B> Bytes<MemoryRegionAddress> for Region<B> {
        type E = GuestMemoryError;

        fn write(&self, _buf: &[u8], _addr: MemoryRegionAddress) -> Result<usize> {
            Ok(0)
        }

        fn read(&self, _buf: &mut [u8], _addr: MemoryRegionAddress) -> Result<usize> {
            Ok(0)
        }

        fn write_slice(&self, _buf: &[u8], _addr: MemoryRegionAddress) -> Result<()> {
            Ok(())
        }

        fn read_slice(&self, _buf: &mut [u8], _addr: MemoryRegionAddress) -> Result<()> {
            Ok(())
        }

        fn read_volatile_from<F: ReadVolatile>(
            &self,
            _addr: MemoryRegionAddress,
            _src: &mut F,
            _count: usize,
        ) -> Result<usize> {
            Ok(0)
        }

        fn read_exact_volatile_from<F: ReadVolatile>(
            &self,
            _addr: MemoryRegionAddress,
            _src: &mut F,
            _count: usize,
        ) -> Result<()> {
            Ok(())
        }

        fn write_volatile_to<F: WriteVolatile>(
            &self,
            _addr: MemoryRegionAddress,
            _dst: &mut F,
            _count: usize,
        ) -> Result<usize> {
            Ok(0)
        }

        fn write_all_volatile_to<F: WriteVolatile>(
            &self,
            _addr: MemoryRegionAddress,
            _dst: &mut F,
            _count: usize,
        ) -> Result<()> {
            Ok(())
        }

        fn store<T: AtomicAccess>(
            &self,
            _val: T,
            _addr: MemoryRegionAddress,
            _order: Ordering,
        ) -> Result<()> {
            Ok(())
        }

        fn load<T: AtomicAccess>(&self, _addr: MemoryRegionAddress, _order: Ordering) -> Result<T> {
            Ok(T::zeroed())
        }
    }

    #[derive(Clone, Debug, Default)]
    pub struct Backend<R = Region>(pub PhantomData<R>);

    impl<R: GuestMemoryRegion> GuestMemoryBackend for Backend<R> {
        type R = R;

        fn iter(&self) -> impl Iterator<Item = &R> {
            std::iter::empty()
        }
    }
}
