// How long a page stands still while a session runs in it, with vectors of 2^22 components. A task is measured by the time for which its
// thread was computing, as Chromium traces it, because a timer also waits while other programs have the processor.
import { existsSync } from 'node:fs';
import { expect } from 'chai';
import { chromium, type Browser, type Page } from 'playwright-core';
import { CHROMIUM, LAUNCH } from './chromium.ts';
import type { AgentInWorker, GivenParticipant } from './agent-page.ts';
import { AgentService, inputOf, INPUT_IN_NODE } from './agent-service.ts';
import { servePage, type PageServer } from './pages.ts';

declare const pausesOf: (vecLen: number, bits: number) => Promise<unknown>;
declare const encodingPauses: (vecLen: number) => Promise<unknown>;
declare const longRoundInWorker: (vecLen: number) => Promise<unknown>;
declare const encodingInWorker: (vecLen: number) => Promise<unknown>;
declare const participateInWorker: (given: GivenParticipant, vecLen: number, leaves: boolean) => Promise<AgentInWorker>;

/** Calls that give their result at once, so cannot pause, and take longer. */
const AT_ONCE = ['server, recv of round 2', 'encode'];

const RUNS = 3;
const GOAL = 50;
const CATEGORIES = ['-*', 'toplevel', 'disabled-by-default-devtools.timeline', 'blink.user_timing'];

interface TraceEvent {
  readonly name: string;
  readonly cat: string;
  readonly ph: string;
  readonly pid: number;
  readonly tid: number;
  /** Microseconds. */
  readonly ts: number;
  readonly dur?: number;
  /** Microseconds that the thread was computing. */
  readonly tdur?: number;
}

/** The longest task of the page in each call, in milliseconds of computing. */
function longestTasks(events: readonly TraceEvent[]): Map<string, number> {
  const marks = events.filter(({ cat, name }) => cat === 'blink.user_timing' && name.includes('|')).sort((a, b) => a.ts - b.ts);
  const page = marks[0]!;
  const tasks = events.filter(({ name, pid, tid }) => name.endsWith('RunTask') && pid === page.pid && tid === page.tid);
  const longest = new Map<string, number>();
  const begun = new Map<string, number>();
  for (const { name: mark, ts } of marks) {
    const [kind, name] = mark.split('|') as [string, string];
    if (kind === 'begin') begun.set(name, ts);
    else {
      const during = tasks.filter((task) => task.ts < ts && task.ts + (task.dur ?? 0) > begun.get(name)!);
      longest.set(name, Math.max(longest.get(name) ?? 0, ...during.map(({ tdur }) => (tdur ?? 0) / 1000)));
    }
  }
  return longest;
}

describe('a page in which a session runs', function () {
  this.timeout(600_000);
  let browser: Browser;
  let server: PageServer | undefined;
  let page: Page;

  before(async function () {
    if (!existsSync(CHROMIUM)) {
      console.log(`    skipped: no Chromium at ${CHROMIUM} (set CHROMIUM to its path)`);
      this.skip();
    }
    server = await servePage("script-src 'self' 'wasm-unsafe-eval'");
    browser = await chromium.launch({ executablePath: CHROMIUM, args: LAUNCH });
    page = await browser.newPage();
    await page.goto(server.url);
    await page.waitForFunction(() => 'pausesOf' in globalThis && 'longRoundInWorker' in globalThis);
  });

  after(async () => {
    await (browser as Browser | undefined)?.close();
    server?.close();
  });

  /** The median over the runs, by call. */
  async function medians(run: (width: number) => Promise<unknown>, bits = 32): Promise<Map<string, number>> {
    const runs: Map<string, number>[] = [];
    for (let i = 0; i < RUNS; i++) {
      await browser.startTracing(page, { categories: CATEGORIES });
      await page.evaluate(run, bits);
      const trace = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] };
      runs.push(longestTasks(trace.traceEvents));
    }
    return new Map([...runs[0]!.keys()].map((name) => [name, runs.map((run) => run.get(name)!).sort((a, b) => a - b)[1]!]));
  }

  it(`never stands still for ${GOAL} ms while a user in a worker masks 2^22 components`, async () => {
    const longest = await medians(() => longRoundInWorker(2 ** 22));
    const [[name, time]] = [...longest] as [[string, number]];
    console.log(`      ${name}: ${time.toFixed(0)} ms`);
    expect(time).to.be.below(GOAL);
  });

  it(`never stands still for ${GOAL} ms while a worker of its own encodes 2^22 floats for a user in another one`, async () => {
    const longest = await medians(() => encodingInWorker(2 ** 22));
    const [[name, time]] = [...longest] as [[string, number]];
    console.log(`      ${name}: ${time.toFixed(0)} ms`);
    expect(time).to.be.below(GOAL);
    expect(await page.evaluate('encodingInWorker(1000)')).to.be.above(0);
  });

  it(`never stands still for ${GOAL} ms while an agent in a worker takes part in a run of 2^20 components`, async () => {
    const service = await AgentService.start(2 ** 20);
    const shown = await browser.newPage();
    try {
      await shown.goto(service.url);
      await shown.waitForFunction(() => 'participateInWorker' in globalThis);
      const finished = await service.openRun();
      const given = await service.participant(5, 6, 7);
      await browser.startTracing(shown, { categories: CATEGORIES });
      await shown.evaluate((participant) => participateInWorker(participant, 2 ** 20, false), given);
      const trace = JSON.parse((await browser.stopTracing()).toString()) as { readonly traceEvents: readonly TraceEvent[] };
      const [[name, time]] = [...longestTasks(trace.traceEvents)] as [[string, number]];
      console.log(`      ${name}: ${time.toFixed(0)} ms`);
      expect(time).to.be.below(GOAL);
      const twice = INPUT_IN_NODE.map((value) => 2 * value);
      const sum = inputOf([5 + twice[0]!, 6 + twice[1]!, 7 + twice[2]!], 2 ** 20);
      expect(Buffer.from((await finished()).result as Int32Array).equals(Buffer.from(sum))).to.equal(true);
    } finally {
      await shown.close();
      service.close();
    }
  });

  for (const bits of [20, 32]) {
    it(`never stands still for ${GOAL} ms for a user with 2^22 components of ${bits} bits, nor when states are saved`, async () => {
      const longest = await medians((width) => pausesOf(2 ** 22, width).then(() => encodingPauses(2 ** 22)), bits);
      console.log([...longest].map(([name, time]) => `      ${name}: ${time.toFixed(0)} ms`).join('\n'));
      const tooLong = [...longest].filter(([name, time]) => !AT_ONCE.includes(name) && time >= GOAL);
      expect(tooLong).to.deep.equal([]);
      expect(longest.get('encode'), 'encode').to.be.below(2 * GOAL);
      const calls = [
        'setVector',
        'user, round 2',
        'user, serializeState',
        'user, fromState',
        'server, recvAsync of round 2',
        'encode',
        'decode',
      ];
      expect([...longest.keys()]).to.include.members(calls);
    });
  }
});
