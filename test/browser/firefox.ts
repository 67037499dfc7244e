// Firefox without a display, driven by its own protocol, as much of it as the tests need: each message is its length, a colon, and JSON.
// https://firefox-source-docs.mozilla.org/testing/marionette/Protocol.html
import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  outcomeOf,
  removeProfile,
  scriptOf,
  written,
  type DrivenBrowser,
  type DrivenPage,
  type DrivenTab,
  type Outcome,
} from './web-driver.ts';

const SCRIPT_MILLISECONDS = 240_000;

const FIREFOX: string = process.env.FIREFOX ?? 'firefox-esr';

/** What to install, if there is no Firefox. */
export function missingFirefox(): string | null {
  const isThere = spawnSync(FIREFOX, ['--version'], { stdio: 'ignore' }).status === 0;
  return isThere ? null : `no ${FIREFOX} (Debian: firefox-esr; or set FIREFOX to its path)`;
}

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

/** A browser with its profile in a folder. */
export async function startFirefox(profile: string): Promise<DrivenBrowser> {
  const ports = join(profile, 'MarionetteActivePort');
  rmSync(ports, { force: true });
  writeFileSync(join(profile, 'user.js'), 'user_pref("marionette.port", 0);\n');
  const program = spawn(FIREFOX, ['--headless', '--marionette', '--no-remote', '--profile', profile], {
    env: { ...process.env, NODE_OPTIONS: '', MOZ_DISABLE_CONTENT_SANDBOX: '1' },
    stdio: 'ignore',
  });
  const gone = new Promise<void>((resolve) => program.once('exit', () => resolve()));
  const driver = new Marionette(connect(await written(ports, (text) => Number(text) || null), '127.0.0.1'));
  await driver.ask('NewSession', { capabilities: {} });
  await driver.ask('SetTimeouts', { script: SCRIPT_MILLISECONDS });
  const { value: first } = await driver.ask<{ readonly value: string }>('GetWindowHandle');
  return {
    async open(url): Promise<DrivenTab> {
      // The page of the last command may be closed.
      await driver.ask('SwitchToWindow', { handle: first, focus: false });
      const { handle } = await driver.ask<{ readonly handle: string }>('NewWindow', { type: 'tab', focus: true });
      const turnTo = (focus: boolean): Promise<unknown> => driver.ask('SwitchToWindow', { handle, focus });
      await turnTo(true);
      await driver.ask('Navigate', { url });
      return {
        async evaluate<T>(expression: string): Promise<T> {
          await turnTo(false);
          const { value } = await driver.ask<{ readonly value: Outcome<T> }>('ExecuteAsyncScript', {
            script: scriptOf(expression),
            args: [],
            // Else the script has globals of its own, and not those of the page.
            sandbox: null,
          });
          return outcomeOf(value);
        },
        show: () => turnTo(true).then(() => undefined),
        async close(): Promise<void> {
          await turnTo(false);
          await driver.ask('CloseWindow');
        },
      };
    },
    async kill(): Promise<void> {
      driver.close();
      program.kill('SIGKILL');
      await gone;
    },
  };
}

/** Opens a page in a new browser. */
export async function openInFirefox(url: string): Promise<DrivenPage> {
  const profile = mkdtempSync(join(tmpdir(), 'secagg-firefox-'));
  const browser = await startFirefox(profile);
  const page = await browser.open(url);
  return {
    evaluate: (expression) => page.evaluate(expression),
    async close(): Promise<void> {
      await browser.kill();
      await removeProfile(profile);
    },
  };
}
