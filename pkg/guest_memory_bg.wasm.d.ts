/* tslint:disable */
/* eslint-disable */
export const memory: WebAssembly.Memory;
export const gm_check: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_compare: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
export const gm_copy: (a: number, b: number, c: number, d: number, e: number, f: number, g: number, h: number) => number;
export const gm_create: () => number;
export const gm_dirty_close: (a: number, b: number) => number;
export const gm_dirty_collect: (a: number, b: number, c: number, d: number) => number;
export const gm_dirty_open: (a: number) => number;
export const gm_dispose: (a: number) => number;
export const gm_expose: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_expose_tables: (a: number) => number;
export const gm_fill: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
export const gm_forward_run: (a: number, b: number, c: number, d: number) => number;
export const gm_host_run: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_index_of: (a: number, b: number, c: number, d: number, e: number, f: number) => number;
export const gm_insert: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_mark_dirty: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_place: (a: number) => number;
export const gm_region: (a: number, b: number) => number;
export const gm_region_count: (a: number) => number;
export const gm_remove: (a: number, b: number, c: number, d: number, e: number) => number;
export const gm_reserve: (a: number, b: number, c: number) => number;
export const gm_stage: (a: number, b: number, c: number, d: number) => number;
export const guest_memory_abi: () => number;
export const __wbindgen_externrefs: WebAssembly.Table;
export const __wbindgen_start: () => void;
