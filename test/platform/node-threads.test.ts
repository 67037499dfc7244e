// Worker threads of Node: which files are taken for a worker, and what becomes of a thread that is none.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { expect } from 'chai';
import { threads, threadsWithin } from '../../src/platform/node-threads.ts';

const signs = { greeting: 'greeting/1', starter: 'starter' };
const GREET = "import { parentPort } from 'node:worker_threads'; parentPort.postMessage('greeting/1');";
const never = new AbortController().signal;

describe('threads of Node', () => {
  let folder: string;
  before(() => (folder = mkdtempSync(join(tmpdir(), 'secagg-threads-'))));
  after(() => rmSync(folder, { recursive: true, force: true }));

  const at = (name: string): string => pathToFileURL(join(folder, name)).href;
  function file(name: string, text: string): string {
    writeFileSync(join(folder, name), text);
    return at(name);
  }

  /** What a worker with this code comes to, and what it has said after its greeting. */
  async function run(name: string, text: string, limit = 5000): Promise<[outcome: unknown, heard: unknown[]]> {
    const heard: unknown[] = [];
    const worker = await threadsWithin(limit).find(file(name, text), signs);
    const outcome = await worker!('task', never, (message) => heard.push(message)).then(
      () => 'ended',
      (error: unknown) => error,
    );
    return [outcome, heard];
  }

  it('a file is taken for a worker if the greeting stands in it, and not the sign of a starter', async () => {
    const found = (address: string | null): Promise<unknown> => threads.find(address, signs);
    expect(await found(file('worker.mjs', GREET))).to.be.a('function');
    expect(await found(file('application.mjs', `${GREET} 'starter';`))).to.equal(null);
    expect(await found(file('another.mjs', 'export {};'))).to.equal(null);
    expect(await found(at('missing.mjs'))).to.equal(null);
    expect(await found(at('.'))).to.equal(null);
    // The sources have no worker that Node could run beside them.
    expect(await found(null)).to.equal(null);
  });

  it('the built worker is one, and the modules that start it are none', async () => {
    const built = (path: string): string => new URL(`../../dist/${path}`, import.meta.url).href;
    const worker = readFileSync(new URL(built('platform/secagg-unmasking-worker.js')), 'utf8');
    const [greeting] = /secagg-unmasking-worker\/\d+/.exec(worker)!;
    const real = { greeting, starter: 'secagg-unmasking-starter' };
    expect(await threads.find(built('platform/secagg-unmasking-worker.js'), real)).to.be.a('function');
    expect(readFileSync(new URL(built('server/unmasking/sum-without-masks.js')), 'utf8')).to.include(greeting);
    expect(await threads.find(built('server/unmasking/sum-without-masks.js'), real)).to.equal(null);
  });

  it('a worker that greets is sent its task, is heard, and ends', async () => {
    const text = `${GREET} parentPort.once('message', (task) => parentPort.postMessage(task + ' done'));`;
    expect(await run('good.mjs', text)).to.deep.equal(['ended', ['task done']]);
  });

  for (const [title, text] of [
    ['says something else first', "parentPort.postMessage('greeting/2')"],
    ['is another program that goes on for ever', 'setInterval(() => {}, 1000)'],
    ['never gives way', 'for (;;);'],
    ['throws when it is started', "throw new Error('no')"],
    ['cannot be loaded', "import './missing.mjs'"],
    ['ends at once', ''],
  ] as const) {
    it(`a thread that ${title} gets no task and is not heard`, async () => {
      const tail = "setTimeout(() => parentPort.on('message', (task) => parentPort.postMessage(task)), 50)";
      const program = `import { parentPort } from 'node:worker_threads'; 'greeting/1'; ${text}; ${text === '' ? '' : tail};`;
      const [outcome, heard] = await run('other.mjs', program, 300);
      expect(outcome).to.be.instanceOf(Error);
      expect(heard).to.deep.equal([]);
    });
  }

  it('a thread whose message cannot be taken in ends with an error, and not the process', async () => {
    const text = `${GREET} parentPort.once('message', () => { parentPort.postMessage(null); setInterval(() => {}, 1000); });`;
    const worker = await threads.find(file('strange.mjs', text), signs);
    const refusal = new TypeError('no such message');
    const outcome = worker!('task', never, () => {
      throw refusal;
    });
    expect(await outcome.catch((error: unknown) => error)).to.equal(refusal);
  });

  it('a thread that has greeted while the caller was busy for longer than the limit is sent its task', async () => {
    const worker = await threadsWithin(200).find(file('busy.mjs', `${GREET} parentPort.once('message', () => {});`), signs);
    const outcome = worker!('task', never, () => undefined);
    const end = performance.now() + 1500;
    while (performance.now() < end);
    await outcome;
  });

  it('a thread that is called off before it has begun ends with an error', async () => {
    const worker = await threads.find(file('off.mjs', GREET), signs);
    const outcome = worker!('task', AbortSignal.abort(), () => undefined);
    expect(await outcome.catch((error: unknown) => error)).to.be.instanceOf(Error);
  });
});
