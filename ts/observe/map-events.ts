// MapEvents: the target of a memory's events. It knows which types have a listener, so that no other event is made.

/** An EventTarget that remembers the types for which a listener was ever added. */
export class MapEvents extends EventTarget {
  readonly #heard = new Set<string>();
  readonly #onFirst: (type: string) => void;

  /** `onFirst` is called before the first listener of a type is added. */
  constructor(onFirst: (type: string) => void) {
    super();
    this.#onFirst = onFirst;
  }

  override addEventListener(...args: Parameters<EventTarget["addEventListener"]>): void {
    const type = String(args[0]);
    if (!this.#heard.has(type)) {
      this.#onFirst(type);
      this.#heard.add(type);
    }
    super.addEventListener(...args);
  }

  /** Whether a type of event may have a listener. */
  hears(type: string): boolean {
    return this.#heard.has(type);
  }

  /** Dispatches an event without details, if its type may have a listener. */
  tell(type: string): void {
    if (this.#heard.has(type)) super.dispatchEvent(new Event(type));
  }
}
