//! Each constant of crate/virtio-bindings is virtio-bindings' own.

macro_rules! same {
    ($($module:ident: $($name:ident)*;)*) => {
        $($(assert_eq!(
            ours::$module::$name,
            virtio_bindings::bindings::$module::$name,
            stringify!($name)
        );)*)*
    };
}

#[test]
fn the_constants_are_the_same() {
    same! {
        virtio_ring:
            VRING_DESC_F_NEXT
            VRING_DESC_F_WRITE
            VRING_DESC_F_INDIRECT
            VRING_PACKED_DESC_F_AVAIL
            VRING_PACKED_DESC_F_USED
            VRING_USED_F_NO_NOTIFY
            VRING_AVAIL_F_NO_INTERRUPT
            VRING_PACKED_EVENT_FLAG_ENABLE
            VRING_PACKED_EVENT_FLAG_DISABLE
            VRING_PACKED_EVENT_FLAG_DESC
            VRING_PACKED_EVENT_F_WRAP_CTR
            VIRTIO_RING_F_INDIRECT_DESC
            VIRTIO_RING_F_EVENT_IDX
            VRING_AVAIL_ALIGN_SIZE
            VRING_USED_ALIGN_SIZE
            VRING_DESC_ALIGN_SIZE;
        virtio_config:
            VIRTIO_CONFIG_S_ACKNOWLEDGE
            VIRTIO_CONFIG_S_DRIVER
            VIRTIO_CONFIG_S_DRIVER_OK
            VIRTIO_CONFIG_S_FEATURES_OK
            VIRTIO_CONFIG_S_NEEDS_RESET
            VIRTIO_CONFIG_S_FAILED
            VIRTIO_F_VERSION_1
            VIRTIO_F_ACCESS_PLATFORM
            VIRTIO_F_RING_PACKED
            VIRTIO_F_IN_ORDER
            VIRTIO_F_ORDER_PLATFORM
            VIRTIO_F_NOTIFICATION_DATA
            VIRTIO_F_RING_RESET;
    }
}
