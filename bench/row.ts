// A row of the result: a figure measured on one engine, beside its bound.

/** One measured figure. */
export interface Row {
  /** The name of the measurement. */
  name: string;
  /** The figure. */
  value: number;
  /** How the figure reads: `3.00x`, `95 %`, `12 ms`. */
  unit: "x" | "%" | "ms" | "MiB" | "KiB" | "";
  /** The bound, if the figure has one of its own. */
  most?: number;
  least?: number;
  /** The details behind the figure, for people. */
  note?: string;
}

/** Whether a row keeps its bound. */
export function reached({ value, most = Number.POSITIVE_INFINITY, least = Number.NEGATIVE_INFINITY }: Row): boolean {
  return value <= most && value >= least;
}

/** A row as a line of a table. */
export function line(row: Row): string {
  const { name, value, unit, most, least, note = "" } = row;
  const bound =
    most !== undefined ? `at most ${most}${space(unit)}` : least !== undefined ? `at least ${least}${space(unit)}` : "";
  const verdict = bound === "" ? "" : reached(row) ? "reached" : "NOT REACHED";
  return `| ${name} | ${value.toFixed(unit === "%" ? 0 : 2)}${space(unit)} | ${bound} | ${verdict} | ${note} |`;
}

function space(unit: Row["unit"]): string {
  return unit === "x" || unit === "" ? unit : ` ${unit}`;
}
