// The pages of examples/pages, without a browser: their words, and what they show of the events of a coordinator.
import { expect } from 'chai';
import { readFileSync } from 'node:fs';
import type { NetworkInterfaceInfo } from 'node:os';
import { fileURLToPath } from 'node:url';
import { addressesOf } from '../../examples/pages/addresses.ts';
import { bytesOfImages, halved, imagesOf, imagesOfBytes, PIXELS, SIDE } from '../../examples/pages/digits.ts';
import { OptionError, readOptions } from '../../examples/pages/options.ts';
import { LANGUAGES, type Texts } from '../../examples/pages/page/texts.ts';
import { groupOf, leastOf } from '../../examples/pages/terms.ts';
import { Watching } from '../../examples/pages/watching.ts';
import {
  MemoryCoordinatorStore,
  type CoordinatorEvent,
  type SessionHost,
  type SessionRecord,
} from '../../src/coordinator/index.ts';

const read = (name: string): string =>
  readFileSync(fileURLToPath(new URL(`../../examples/pages/page/${name}`, import.meta.url)), 'utf8');

/** All that a language says, with numbers for what it is told. */
function sentencesOf(texts: unknown): string[] {
  if (typeof texts === 'string') return [texts];
  if (typeof texts === 'function') return [(texts as (...args: number[]) => string)(2, 3, 4)];
  return Object.values(texts as object).flatMap((each: unknown) => sentencesOf(each));
}

describe('the command line of the pages', () => {
  it('is refused with the option that is wrong', () => {
    for (const [options, problem] of [
      ['--colour red', "Unknown option '--colour'"],
      ['run', "Unexpected argument 'run'"],
      ['--port http', '--port: expected a number from 0 to 65535, got http'],
      ['--runs 2.5', '--runs: expected a whole number, got 2.5'],
      ['--companions 4', '--companions: expected at least 10 with this number of visitors, got 4'],
      ['--epsilon 0', '--epsilon: expected a number from 0.1 to 32, got 0'],
    ] as const) {
      expect(() => readOptions(options.split(' ')), options).to.throw(OptionError, problem);
    }
  });

  it('has an answer for all that it does not say', () => {
    const all = { host: '127.0.0.1', port: 8790, companions: 40, visitors: 1, silent: 2, patience: 6, runs: 10, epsilon: 8 };
    expect(readOptions([])).to.deep.equal(all);
    expect(readOptions(['--exact', '--epsilon', '3'])).to.deep.equal({ ...all, epsilon: null });
    expect(readOptions(['--help'])).to.equal(null);
  });
});

describe('the words of the pages', () => {
  for (const name of ['take-part.html', 'watch.html']) {
    const html = read(name);

    it(`${name} has no words of its own, and names words that each language has`, () => {
      const [, body = ''] = /<body>(.*)<\/body>/s.exec(html)!;
      const own = body
        .replaceAll(/<noscript>.*?<\/noscript>/g, '')
        .replaceAll(/<option value="(en|de)".*?<\/option>/g, '')
        .replaceAll(/<[^>]*>/g, ' ');
      expect(own.replaceAll(/[\d\s:]+/g, '')).to.equal('');
      const named = [...html.matchAll(/data-(?:text|label)="(\w+)"/g)].map(([, word]) => word as keyof Texts);
      expect(named).to.have.length.above(10);
      for (const texts of Object.values(LANGUAGES)) for (const word of named) expect(texts[word], word).to.be.a('string');
    });

    it(`${name} loads nothing from elsewhere, and has no script or style inside`, () => {
      expect(html).not.to.match(/https?:|\/\/[a-z]|style=|<style|onclick|<script(?! type="module" src="\/)/);
    });
  }

  for (const [language, texts] of Object.entries(LANGUAGES)) {
    it(`promise no more than there is (${language})`, () => {
      const all = sentencesOf(texts).join('\n');
      expect(all).not.to.match(/anonym|never leave|verlässt nie|verlassen nie|100 ?%|guarantee|garantiert/i);
      expect(all, 'words of the field').not.to.match(
        /\b(digest|hash|agent|coordinator|threshold|protocol|aggregat\w+|Shamir|Koordinator|Protokoll)\b/i,
      );
      // With one visitor, the sum less the parts of the server's own participants is what the visitor has sent.
      expect(texts.lead).to.match(/it plays some participants itself|spielt er einige Teilnehmende selbst/);
      expect(texts.consentSentText).to.match(/subtract the part of those that it plays|den Teil derer abziehen/);
      expect(texts.beginAgainNote).to.match(/not undone|Zurückgenommen ist es nicht/);
      expect(texts.consentFailsText(20)).to.contain('20');
      // The page is the server's, and its models are public.
      expect(texts.consentFailsText(20)).to.match(/delivers this page|liefert auch diese Seite/);
      expect(texts.consentSeenText).to.match(/compute the sum|die Summe daraus ausrechnen/);
      expect(texts.limitsLead).not.to.match(/cannot|kann/);
      // The server plays more participants than the noise allows for; and each task has a budget of its own.
      for (const note of [texts.consentCostNoise('8', '0.001'), texts.privacyNote(20)])
        expect(note).to.match(/not hold against whoever runs|gilt es nicht gegenüber dem/);
      expect(texts.otherTask).to.match(/not undone|nicht zurückgenommen/);
      expect(texts.consentCostNoise('8', '0.001')).to.contain('ε = 8').and.contain('0.001');
    });
  }
});

describe('what the page to watch is told', () => {
  const at = { task: '00'.repeat(32), run: 1 };
  const round = (number: number, heard: number, missing: number): CoordinatorEvent => ({
    ...{ type: 'round-closed', ...at, attempt: 1, round: number, heard, missing, milliseconds: 1 },
  });
  const stage = (stage: 'training' | 'session', participants: number): CoordinatorEvent => ({
    ...{ type: 'stage', ...at, stage, attempt: 1, participants, milliseconds: 1 },
    previous: stage === 'training' ? 'check-in' : 'training',
  });
  let watching: Watching;
  beforeEach(() => {
    watching = new Watching(new MemoryCoordinatorStore(), {} as SessionHost);
    for (const event of [{ type: 'run-opened', ...at } as const, stage('training', 6), stage('session', 6)]) watching.hear(event);
  });

  it('is how many were heard in each round, and how many were missing', () => {
    for (const event of [round(0, 6, 0), round(1, 5, 1)]) watching.hear(event);
    const end = { code: null, included: 5, previous: 'session', milliseconds: 1 } as const;
    watching.hear({ type: 'run-ended', ...at, ...end });
    watching.enter(1, { accuracy: 0.5, spent: 2 });
    const rounds = [
      { heard: 6, missing: 0, closed: true },
      { heard: 5, missing: 1, closed: true },
    ];
    const reached = {
      stage: 'finished',
      participants: 6,
      selected: 6,
      lost: 0,
      code: null,
      included: 5,
      accuracy: 0.5,
      spent: 2,
    };
    expect(watching.runs).to.deep.equal([{ run: 1, rounds, ...reached }]);
  });

  it('is how many are ready while participants train, from none on', async () => {
    const store = new MemoryCoordinatorStore();
    const counts = { checkedIn: 6, selected: 6, ready: 0 };
    store.counts = () => Promise.resolve(counts);
    watching = new Watching(store, {} as SessionHost);
    for (const event of [{ type: 'run-opened', ...at } as const, stage('training', 6)]) watching.hear(event);
    expect(watching.runs[0]).to.include({ stage: 'training', participants: 0, selected: 6 });
    Object.assign(counts, { selected: 4, ready: 2 });
    await watching.look(at);
    expect(watching.runs[0]).to.include({ participants: 2, lost: 0 });
  });

  it('is how many left before the rounds, also of a run that ends for this reason', async () => {
    const store = new MemoryCoordinatorStore();
    store.counts = () => Promise.resolve({ checkedIn: 5, selected: 0, ready: 5 });
    watching = new Watching(store, {} as SessionHost);
    for (const event of [{ type: 'run-opened', ...at } as const, stage('training', 6)]) watching.hear(event);
    const end = { code: 'ERR_SECAGG_THRESHOLD', included: 0, previous: 'training', milliseconds: 1 } as const;
    watching.hear({ type: 'run-ended', ...at, ...end });
    await watching.look(at);
    expect(watching.runs[0]).to.include({ stage: 'failed', lost: 1 });
  });

  it('is how many were missing in the round in which an attempt has failed', async () => {
    const store = new MemoryCoordinatorStore();
    store.session = () => Promise.resolve({ name: 'a session' } as SessionRecord);
    const host = { attendance: () => Promise.resolve({ round: 1, heard: 2, missing: 3 }) } as unknown as SessionHost;
    watching = new Watching(store, host);
    for (const event of [{ type: 'run-opened', ...at } as const, stage('training', 6), stage('session', 6)]) watching.hear(event);
    watching.hear(round(0, 5, 1));
    await watching.look(at);
    expect(watching.runs[0]!.rounds[1]).to.deep.equal({ heard: 2, missing: 3, closed: false });
    watching.hear({ type: 'attempt-failed', ...at, attempt: 1, code: 'ERR_SECAGG_THRESHOLD' });
    expect(watching.runs[0]!.rounds.map(({ missing, closed }) => ({ missing, closed }))).to.deep.equal([
      { missing: 1, closed: true },
      { missing: 3, closed: true },
    ]);
  });

  it('is how many of those that were selected are not in the session', () => {
    watching.hear(stage('session', 4));
    expect(watching.runs[0]).to.include({ participants: 4, selected: 6, lost: 2 });
  });

  it('is the last attempt only, and the code of the one before', () => {
    watching.hear(round(0, 6, 0));
    watching.hear({ type: 'attempt-failed', ...at, attempt: 1, code: 'ERR_SECAGG_THRESHOLD' });
    watching.hear(stage('session', 6));
    expect(watching.runs[0]).to.deep.include({ rounds: [], code: 'ERR_SECAGG_THRESHOLD' });
  });
});

describe('the task of the pages', () => {
  it('has a threshold above half of the largest session and of those who may work with the server', () => {
    const options = { companions: 20, visitors: 1, silent: 2, patience: 6, runs: 10, epsilon: 8 };
    const { threshold, maxUsers, colluders } = groupOf(options);
    expect(2 * threshold).to.be.above(maxUsers + colluders);
  });

  it('lets a run go on without its visitors, if there are enough companions', () => {
    const options = { companions: 20, visitors: 3, silent: 2, patience: 6, runs: 10, epsilon: 8 };
    expect(leastOf(options)).to.equal(20);
    const few = { ...options, companions: 8 };
    expect(leastOf(few)).to.equal(groupOf(few).threshold).and.equal(10);
  });
});

describe('the addresses of the pages', () => {
  const network = (address: string, internal: boolean): NetworkInterfaceInfo => ({
    ...{ address, internal, family: 'IPv4', netmask: '255.0.0.0', mac: '00:00:00:00:00:00', cidr: null },
  });
  const networks = { lo: [network('127.0.0.1', true)], eth0: [network('192.168.1.7', false)] };

  it('are for this machine only, unless the server listens for others', () => {
    const all = { here: 'http://127.0.0.1:8790', elsewhere: ['http://192.168.1.7:8790'] };
    expect(addressesOf({ address: '127.0.0.1', port: 8790 }, networks)).to.deep.equal({ ...all, elsewhere: [] });
    expect(addressesOf({ address: '::1', port: 8790 }, networks)).to.deep.equal({ here: 'http://[::1]:8790', elsewhere: [] });
    for (const address of ['0.0.0.0', '::']) expect(addressesOf({ address, port: 8790 }, networks)).to.deep.equal(all);
    const [one] = all.elsewhere;
    expect(addressesOf({ address: '192.168.1.7', port: 8790 }, networks)).to.deep.equal({ here: one, elsewhere: [one] });
  });
});

describe('images of digits', () => {
  it('are halved by the mean of four pixels, and are the same after a way over the network', () => {
    const pixels = new Float32Array(2 * 4 * PIXELS);
    pixels[0] = pixels[1] = pixels[2 * SIDE] = pixels[2 * SIDE + 1] = 1; // the first pixel of the first image
    pixels[4 * PIXELS + 2] = 0.8; // a quarter of the second pixel of the second one
    const small = halved({ count: 2, pixels, labels: Float32Array.of(3, 7) });
    const expected = new Float32Array(2 * PIXELS);
    expected[0] = 1;
    expected[PIXELS + 1] = 0.2;
    expect([...small.pixels].map((value) => value.toFixed(6))).to.deep.equal([...expected].map((value) => value.toFixed(6)));
    const again = imagesOfBytes(bytesOfImages(small));
    expect([...again.labels]).to.deep.equal([3, 7]);
    expect([...again.pixels].map((value) => value.toFixed(6))).to.deep.equal([...expected].map((value) => value.toFixed(6)));
    expect(imagesOf([]).count).to.equal(0);
  });
});
