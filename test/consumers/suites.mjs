// The suites of rust-vmm's crates that pass on the core: their names, their platforms, and their numbers of tests.

/**
 * @typedef {"native" | "i686" | "wasm32-wasip1"} Platform
 * @typedef {"lib" | "tests" | "doc"} Kind a package's own unit tests; its tests/ folder; the examples in its docs
 *
 * @typedef {object} Suite
 * @property {string} crate
 * @property {string} version exactly this one, so that the counts are known
 * @property {string[]} features cargo's arguments
 * @property {Partial<Record<Kind, number>>} tests how many there are: one less is a failure, and so is one more
 * @property {Platform[]} platforms
 * @property {string[]} [threads] unit tests that start threads, which wasm32-wasip1 has not
 * @property {string[]} [shouldPanic] unit tests that must panic, which ends a program in Wasm: they are ignored there
 */

/** @type {Suite[]} */
export const suites = [
  {
    crate: "virtio-queue",
    version: "0.18.0",
    features: ["--all-features"],
    tests: { lib: 54, doc: 4 },
    platforms: ["native", "i686", "wasm32-wasip1"],
    threads: ["queue_sync::tests::test_queue_state_sync"],
  },
  {
    crate: "virtio-vsock",
    version: "0.12.0",
    features: ["--all-features"],
    tests: { lib: 6, doc: 4 },
    platforms: ["native", "i686", "wasm32-wasip1"],
    shouldPanic: ["packet::tests::test_set_header_field_with_invalid_offset"],
  },
  {
    // Not `bzimage`: its test downloads a kernel by a script that the package does not have.
    crate: "linux-loader",
    version: "0.14.0",
    features: ["--features=elf,pe"],
    tests: { lib: 32, doc: 19 },
    platforms: ["native", "i686"],
  },
  {
    // Not `vhost-kern`: its tests want Linux' /dev/vhost-net. Not `postcopy`: it wants clang. Not `xen`: we refuse it.
    crate: "vhost",
    version: "0.18.0",
    features: ["--features=vhost-user-frontend,vhost-user-backend"],
    tests: { lib: 81 },
    platforms: ["native"],
  },
  {
    crate: "vhost-user-backend",
    version: "0.24.0",
    features: [],
    tests: { lib: 21, tests: 6 },
    platforms: ["native"],
  },
];

/** @type {Record<Platform, { workspace: "native" | "wasm", target?: string }>} what a platform builds, and for what */
export const platforms = {
  native: { workspace: "native" },
  i686: { workspace: "native", target: "i686-unknown-linux-gnu" },
  "wasm32-wasip1": { workspace: "wasm", target: "wasm32-wasip1" },
};

/** Our packages in place of those of the same names; and whether benches stay: what they depend on refuses Wasm. */
export const workspaces = {
  native: { patches: ["vm-memory"], benches: true },
  wasm: { patches: ["vm-memory", "vmm-sys-util", "virtio-bindings"], benches: false },
};
