// WebKitGTK's browser on a display that nobody sees, as much of it as the tests need. https://www.w3.org/TR/webdriver2/
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { setTimeout } from 'node:timers/promises';

const READY_MILLISECONDS = 20_000;
const WRITTEN_MILLISECONDS = 60_000;
const REMOVED_MILLISECONDS = 20_000;
const SCRIPT_MILLISECONDS = 120_000;

/** Takes expressions of JavaScript whose value is a promise of something that JSON can carry. */
export interface DrivenPage {
  evaluate<T>(expression: string): Promise<T>;
  close(): Promise<void>;
}

/** A page among others in one window: all but one are hidden. */
export interface DrivenTab extends DrivenPage {
  /** Puts the page before the others. */
  show(): Promise<void>;
}

/** A browser with a profile that it may be started again with. */
export interface DrivenBrowser {
  /** Opens a page before the others. */
  open(url: string): Promise<DrivenTab>;
  /** Ends the browser without any warning. */
  kill(): Promise<void>;
}

/** What a file says that a browser writes when it is ready. */
export async function written<T>(file: string, read: (text: string) => T | null): Promise<T> {
  const end = performance.now() + WRITTEN_MILLISECONDS;
  for (;;) {
    const found = existsSync(file) ? read(readFileSync(file, 'utf8')) : null;
    if (found !== null) return found;
    if (performance.now() > end) throw new Error(`in vain: ${file}`);
    await setTimeout(100);
  }
}

/** Removes the profile of a browser that has ended. Some of its processes end later, and write until then. */
export async function removeProfile(profile: string): Promise<void> {
  const end = performance.now() + REMOVED_MILLISECONDS;
  for (;;) {
    try {
      rmSync(profile, { recursive: true, force: true });
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await setTimeout(100);
    }
  }
}

/** What a driven page tells of a promise. */
export interface Outcome<T> {
  readonly value?: T;
  readonly error?: string;
}

/** A script for WebDriver's asynchronous execution, whose result is an outcome. */
export function scriptOf(expression: string): string {
  return `const done = arguments[0]; (${expression}).then((value) => done({ value }), (error) => done({ error: String(error) }))`;
}

export function outcomeOf<T>({ value, error }: Outcome<T>): T {
  if (error !== undefined) throw new Error(error);
  return value as T;
}

/** Waits until all scripts of the page have run. */
export const READY = `new Promise((resolve) => {
  const names = ['session', 'engineAnswers', 'sessionInWorkers'];
  const wait = () => (names.every((name) => name in globalThis) ? resolve(0) : setTimeout(wait, 50));
  wait();
})`;

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  return port;
}

async function displayOf(server: ChildProcess): Promise<string> {
  let text = '';
  for await (const data of server.stdio[3] as NodeJS.ReadableStream) {
    text += String(data);
    if (text.includes('\n')) return `:${text.trim()}`;
  }
  throw new Error('Xvfb has ended');
}

async function asked<T>(method: string, url: string, body?: unknown): Promise<T> {
  const response = await fetch(url, { method, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
  const { value } = (await response.json()) as { readonly value: T };
  if (!response.ok) throw new Error(`WebDriver: ${JSON.stringify(value)}`);
  return value;
}

async function untilReady(driver: string): Promise<void> {
  const end = performance.now() + READY_MILLISECONDS;
  for (;;) {
    try {
      await asked('GET', `${driver}/status`);
      return;
    } catch (error) {
      if (performance.now() > end) throw error;
      await setTimeout(100);
    }
  }
}

/** Opens a page in a new browser. */
export async function openInWebKit(url: string): Promise<DrivenPage> {
  const display = spawn('Xvfb', ['-displayfd', '3', '-screen', '0', '800x600x24'], {
    stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
  });
  const port = await freePort();
  const program = spawn('WebKitWebDriver', [`--port=${port}`], {
    // Inside a container WebKit cannot make a sandbox of its own; the only page is ours.
    env: { ...process.env, DISPLAY: await displayOf(display), WEBKIT_DISABLE_SANDBOX_THIS_IS_DANGEROUS: '1' },
    stdio: 'ignore',
  });
  const driver = `http://127.0.0.1:${port}`;
  await untilReady(driver);
  const { sessionId } = await asked<{ readonly sessionId: string }>('POST', `${driver}/session`, { capabilities: {} });
  const session = `${driver}/session/${sessionId}`;
  await asked('POST', `${session}/timeouts`, { script: SCRIPT_MILLISECONDS });
  await asked('POST', `${session}/url`, { url });
  return {
    async evaluate<T>(expression: string): Promise<T> {
      const script = scriptOf(expression);
      return outcomeOf(await asked<Outcome<T>>('POST', `${session}/execute/async`, { script, args: [] }));
    },
    async close(): Promise<void> {
      await asked('DELETE', session);
      program.kill();
      display.kill();
    },
  };
}
