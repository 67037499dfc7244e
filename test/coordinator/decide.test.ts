// When a run goes on: all cases of a pure function.
import { expect } from 'chai';
import fc from 'fast-check';
import {
  decide,
  decideRound,
  type RoundStanding,
  type RunDecision,
  type SessionDecision,
  type Standing,
} from '../../src/coordinator/decide.ts';
import { authorities, taskOf } from '../support/service.ts';

// 4 to 6 participants; check-in and training 1 to 60 seconds and 60 more, rounds 1 to 10 seconds and 10 more.
const { definition } = taskOf(authorities());

const QUIET: Standing = {
  stage: 'check-in',
  since: 0,
  extended: false,
  checkedIn: 0,
  selected: 0,
  ready: 0,
  seeded: false,
  open: 1,
};
const STILL: RoundStanding = { since: 0, extended: false, heard: 0, missing: 0, closable: false };
const at = (seconds: number, standing: Partial<Standing>): RunDecision =>
  decide(definition, { ...QUIET, ...standing }, 1000 * seconds);
const wait = (seconds: number): RunDecision & SessionDecision => ({ kind: 'wait', until: 1000 * seconds });

describe('a run in check-in', () => {
  it('begins at once when all have come who may come', () => {
    expect(at(0, { checkedIn: 6 })).to.deep.equal({ kind: 'select' });
  });

  it('begins with enough after the least time, and not before', () => {
    expect(at(0.999, { checkedIn: 5 })).to.deep.equal(wait(1));
    expect(at(1, { checkedIn: 4 })).to.deep.equal({ kind: 'select' });
    expect(at(1, { checkedIn: 3 })).to.deep.equal(wait(60));
  });

  it('with too few is extended once, and then given up', () => {
    expect(at(60, { checkedIn: 3 })).to.deep.equal({ kind: 'extend' });
    expect(at(60, { checkedIn: 3, extended: true })).to.deep.equal(wait(120));
    expect(at(119, { checkedIn: 4, extended: true })).to.deep.equal({ kind: 'select' });
    expect(at(120, { checkedIn: 3, extended: true })).to.deep.equal({ kind: 'give-up' });
  });

  it('counts its time from when it began', () => {
    expect(at(1000.5, { checkedIn: 4, since: 1_000_000 })).to.deep.equal(wait(1001));
  });
});

describe('a run in training', () => {
  const training = (seconds: number, standing: Partial<Standing>): RunDecision => at(seconds, { stage: 'training', ...standing });

  it('begins an attempt when all that were selected are ready', () => {
    expect(training(0, { ready: 4 })).to.deep.equal({ kind: 'begin' });
    expect(training(0, { ready: 4, selected: 1 })).to.deep.equal(wait(1));
    expect(training(1, { ready: 4, selected: 1 })).to.deep.equal({ kind: 'begin' });
  });

  it('is given up at once when not enough are left', () => {
    expect(training(0, { ready: 2, selected: 1 })).to.deep.equal({ kind: 'give-up' });
    expect(training(0, { ready: 2, selected: 2 })).to.deep.equal(wait(1));
  });

  it('with too few is extended once, and then given up', () => {
    expect(training(60, { ready: 3, selected: 1 })).to.deep.equal({ kind: 'extend' });
    expect(training(120, { ready: 3, selected: 1, extended: true })).to.deep.equal({ kind: 'give-up' });
  });
});

describe('a run that draws cohorts', () => {
  const group = { ...definition.group, cohorts: { least: 2, most: 5, seed: { min: 5, max: 30, grace: 10 } } };
  const of = (seconds: number, standing: Partial<Standing>): RunDecision =>
    decide({ ...definition, group }, { ...QUIET, ...standing }, 1000 * seconds);

  it('needs as many participants as its least cohorts, and takes as many as its most', () => {
    expect(of(1, { checkedIn: 7 })).to.deep.equal(wait(60));
    expect(of(1, { checkedIn: 8 })).to.deep.equal({ kind: 'select' });
    expect(of(0, { checkedIn: 29 })).to.deep.equal(wait(1));
    expect(of(0, { checkedIn: 30 })).to.deep.equal({ kind: 'select' });
    expect(of(1, { stage: 'training', ready: 7, selected: 1 })).to.deep.equal(wait(60));
    expect(of(1, { stage: 'training', ready: 7 })).to.deep.equal({ kind: 'give-up' });
  });

  it('draws as soon as the seed is there, and gives the attempt up if it never is', () => {
    expect(of(0, { stage: 'draw' })).to.deep.equal(wait(5));
    expect(of(6, { stage: 'draw' })).to.deep.equal(wait(30));
    expect(of(6, { stage: 'draw', seeded: true })).to.deep.equal({ kind: 'draw' });
    expect(of(30, { stage: 'draw' })).to.deep.equal({ kind: 'extend' });
    expect(of(40, { stage: 'draw', extended: true })).to.deep.equal({ kind: 'give-up' });
  });

  it('is concluded once all its sessions have ended', () => {
    expect(of(0, { stage: 'session', open: 2 })).to.deep.equal({ kind: 'wait', until: Infinity });
    expect(of(0, { stage: 'session', open: 0 })).to.deep.equal({ kind: 'conclude' });
  });
});

describe('a session in a protocol round', () => {
  const round = (seconds: number, standing: Partial<RoundStanding>): SessionDecision =>
    decideRound(definition, { ...STILL, ...standing }, 1000 * seconds);

  it('closes it at once when all are heard', () => {
    expect(round(0, { heard: 5, closable: true })).to.deep.equal({ kind: 'close' });
  });

  it('closes it with the percentage that is enough after the least time', () => {
    const windows = { ...definition.windows, round: { min: 1, max: 10, grace: 10, enough: 80 } };
    const decided = (heard: number, seconds: number): SessionDecision =>
      decideRound({ ...definition, windows }, { ...STILL, heard, missing: 5 - heard, closable: true }, 1000 * seconds);
    expect(decided(4, 0.5)).to.deep.equal(wait(1));
    expect(decided(4, 1)).to.deep.equal({ kind: 'close' });
    expect(decided(3, 1)).to.deep.equal(wait(10));
    expect(decided(3, 10)).to.deep.equal({ kind: 'close' });
  });

  it('is extended once and then given up if it cannot be closed', () => {
    expect(round(10, { heard: 3, missing: 2 })).to.deep.equal({ kind: 'extend' });
    expect(round(15, { heard: 3, missing: 2, extended: true })).to.deep.equal(wait(20));
    expect(round(20, { heard: 3, missing: 2, extended: true })).to.deep.equal({ kind: 'give-up' });
  });
});

type Anything = Standing & RoundStanding;

/** What is to be done with a run, or with its session if it is in one. */
function decided(standing: Anything, now: number): RunDecision | SessionDecision {
  return standing.stage === 'session' ? decideRound(definition, standing, now) : decide(definition, standing, now);
}

describe('a run, or its session,', () => {
  const standings = fc.record({
    stage: fc.constantFrom('check-in' as const, 'training' as const, 'draw' as const, 'session' as const),
    since: fc.nat(100_000),
    extended: fc.boolean(),
    checkedIn: fc.nat(6),
    selected: fc.nat(6),
    ready: fc.nat(6),
    seeded: fc.boolean(),
    open: fc.nat(6),
    heard: fc.nat(6),
    missing: fc.nat(6),
    closable: fc.boolean(),
  });

  it('never waits for a time that is over, and never waits for ever', () => {
    fc.assert(
      fc.property(standings, fc.nat(400_000), (standing, now) => {
        const decision = decided(standing, now);
        if (decision.kind === 'wait')
          expect(decision.until)
            .to.be.greaterThan(now)
            .and.lessThan(now + 400_000);
      }),
    );
  });

  it('that is left alone ends its stage after the window and one grace', () => {
    fc.assert(
      fc.property(standings, (standing) => {
        let [now, extended] = [standing.since, standing.extended];
        for (let step = 0; step < 5; step++) {
          const decision = decided({ ...standing, extended }, now);
          if (decision.kind === 'wait') now = decision.until;
          else if (decision.kind === 'extend') extended = true;
          else return;
        }
        expect.fail('it goes on');
      }),
    );
  });

  it('that has ended is left as it is', () => {
    for (const stage of ['finished', 'failed'] as const)
      expect(at(0, { stage })).to.deep.equal({ kind: 'wait', until: Infinity });
  });
});
