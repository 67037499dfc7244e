// Simulated worlds, each with its own weather. What holds after each event is in test/support/service-world/watch.ts.
import { expect } from 'chai';
import { playHostileWorld } from '../support/service-world/hostile-world.ts';
import { Draws } from '../support/service-world/draws.ts';
import { crowdedWeatherOf, FAIR, weatherOf } from '../support/service-world/weather.ts';
import { playWorld } from '../support/service-world/world.ts';

/** How many worlds: SECAGG_WORLDS, from seed SECAGG_WORLD_SEED on, so that a world that failed can be played alone. */
const COUNT = Number(process.env.SECAGG_WORLDS ?? 30);
const FIRST = Number(process.env.SECAGG_WORLD_SEED ?? 1);
/** For every five of them there is one whose coordinator lies. */
const HOSTILE = Math.ceil(COUNT / 5);
/** Participants of the largest world. */
const CROWD = COUNT < 1000 ? 100 : 2000;
/** Worlds of one test. */
const BLOCK = 6;

describe('a world in which nothing goes wrong', function () {
  this.timeout(60_000);

  for (const isReal of [false, true]) {
    it(`gives the sum of all in each run, with ${isReal ? 'real' : 'light'} cryptography`, async () => {
      const { outcomes } = await playWorld(1, { ...FAIR, isReal, runs: 2 });
      expect(outcomes.map((outcome) => outcome.kind === 'finished' && outcome.included.length)).to.deep.equal([5, 5]);
    });
  }

  it('has runs about two data sources at once, each with its own participants', async () => {
    const { outcomes } = await playWorld(2, { ...FAIR, sources: ['steps', 'hours'], runs: 2 });
    expect(outcomes.map((outcome) => outcome.kind === 'finished' && outcome.included.length)).to.deep.equal([5, 5, 5, 5]);
  });

  it('is the same world again from the same seed', async () => {
    const settings = { ...FAIR, network: { ...FAIR.network, lost: 0.05 } };
    const [one, two, other] = [await playWorld(3, settings), await playWorld(3, settings), await playWorld(4, settings)];
    expect([two.events, [...two.seen]]).to.deep.equal([one.events, [...one.seen]]);
    expect([other.events, [...other.seen]]).not.to.deep.equal([one.events, [...one.seen]]);
  });
});

describe(`${HOSTILE} worlds whose coordinator lies`, function () {
  this.timeout(0);
  const seen = new Map<string, number>();

  for (let from = FIRST; from < FIRST + HOSTILE; from += BLOCK) {
    const to = Math.min(from + BLOCK, FIRST + HOSTILE);
    it(`seeds ${from} to ${to - 1}: no agent goes below its floors or sends an input twice, and an honest run follows`, async () => {
      for (let seed = from; seed < to; seed++) {
        for (const [what, times] of await playHostileWorld(seed)) seen.set(what, (seen.get(what) ?? 0) + times);
      }
    });
  }

  it('had lies in them, sums that the coordinator got, and agents that went on', function () {
    if (HOSTILE < 3) this.skip();
    const expected = ['the coordinator lied', 'the hostile coordinator has a sum', 'agent refused', 'an honest run followed'];
    expect([...seen.keys()]).to.include.members(expected);
  });
});

describe('a world of many', function () {
  this.timeout(0);

  it(`has a sum of ${CROWD} participants in cohorts, less those who could not stay, although anything may go wrong`, async () => {
    const { outcomes } = await playWorld(FIRST, crowdedWeatherOf(new Draws(-FIRST), CROWD));
    const [outcome] = outcomes;
    expect(outcome).to.include({ kind: 'finished' });
    expect(outcome?.kind === 'finished' && outcome.included.length).to.be.above(CROWD / 4);
  });
});

describe(`${COUNT} worlds in which anything may go wrong`, function () {
  this.timeout(0);
  const seen = new Map<string, number>();

  for (let from = FIRST; from < FIRST + COUNT; from += BLOCK) {
    const to = Math.min(from + BLOCK, FIRST + COUNT);
    it(`seeds ${from} to ${to - 1}: right sums, inputs sent once, runs that end, books that agree`, async () => {
      for (let seed = from; seed < to; seed++) {
        const report = await playWorld(seed, weatherOf(new Draws(-seed)));
        for (const [what, times] of report.seen) seen.set(what, (seen.get(what) ?? 0) + times);
      }
    });
  }

  it('had everything that may go wrong in them, and sums all the same', function () {
    if (COUNT < 12) this.skip();
    const finished = seen.get('finished') ?? 0;
    const failed = [...seen].reduce((sum, [what, times]) => (what.startsWith('failed: ') ? sum + times : sum), 0);
    expect(finished, JSON.stringify([...seen])).to.be.above(failed / 2);
    const expected = [
      'an agent crashed',
      'a coordinator crashed',
      'work behind an answer failed',
      'a backup was restored',
      'agent superseded',
      'agent sent',
      'agent awaiting-draw',
      'sent certificates',
    ];
    expect([...seen.keys()]).to.include.members([...expected, 'agent attempt-failed', 'agent needs-input']);
  });
});
