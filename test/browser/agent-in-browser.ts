// What is tested of an agent in every browser: it takes part, goes on after its page was closed, leaves one tab the lead, and wakes up.
import { expect } from 'chai';
import { hex } from '../../src/leaves/bytes.ts';
import type { AgentInPage, AgentInWorker, GivenParticipant } from './agent-page.ts';
import { AgentService, INPUT_IN_NODE } from './agent-service.ts';
import { onceLoaded, startedBrowser, until } from './started-browser.ts';
import type { DrivenBrowser, DrivenTab } from './web-driver.ts';

/** Far below the 30 seconds after which an agent that waits for a run asks again by itself. */
const AT_ONCE_MILLISECONDS = 10_000;

/** What two agents in Node and one in a page give together. */
const sumWith = (input: readonly number[]): number[] => input.map((value, i) => value + 2 * INPUT_IN_NODE[i]!);

const participate = (page: DrivenTab, given: GivenParticipant): Promise<void> =>
  onceLoaded(page, `participate(${JSON.stringify(given)})`);

const inWorker = (page: DrivenTab, given: GivenParticipant, leaves = false): Promise<AgentInWorker> =>
  onceLoaded(page, `participateInWorker(${JSON.stringify(given)}, ${INPUT_IN_NODE.length}, ${leaves})`);

const look = (page: DrivenTab): Promise<AgentInPage> => page.evaluate('agentInPage()');

/** @param start starts the browser with a profile. @param whySkipped says what is missing. */
export function describeAgent(start: (profile: string) => Promise<DrivenBrowser>, whySkipped: () => string | null): void {
  const browser = startedBrowser(start, whySkipped);
  let service: AgentService | undefined;

  beforeEach(async () => {
    service = await AgentService.start();
  });

  afterEach(() => {
    service?.close();
  });

  const open = (url: string = service!.url): Promise<DrivenTab> => browser.open(url);

  /** Distinct masked inputs that have come: more than one would give the difference of two inputs away. */
  const maskedInputs = (): string[] => {
    const answers = service!.heard.filter(({ kind, place }) => kind === 'answer' && place.round === 2);
    return [...new Set(answers.map(({ sha256 }) => hex(sha256)))];
  };

  it('takes part in a run over HTTP: the exact sum', async () => {
    const finished = await service!.openRun();
    const page = await open();
    await participate(page, await service!.participant(5, 6, -7));
    const { result, included } = await finished();
    expect(Array.from(result as Int32Array)).to.deep.equal(sumWith([5, 6, -7]));
    expect(included).to.have.lengthOf(3);
    await until('the agent hears the outcome', async () => (await look(page)).events.includes('done'));
    const { events, progress, loads } = await look(page);
    expect(events).to.deep.equal(['selected', 'enrolled', 'sent', 'sent', 'sent', 'sent', 'sent', 'done']);
    expect(progress).to.include({ phase: 'idle', participations: 1, superseded: false });
    expect(loads).to.equal(1);
  });

  for (const [round, what] of [
    [1, 'page is closed'],
    [2, 'browser is killed'],
  ] as const) {
    it(`goes on with the vector that was written down when its ${what} before the answer of round ${round} arrives`, async () => {
      const finished = await service!.openRun();
      const given = await service!.participant(40, 50, 60);
      const page = await open();
      service!.lose(({ kind, place }) => kind === 'answer' && place.round === round);
      await participate(page, given);
      await until('the answer is lost', async () => (await look(page)).events.includes('step-failed'));
      expect((await look(page)).progress).to.include({ phase: 'session', participations: round === 2 ? 1 : 0 });
      await (round === 1 ? browser.close(page) : browser.kill());
      service!.lose(() => false);
      const again = await open();
      await participate(again, { ...given, input: [0, 0, 0] });
      expect(Array.from((await finished()).result as Int32Array)).to.deep.equal(sumWith([40, 50, 60]));
      await until('the agent hears the outcome', async () => (await look(again)).events.includes('done'));
      expect((await look(again)).loads, 'inputs loaded again').to.equal(0);
      expect((await look(again)).progress.participations).to.equal(1);
      expect(maskedInputs()).to.have.lengthOf(1);
    });
  }

  it('runs in one of two tabs, the other one goes on when that is closed, and the input is sent once', async () => {
    const finished = await service!.openRun();
    const given = await service!.participant(7, 8, 9);
    const first = await open();
    service!.lose(({ kind, place }) => kind === 'answer' && place.round === 2);
    await participate(first, given);
    await until('the first tab has the lock', async () => (await look(first)).progress.phase !== 'idle');
    const second = await open();
    await participate(second, { ...given, input: [0, 0, 0] });
    await until('the answer of the first tab is lost', async () => (await look(first)).events.includes('step-failed'));
    expect(await second.evaluate('agentLocks()')).to.deep.equal({ held: 1, waiting: 1 });
    expect(await look(second)).to.include({ loads: 0, looks: 0 });
    service!.lose(() => false);
    await browser.close(first);
    expect(Array.from((await finished()).result as Int32Array)).to.deep.equal(sumWith([7, 8, 9]));
    expect(maskedInputs()).to.have.lengthOf(1);
    await until('the second tab hears the outcome', async () => (await look(second)).events.includes('done'));
    expect((await look(second)).progress).to.include({ phase: 'idle', participations: 1, superseded: false });
  });

  it('looks at its state and asks at once when its page, which was hidden, is shown again', async () => {
    const page = await open();
    await participate(page, await service!.participant(1, 2, 3));
    await until(
      'the agent has asked for a run',
      async () => (await look(page)).events.length === 0 && (await look(page)).looks > 0,
    );
    await open('about:blank');
    // The page hears of it after the tab that covers it is told that it is in front.
    await until('the page is hidden', () => page.evaluate<boolean>('Promise.resolve(document.hidden)'));
    const { looks } = await look(page);
    const finished = await service!.openRun();
    await page.show();
    await until('the agent takes part', () => service!.heard.length > 0, AT_ONCE_MILLISECONDS);
    await until('the agent looks at its state', async () => (await look(page)).looks > looks, AT_ONCE_MILLISECONDS);
    expect((await finished()).included).to.have.lengthOf(3);
  });

  it('takes part in a worker of its own: the page gives the input, and hears of everything', async () => {
    const finished = await service!.openRun();
    const page = await open();
    const given = await service!.participant(3, -3, 0);
    const { events, progress, wanted } = await inWorker(page, given);
    const { result, run } = await finished();
    expect(Array.from(result as Int32Array)).to.deep.equal(sumWith([3, -3, 0]));
    expect(wanted).to.deep.equal([run]);
    expect(events).to.deep.equal(['selected', 'enrolled', 'sent', 'sent', 'sent', 'sent', 'sent', 'done']);
    expect(progress).to.include({ phase: 'idle', participations: 1 });
  });

  it('leaves a run in a worker when its page says so', async () => {
    await service!.openRun();
    const page = await open();
    const { events } = await inWorker(page, await service!.participant(1, 1, 1), true);
    expect(events).to.deep.equal(['selected', 'needs-input']);
    expect(service!.heard.map(({ kind }) => kind))
      .to.include.members(['check-in', 'leave'])
      .and.not.include('ready');
  });

  it('opens its database again after another tab has deleted it', async () => {
    const page = await open();
    const [before, after] = await onceLoaded<[number, number]>(page, 'storeAfterDeletion()');
    expect([before, after]).to.deep.equal([1, 0]);
  });
}
