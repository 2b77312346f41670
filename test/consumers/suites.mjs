// The suites that pass on the core, of rust-vmm's crates and their users: names, platforms, and numbers of tests.

/**
 * @typedef {"native" | "older" | "i686" | "wasm32-wasip1"} Platform older: native, crates that ask for vm-memory 0.17
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
  {
    // Not `async-io`: its tests want a kernel with io_uring.
    crate: "fuse-backend-rs",
    version: "0.14.0",
    features: ["--features=vhost-user-fs"],
    tests: { lib: 108, doc: 1 },
    platforms: ["older"],
  },
  { crate: "virtiofsd", version: "1.14.0", features: [], tests: { lib: 45, doc: 4 }, platforms: ["older"] },
];

/** @typedef {"native" | "older" | "wasm"} Workspace the packages in it share a lock file */

/** @type {Record<Platform, { workspace: Workspace, target?: string }>} what a platform builds, and for what */
export const platforms = {
  native: { workspace: "native" },
  older: { workspace: "older" },
  i686: { workspace: "native", target: "i686-unknown-linux-gnu" },
  "wasm32-wasip1": { workspace: "wasm", target: "wasm32-wasip1" },
};

/**
 * @typedef {object} Settings
 * @property {string[]} patches our packages, in place of those of the same names
 * @property {boolean} benches whether benches stay: what they depend on refuses Wasm
 * @property {Record<string, string>} [raised] the versions that manifests ask for, instead of their own
 * @property {[RegExp, string]} [renamed] a name in the sources, and the name that the raised version has for it
 */

/** @type {Record<Workspace, Settings>} */
export const workspaces = {
  native: { patches: ["vm-memory"], benches: true },
  older: {
    patches: ["vm-memory"],
    benches: true,
    raised: { "vm-memory": "0.18.0", "virtio-queue": "0.18.0", vhost: "0.18.0", "vhost-user-backend": "0.24.0" },
    renamed: [/\bGuestMemory\b/g, "GuestMemoryBackend"],
  },
  wasm: { patches: ["vm-memory", "vmm-sys-util", "virtio-bindings"], benches: false },
};
