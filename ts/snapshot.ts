// The entry guest-memory/snapshot: tools for snapshots, apart from the main entry for its size. This file only exports.

export { diff, type SnapshotDifference } from "./state/diff.ts";
