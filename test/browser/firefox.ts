// Firefox without a display, driven by its own protocol, as much of it as the tests need: each message is its length, a colon, and JSON.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { scriptOf, outcomeOf, type DrivenPage, type Outcome } from './web-driver.ts';

const READY_MILLISECONDS = 60_000;
const SCRIPT_MILLISECONDS = 240_000;

export const FIREFOX: string = process.env.FIREFOX ?? 'firefox-esr';

type Reply = readonly [type: number, id: number, error: { readonly message: string } | null, result: unknown];

/** One command at a time. */
class Marionette {
  readonly #socket: Socket;
  #text = Buffer.alloc(0);
  #heard: ((reply: Reply) => void) | null = null;
  #id = 0;

  constructor(socket: Socket) {
    this.#socket = socket;
    socket.on('data', (data) => {
      this.#text = Buffer.concat([this.#text, data]);
      this.#read();
    });
  }

  #read(): void {
    for (;;) {
      const colon = this.#text.indexOf(':');
      if (colon === -1) return;
      const end = colon + 1 + Number(this.#text.subarray(0, colon).toString());
      if (this.#text.length < end) return;
      const message = JSON.parse(this.#text.subarray(colon + 1, end).toString()) as Reply | object;
      this.#text = this.#text.subarray(end);
      // The first message is no reply: it says who speaks.
      if (Array.isArray(message)) this.#heard?.(message as unknown as Reply);
    }
  }

  async ask<T>(name: string, parameters: object = {}): Promise<T> {
    const message = JSON.stringify([0, ++this.#id, `WebDriver:${name}`, parameters]);
    const reply = new Promise<Reply>((resolve) => (this.#heard = resolve));
    this.#socket.write(`${Buffer.byteLength(message)}:${message}`);
    const [, , error, result] = await reply;
    if (error !== null) throw new Error(`Firefox: ${error.message}`);
    return result as T;
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** The port that Firefox writes into its profile once it listens. */
async function portIn(profile: string): Promise<number> {
  const end = performance.now() + READY_MILLISECONDS;
  for (;;) {
    try {
      const port = Number(readFileSync(join(profile, 'MarionetteActivePort'), 'utf8'));
      if (port > 0) return port;
    } catch (error) {
      if (performance.now() > end) throw error;
    }
    await setTimeout(100);
  }
}

/** Opens a page in a new browser. */
export async function openInFirefox(url: string): Promise<DrivenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'secagg-firefox-'));
  writeFileSync(join(profile, 'user.js'), 'user_pref("marionette.port", 0);\n');
  const program = spawn(FIREFOX, ['--headless', '--marionette', '--no-remote', '--profile', profile], {
    env: { ...process.env, NODE_OPTIONS: '', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    stdio: 'ignore',
  });
  const gone = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  const driver = new Marionette(connect(await portIn(profile), '127.0.0.1'));
  await driver.ask('NewSession', { capabilities: {} });
  await driver.ask('SetTimeouts', { script: SCRIPT_MILLISECONDS });
  await driver.ask('Navigate', { url });
  return {
    async evaluate<T>(expression: string): Promise<T> {
      const { value } = await driver.ask<{ readonly value: Outcome<T> }>('ExecuteAsyncScript', {
        script: scriptOf(expression),
        args: [],
        // Else the script has globals of its own, and not those of the page.
        sandbox: null,
      });
      return outcomeOf(value);
    },
    async close(): Promise<void> {
      driver.close();
      program.kill('SIGKILL');
      await gone;
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    },
  };
}
