// The guest's serial console: its output, and commands for its shell, each with its own output.

/** The shell's prompt, which guest/init sets. */
const PROMPT = "guest# ";
/** ash asks the terminal where its cursor is, and moves it. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it is one that escape sequences begin with
const ESCAPES = /\u001b\[[\d;]*[A-Za-z]/g;

export interface Result {
  /** The command's output, with `\n` at the ends of its lines. */
  output: string;
  status: number;
}

/** The error if the guest does not print the awaited text in time. */
export class Silence extends Error {
  constructor(expected: string, seconds: number, tail: string) {
    super(`the guest printed no ${expected} within ${seconds} s; its last words:\n${tail}`);
    this.name = "Silence";
  }
}

/** The error if the guest's kernel has panicked: it prints no text any more. */
export class Panic extends Error {
  constructor(tail: string) {
    super(`the guest's kernel has panicked; its last words:\n${tail}`);
    this.name = "Panic";
  }
}

/** The last line of a kernel's panic begins so. */
const PANIC = "---[ end Kernel panic";

export class GuestConsole {
  readonly #send: (text: string) => void;
  readonly #decoder = new TextDecoder();
  readonly #waiting = new Set<() => void>();
  #text = "";
  #commands = 0;
  #last: Promise<unknown> = Promise.resolve();

  /** @param send types into the guest */
  constructor(send: (text: string) => void) {
    this.#send = send;
  }

  /** All that the guest has printed. */
  get text(): string {
    return this.#text;
  }

  /** Takes a byte from the guest. */
  receive(byte: number): void {
    const text = this.#decoder.decode(Uint8Array.of(byte), { stream: true });
    if (text === "") return;
    this.#text += text;
    for (const check of this.#waiting) check();
  }

  /** Types a line. */
  type(line: string): void {
    this.#send(`${line}\n`);
  }

  /** Waits for the shell to ask for its first command. It fails if the kernel panics. */
  async ready(): Promise<void> {
    await this.#printed(PROMPT, 0);
  }

  /** Runs a command of one line in the shell, after the earlier commands. It fails after `seconds` without an answer. */
  run(command: string, seconds?: number): Promise<Result> {
    const result = this.#last.then(() => this.#run(command, seconds));
    this.#last = result.catch(() => undefined);
    return result;
  }

  async #run(command: string, seconds?: number): Promise<Result> {
    const number = ++this.#commands;
    const start = this.#text.length;
    // The shell joins quoted and unquoted text, so its output differs from the terminal's echo of the command.
    this.type(`echo "<<"${number}; ${command}; echo ">>"${number} $?`);
    const begin = (await this.#printed(`<<${number}\r\n`, start, seconds)).end;
    const end = await this.#printed(`>>${number} `, begin, seconds);
    const close = await this.#printed("\r\n", end.end, seconds);
    const output = this.#text.slice(begin, end.start).replaceAll("\r\n", "\n");
    return { output, status: Number(this.#text.slice(end.end, close.start)) };
  }

  /** Waits until a text has been printed, from a position on. */
  #printed(text: string, from: number, seconds?: number): Promise<{ start: number; end: number }> {
    return new Promise((resolve, reject) => {
      let searched = from;
      const check = () => {
        const start = this.#text.indexOf(text, searched);
        if (start < 0 && this.#text.includes(PANIC, searched)) {
          finish();
          reject(new Panic(this.#text.slice(-1000)));
          return;
        }
        searched = Math.max(from, this.#text.length - Math.max(text.length, PANIC.length));
        if (start < 0) return;
        finish();
        resolve({ start, end: start + text.length });
      };
      const giveUp = (after: number) => {
        finish();
        reject(new Silence(JSON.stringify(text), after, this.#text.slice(-500)));
      };
      const timer = seconds === undefined ? undefined : setTimeout(giveUp, seconds * 1000, seconds);
      const finish = () => {
        clearTimeout(timer);
        this.#waiting.delete(check);
      };
      this.#waiting.add(check);
      check();
    });
  }
}

/** A text without its escape sequences. */
export const plain = (text: string) => text.replaceAll(ESCAPES, "").replaceAll("\r", "");
