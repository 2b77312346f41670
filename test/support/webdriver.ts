// A page in Firefox or WebKitGTK, by the W3C's WebDriver protocol: each browser's own driver speaks it over plain HTTP. No
// client from npm, because the kept ones (selenium-webdriver, webdriver, puppeteer-core) need Node 22, and ten requests do.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import type { AddressInfo } from "node:net";
import { createServer } from "node:net";
import type { Readable } from "node:stream";
import type { Browser } from "../../scripts/engines.mjs";
import type { BrowserPage } from "./browser-page.ts";
import { PAGE_HANG } from "./hang.ts";

/**
 * What a page must run before all else, so that the driver can tell what went wrong in it: the protocol has no request for
 * that. It is a classic script's code.
 */
export const collector = `window.pageProblems = [];
addEventListener("error", ({ message }) => pageProblems.push(message));
addEventListener("unhandledrejection", ({ reason }) => pageProblems.push(String(reason)));
{
  const { error } = console;
  console.error = (...words) => {
    pageProblems.push(words.join(" "));
    error(...words);
  };
}`;

/** The key of an element's reference, the same in each implementation. */
const ELEMENT = "element-6066-11e4-a52e-4f735466cecf";

/** What each browser is asked for. WebKitGTK has no mode without a display, so Xvfb gives it one. */
const capabilities = ({ name, path }: Browser) =>
  name === "firefox"
    ? { "moz:firefoxOptions": { binary: path, args: ["-headless"] } }
    : { "webkitgtk:browserOptions": { binary: path, args: ["--automation"] } };

/** A page of the browser that {@link withWebDriver} started. */
export class WebDriverPage implements BrowserPage {
  readonly version: string;
  readonly #session: string;

  constructor(session: string, version: string) {
    this.#session = session;
    this.version = version;
  }

  async open(url: string): Promise<void> {
    await request(`${this.#session}/url`, { url });
    if (!(await this.#run(() => "pageProblems" in window))) throw new Error(`${url} does not run \`collector\``);
  }

  async choose(label: string, option: string): Promise<void> {
    await this.#click(`${labelled(label)}//option[@value='${option}']`);
  }

  async fill(label: string, text: string): Promise<void> {
    const element = await this.#find(`${labelled(label)}//input`);
    await request(`${element}/clear`, {});
    await request(`${element}/value`, { text });
  }

  async press(button: string): Promise<void> {
    await this.#click(`//button[normalize-space()='${button}']`);
  }

  texts(selector: string): Promise<string[]> {
    return this.#run(
      (wanted) => [...document.querySelectorAll(wanted)].map(({ textContent }) => textContent),
      selector,
    );
  }

  problems(): Promise<string[]> {
    return this.#run(() => (window as unknown as { pageProblems: string[] }).pageProblems);
  }

  /** Runs a function in the page. */
  async #run<A extends unknown[], R>(code: (...args: A) => R, ...args: A): Promise<R> {
    const script = `return (${code}).apply(undefined, arguments)`;
    return (await request(`${this.#session}/execute/sync`, { script, args })) as R;
  }

  async #find(value: string): Promise<string> {
    const found = await request(`${this.#session}/element`, { using: "xpath", value });
    return `${this.#session}/element/${(found as Record<string, string>)[ELEMENT]}`;
  }

  async #click(path: string): Promise<void> {
    await request(`${await this.#find(path)}/click`, {});
  }
}

const labelled = (label: string) => `//label[starts-with(normalize-space(), '${label}')]`;

/** Starts a browser, hands `use` its page, and ends the browser whatever happens. */
export async function withWebDriver<T>(browser: Browser, use: (page: WebDriverPage) => Promise<T>): Promise<T> {
  const started: ChildProcess[] = [];
  try {
    const env = { ...process.env };
    if (browser.name === "webkitgtk") env.DISPLAY = await display(started);
    const port = await freePort();
    const driver = spawn(browser.driver, [`--port=${port}`], { env, stdio: ["ignore", "ignore", "pipe"] });
    started.push(driver);
    const server = `http://127.0.0.1:${port}`;
    await listening(driver, server);
    const asked = { capabilities: { alwaysMatch: capabilities(browser) } };
    const { sessionId, capabilities: got } = (await request(`${server}/session`, asked)) as Session;
    const session = `${server}/session/${sessionId}`;
    try {
      await request(`${session}/timeouts`, { implicit: PAGE_HANG }); // an element that is not there yet is waited for
      return await use(new WebDriverPage(session, got.browserVersion));
    } finally {
      await request(session, undefined, "DELETE");
    }
  } finally {
    for (const child of started.reverse()) await end(child);
  }
}

interface Session {
  sessionId: string;
  capabilities: { browserVersion: string };
}

/** Starts an X server without a screen; the name of its display. */
async function display(started: ChildProcess[]): Promise<string> {
  const args = ["-displayfd", "3", "-screen", "0", "1400x1000x24", "-nolisten", "tcp"];
  const server = spawn("Xvfb", args, { stdio: ["ignore", "ignore", "pipe", "pipe"] });
  started.push(server);
  const ended = failed(server);
  ended.catch(() => {}); // at its proper end
  const [number] = await Promise.race([once(server.stdio[3] as Readable, "data"), ended]);
  return `:${String(number).trim()}`;
}

/** Rejects when a program ends, or cannot be started. Browsers write much that is of no use, so it is shown only then. */
async function failed(child: ChildProcess): Promise<never> {
  let said = "";
  child.stderr?.on("data", (data) => {
    said = `${said}${data}`.slice(-2000);
  });
  const [status] = await once(child, "exit");
  throw new Error(`${child.spawnfile} ended with ${status}: ${said}`);
}

/** Waits until a driver answers. */
async function listening(driver: ChildProcess, server: string): Promise<void> {
  const ended = failed(driver);
  ended.catch(() => {}); // at its proper end
  const answers = async () => {
    while (driver.exitCode === null) {
      const ready = await fetch(`${server}/status`).catch(() => undefined);
      if (ready?.ok) return;
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  };
  await Promise.race([answers(), ended]);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, "close");
  return port;
}

async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const exit = once(child, "exit");
  child.kill();
  await exit;
}

/** Sends one request of the protocol; what it gives. */
async function request(url: string, body: unknown, method = "POST"): Promise<unknown> {
  const sent =
    body === undefined ? {} : { body: JSON.stringify(body), headers: { "content-type": "application/json" } };
  const response = await fetch(url, { method, ...sent });
  const { value } = (await response.json()) as { value: { error?: string; message?: string } };
  if (!response.ok) throw new Error(`WebDriver: ${value.error}: ${value.message}`);
  return value;
}
