// The production example of docs/service.md: the document shows the files as they are, and they run as processes in folders of their own.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { freePort, localPostgres, type LocalPostgres } from '../../scripts/local-postgres.ts';
import { CHILD } from '../support/examples.ts';

const EXAMPLE = fileURLToPath(new URL('../../examples/service/production/', import.meta.url));
const TSX = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href;
const DOCUMENT = readFileSync(fileURLToPath(new URL('../../docs/service.md', import.meta.url)), 'utf8');

/** A process of the example. */
class Party {
  readonly #child: ChildProcess;
  readonly #closed: Promise<unknown>;
  output = '';

  constructor(file: string, folder: string, args: readonly (string | number)[], env: Readonly<Record<string, string>> = {}) {
    const all = ['--import', TSX, join(EXAMPLE, file), ...args.map(String)];
    this.#child = spawn(process.execPath, all, { cwd: folder, env: { ...CHILD.env, ...env } });
    this.#closed = once(this.#child, 'close');
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on('data', (text: Buffer) => (this.output += text.toString()));
    }
  }

  /** Waits for a line of the output. */
  async says(what: RegExp): Promise<RegExpExecArray> {
    for (;;) {
      const found = what.exec(this.output);
      if (found !== null) return found;
      if (this.#child.exitCode !== null) throw new Error(`it has ended: ${this.output}`);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  }

  /** Its exit code. */
  async ended(signal?: 'SIGTERM' | 'SIGKILL'): Promise<number | null> {
    if (signal !== undefined) this.#child.kill(signal);
    await this.#closed;
    return this.#child.exitCode;
  }
}

describe('the production example', function () {
  this.timeout(120_000);
  let root = '';
  let database: LocalPostgres;
  const parties: Party[] = [];
  const folder = (name: string): string => join(root, name);
  const start = (...args: ConstructorParameters<typeof Party>): Party => {
    const party = new Party(...args);
    parties.push(party);
    return party;
  };

  before(async () => {
    root = mkdtempSync(join(tmpdir(), 'secagg-production-'));
    for (const name of ['registrar', 'publisher', 'server', '1', '2', '3']) mkdirSync(folder(name));
    database = await localPostgres();
  });

  after(async () => {
    for (const party of parties) await party.ended('SIGKILL');
    await database.stop();
    rmSync(root, { recursive: true });
  });

  for (const file of readdirSync(EXAMPLE)) {
    it(`${file} is shown in docs/service.md as it is`, () => {
      expect(DOCUMENT).to.contain(`\n\`\`\`ts\n${readFileSync(join(EXAMPLE, file), 'utf8')}\`\`\`\n`);
    });
  }

  it('gives a sum in separate processes, and goes on with its keys after each was restarted', async () => {
    const [registrarPort, serverPort] = [await freePort(), await freePort()];
    const [registrarUrl, serverUrl] = [registrarPort, serverPort].map((port) => `http://127.0.0.1:${port}`) as [string, string];
    const startRegistrar = (): Party => start('registrar.ts', folder('registrar'), [registrarPort]);
    const startServer = (): Party =>
      start('server.ts', folder('server'), [serverPort, registrarUrl], { DATABASE_URL: database.url });

    let registrar = startRegistrar();
    const [authority] = await registrar.says(/^\{.*\}$/m);
    expect(await start('publisher.ts', folder('publisher'), ['task', authority]).ended()).to.equal(0);
    for (const name of ['server', '1', '2', '3']) cpSync(join(folder('publisher'), 'task.json'), join(folder(name), 'task.json'));
    let server = startServer();
    const [key] = await server.says(/^[0-9a-f]{64}$/m);

    // Each goes on from its files.
    await Promise.all([registrar.ended('SIGKILL'), server.ended('SIGKILL')]);
    registrar = startRegistrar();
    expect((await registrar.says(/^\{.*\}$/m))[0]).to.equal(authority);
    server = startServer();
    expect((await server.says(/^[0-9a-f]{64}$/m))[0]).to.equal(key);

    const announced = start('publisher.ts', folder('publisher'), ['run', serverUrl]);
    expect(await announced.ended(), announced.output).to.equal(0);
    const participants = [1, 2, 3].map((id) => start('participant.ts', folder(String(id)), [id, serverUrl, key, registrarUrl]));
    const [, result] = await server.says(/run 1: sum over 3 participants (.+)/);
    expect(result).to.equal('{ sum: Float64Array(1) [ 1260 ] }');
    for (const participant of participants) {
      expect((await participant.says(/"type":"sent","run":1,"attempt":1,"round":(4)/))[1]).to.equal('4');
    }
    for (const [name, file] of [
      ['registrar', 'registrar.key'],
      ['publisher', 'publisher.key'],
      ['server', 'server.secret'],
      ['1', 'store.key'],
    ] as const) {
      expect(statSync(join(folder(name), file)).mode & 0o777, file).to.equal(0o600);
    }
    for (const party of [server, ...participants]) expect(await party.ended('SIGTERM'), party.output).to.equal(0);
  });
});
