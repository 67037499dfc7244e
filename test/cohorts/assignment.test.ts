// The assignment of users to cohorts: a uniform partition, which is the same for all parties and for the reference implementation.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import fc from 'fast-check';
import { assignCohorts, enrolmentDigest, type Cohorts, type CohortSessions } from '../../src/cohorts/index.ts';
import { fingerprint } from '../../src/crypto/digest.ts';
import { plan } from '../../src/planner/index.ts';
import { fromHex, toHex } from '../support/vectors.ts';

/** Thresholds that bear any server: all must answer. */
const sessionsOf = (sizes: readonly number[]): CohortSessions[] => sizes.map((users) => ({ count: 1, users, threshold: users }));

const RUN = { session: 'run 1' };
const seedOf = (...bytes: number[]): Uint8Array => Uint8Array.from({ length: 32 }, (_, i) => bytes[i] ?? 0);
const membersOf = (cohorts: Cohorts): (readonly number[])[] =>
  Array.from({ length: cohorts.count }, (_, index) => cohorts.cohort(index, RUN).userIds);

const sizesAndIds = fc.array(fc.integer({ min: 2, max: 9 }), { minLength: 1, maxLength: 8 }).chain((sizes) => {
  const users = sizes.reduce((sum, size) => sum + size, 0);
  const userIds = fc.uniqueArray(fc.maxSafeNat(), { minLength: users, maxLength: users });
  return fc.record({ sizes: fc.constant(sizes), userIds, seed: fc.uint8Array({ minLength: 32, maxLength: 32 }) });
});

describe('an assignment', () => {
  it('puts each user into one cohort, and gives cohorts the sizes that were asked for', () => {
    fc.assert(
      fc.property(sizesAndIds, ({ sizes, userIds, seed }) => {
        const cohorts = assignCohorts({ userIds, sessions: sessionsOf(sizes), seed });
        const members = membersOf(cohorts);
        expect(members.map(({ length }) => length)).to.deep.equal(sizes);
        expect(members.flat().sort((a, b) => a - b)).to.deep.equal([...userIds].sort((a, b) => a - b));
        for (const [index, ids] of members.entries()) {
          expect(ids).to.deep.equal([...ids].sort((a, b) => a - b));
          for (const id of ids) expect(cohorts.indexOf(id)).to.equal(index);
        }
      }),
    );
  });

  it('depends on users, sizes and seed, and not on the order or grouping in which they are given', () => {
    fc.assert(
      fc.property(sizesAndIds, fc.nat(31), ({ sizes, userIds, seed }, byte) => {
        const cohorts = assignCohorts({ userIds, sessions: sessionsOf(sizes), seed });
        const again = assignCohorts({
          userIds: new Set(userIds.toReversed()),
          sessions: sessionsOf(sizes),
          seed: Buffer.from(seed),
        });
        expect(membersOf(again)).to.deep.equal(membersOf(cohorts));
        expect(again.enrolment).to.equal(cohorts.enrolment);
        expect(enrolmentDigest({ userIds, sessions: sessionsOf(sizes) })).to.equal(cohorts.enrolment);
        const session = (other: Cohorts): string => other.cohort(0, RUN).options.session;
        expect(session(again)).to.equal(session(cohorts));

        const otherSeed = Uint8Array.from(seed, (value, i) => (i === byte ? value ^ 1 : value));
        expect(session(assignCohorts({ userIds, sessions: sessionsOf(sizes), seed: otherSeed }))).not.to.equal(session(cohorts));
        const [first, ...rest] = userIds as [number, ...number[]];
        const stranger = first === 0 ? 1 : first - 1;
        if (rest.includes(stranger)) return;
        const other = assignCohorts({ userIds: [stranger, ...rest], sessions: sessionsOf(sizes), seed });
        expect(other.enrolment).not.to.equal(cohorts.enrolment);
        expect(session(other)).not.to.equal(session(cohorts));
      }),
    );
    const grouped = [{ count: 3, users: 4, threshold: 3 }];
    const apart = [1, 2, 3].map(() => ({ count: 1, users: 4, threshold: 3 }));
    const userIds = Array.from({ length: 12 }, (_, i) => i);
    const [one, other] = [grouped, apart].map((sessions) => assignCohorts({ userIds, sessions, seed: seedOf(1) }));
    expect(membersOf(one!)).to.deep.equal(membersOf(other!));
    expect(one!.cohort(2, RUN)).to.deep.equal(other!.cohort(2, RUN));
  });

  it('is drawn anew as a whole if one user in the list is exchanged', () => {
    const sessions = sessionsOf([50, 50, 50, 50]);
    const userIds = Array.from({ length: 200 }, (_, i) => i);
    const places = (ids: number[]): number[] => {
      const cohorts = assignCohorts({ userIds: ids, sessions, seed: seedOf(5) });
      return userIds.slice(0, 199).map((id) => cohorts.indexOf(id));
    };
    const [before, after] = [places(userIds), places([...userIds.slice(0, 199), 1000])];
    const same = before.filter((place, i) => place === after[i]).length;
    expect(same).to.be.within(25, 75); // 49.75 expected, standard deviation 6.1
  });

  it('is uniform over all partitions', function () {
    this.timeout(60_000);
    // 6 users in 3 cohorts of 2: 90 partitions. χ² with 89 degrees of freedom: mean 89, standard deviation 13.3.
    const counts = new Map<string, number>();
    const draws = 9000;
    for (let i = 0; i < draws; i++) {
      const seed = seedOf(i & 255, (i >> 8) & 255, i >> 16);
      const cohorts = assignCohorts({ userIds: [3, 5, 7, 11, 13, 17], sessions: sessionsOf([2, 2, 2]), seed });
      const key = membersOf(cohorts).join(' | ');
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
    expect(counts.size).to.equal(90);
    const expected = draws / 90;
    const chiSquare = [...counts.values()].reduce((sum, count) => sum + (count - expected) ** 2 / expected, 0);
    expect(chiSquare).to.be.within(40, 150); // beyond: 1 in 100,000
  });

  it('puts any two users into one cohort of a plan as often as chance does', () => {
    const found = plan({ users: 2000, dropout: 0.05, vecLen: 1, minHonest: 2, graph: 'cohorts' });
    if (found.kind !== 'cohorts') throw new Error('no cohorts');
    const userIds = Array.from({ length: 2000 }, (_, i) => 10 * i);
    let together = 0;
    let chance = 0;
    for (let i = 0; i < 60; i++) {
      const cohorts = assignCohorts({ userIds, sessions: found.sessions, seed: seedOf(i) });
      // Neighbors in the list, who may have enrolled together.
      for (let j = 0; j < 1999; j++) if (cohorts.indexOf(userIds[j]!) === cohorts.indexOf(userIds[j + 1]!)) together++;
      chance = found.sessions.reduce((sum, { count, users }) => sum + (count * users * (users - 1)) / (2000 * 1999), 0);
    }
    const expected = 60 * 1999 * chance;
    expect(together).to.be.within(expected - 5 * Math.sqrt(expected), expected + 5 * Math.sqrt(expected));
  });
});

describe('the context of a cohort', () => {
  const terms = { userIds: [1, 2, 3, 4, 5, 6], sessions: sessionsOf([3, 3]), seed: seedOf(9) };
  const cohorts = assignCohorts(terms);

  it('differs for each cohort, attempt, run, list, seed and size', () => {
    const of = (other: Cohorts, index: number, session: string | Uint8Array, attempt?: number): string =>
      other.cohort(index, attempt === undefined ? { session } : { session, attempt }).options.session;
    const contexts = [
      of(cohorts, 0, 'run 1'),
      of(cohorts, 1, 'run 1'),
      of(cohorts, 0, 'run 1', 1),
      of(cohorts, 0, 'run 1', 256),
      of(cohorts, 0, 'run 2'),
      of(cohorts, 0, ''),
      of(assignCohorts({ ...terms, userIds: [1, 2, 3, 4, 5, 7] }), 0, 'run 1'),
      of(assignCohorts({ ...terms, seed: seedOf(8) }), 0, 'run 1'),
      of(assignCohorts({ ...terms, sessions: sessionsOf([2, 4]) }), 0, 'run 1'),
      of(assignCohorts({ ...terms, sessions: sessionsOf([2, 2, 2]) }), 0, 'run 1'),
    ];
    expect(new Set(contexts).size).to.equal(contexts.length);
    expect(of(cohorts, 0, 'run 1', 0)).to.equal(contexts[0]);
    expect(of(cohorts, 0, new TextEncoder().encode('run 1'))).to.equal(contexts[0]);
    for (const context of contexts) expect(context).to.match(/^[0-9a-f]{64}$/);
  });

  it('comes with the parameters of the plan, as the parties of a session take them', () => {
    const sessions = [
      { count: 1, users: 4, threshold: 4, options: { bits: 20, colluders: 2, adversary: 'malicious' as const, maxUsers: 4 } },
      { count: 1, users: 2, threshold: 2, options: { bits: 20, adversary: 'semi-honest' as const, colluders: 1 } },
    ];
    const assigned = assignCohorts({ ...terms, sessions });
    expect(assigned.bits).to.equal(20);
    const [first, second] = [0, 1].map((index) => assigned.cohort(index, RUN));
    const { session, ...options } = first!.options;
    expect(session).to.have.length(64);
    expect({ threshold: first!.threshold, ...options }).to.deep.equal({
      ...{ threshold: 4, bits: 20, maxUsers: 4, adversary: 'malicious', colluders: 2, security: 40, minHonest: 1 },
    });
    expect(second!.options).to.deep.include({ maxUsers: 2, adversary: 'semi-honest', colluders: 1 });
    expect([first!.index, first!.attempt, second!.index]).to.deep.equal([0, 0, 1]);
  });

  it('does not change when a caller changes its lists or the seed', () => {
    const seed = seedOf(1);
    const assigned = assignCohorts({ ...terms, seed });
    const before = assigned.cohort(0, RUN);
    seed.fill(0);
    (assigned.cohort(0, RUN).userIds as number[]).fill(0);
    expect(assigned.cohort(0, RUN)).to.deep.equal(before);
  });
});

describe('terms of an assignment', () => {
  const seed = seedOf();
  const userIds = [1, 2, 3, 4];
  const sessions = sessionsOf([4]);
  const refusedAs = (kind: typeof RangeError | typeof TypeError, message: RegExp, terms: unknown): void => {
    expect(() => assignCohorts(terms as Parameters<typeof assignCohorts>[0])).to.throw(kind, message);
  };

  it('are refused if the cohorts are for another number of users, because smaller cohorts would bear less than planned', () => {
    const { sessions: planned } = plan({ users: 3000, dropout: 0.05, vecLen: 1, graph: 'cohorts' });
    const enrolled = Array.from({ length: 2999 }, (_, i) => i);
    refusedAs(RangeError, /^sessions: .* 2999 .* 3000/, {
      userIds: enrolled,
      sessions: planned,
      seed,
    });
    refusedAs(RangeError, /^sessions: .* 4 .* 3/, { userIds, sessions: sessionsOf([3]), seed });
    refusedAs(RangeError, /^sessions: /, { userIds: [], sessions: [], seed });
    expect(() => enrolmentDigest({ userIds, sessions: sessionsOf([3]) })).to.throw(RangeError, /^sessions/);
  });

  it('are refused if a threshold does not withstand the adversary', () => {
    const of = (threshold: number, options: CohortSessions['options'] = {}): unknown => ({
      ...{ userIds, seed, sessions: [{ count: 1, users: 4, threshold, options }] },
    });
    refusedAs(RangeError, /threshold/, of(2));
    refusedAs(RangeError, /threshold/, of(3, { colluders: 2 }));
    refusedAs(RangeError, /threshold/, of(2, { adversary: 'semi-honest', colluders: 2 }));
    refusedAs(RangeError, /threshold/, of(5));
    refusedAs(RangeError, /maxUsers/, of(3, { maxUsers: 5 }));
    refusedAs(RangeError, /maxUsers/, of(3, { maxUsers: 3 }));
    assignCohorts(of(3, { colluders: 1 }) as Parameters<typeof assignCohorts>[0]);
    assignCohorts(of(2, { adversary: 'semi-honest', colluders: 1 }) as Parameters<typeof assignCohorts>[0]);
  });

  it('are refused by the name of the argument if they have a wrong type or value', () => {
    refusedAs(RangeError, /^userIds: .* 2 /, { userIds: [1, 2, 3, 2], sessions, seed });
    refusedAs(RangeError, /^userIds\[1\]/, { userIds: [1, -2, 3, 4], sessions, seed });
    refusedAs(TypeError, /^userIds\[0\]/, { userIds: ['1', 2, 3, 4], sessions, seed });
    refusedAs(TypeError, /^userIds/, { userIds: 4, sessions, seed });
    refusedAs(TypeError, /^sessions/, { userIds, sessions: sessions[0], seed });
    refusedAs(TypeError, /^sessions\[1\]/, { userIds, sessions: Object.assign(new Array(2), { 0: sessions[0] }), seed });
    refusedAs(TypeError, /^sessions\[0\]/, { userIds, sessions: [null], seed });
    refusedAs(RangeError, /^sessions\[0\].count/, { userIds, sessions: [{ count: 0, users: 4, threshold: 4 }], seed });
    refusedAs(RangeError, /^sessions\[0\].users/, { userIds, sessions: [{ count: 4, users: 1, threshold: 2 }], seed });
    refusedAs(RangeError, /^sessions: expected at most 1048576 cohorts/, {
      userIds,
      sessions: [1, 2].map(() => ({ count: 2 ** 20, users: 2, threshold: 2 })),
      seed,
    });
    refusedAs(TypeError, /unknown option 'colluder'/, {
      userIds,
      sessions: [{ ...sessions[0], options: { colluder: 1 } }],
      seed,
    });
    refusedAs(RangeError, /graph/, {
      userIds,
      sessions: [{ ...sessions[0], options: { graph: { neighbors: 2, shareThreshold: 2 } } }],
      seed,
    });
    const mixed = [2, 2].map((users, i) => ({ count: 1, users, threshold: 2, options: { bits: 16 + i } }));
    refusedAs(RangeError, /same bits/, { userIds, sessions: mixed, seed });
    refusedAs(RangeError, /^seed/, { userIds, sessions, seed: new Uint8Array(31) });
    refusedAs(TypeError, /^seed/, { userIds, sessions, seed: 'seed' });
    refusedAs(TypeError, /unknown option/, { userIds, sessions, seed, session: 'x' });
    const cohorts = assignCohorts({ userIds: [0, 2, 3, 4], sessions, seed });
    expect(() => cohorts.indexOf(5)).to.throw(RangeError, /^id: .* 5$/);
    expect(() => cohorts.indexOf(1)).to.throw(RangeError, /^id: .* 1$/);
    expect(cohorts.indexOf(-0)).to.equal(0);
    expect(() => cohorts.cohort(1, RUN)).to.throw(RangeError, /^index/);
    expect(() => cohorts.cohort(0, {} as never)).to.throw(TypeError, /session/);
    expect(() => cohorts.cohort(0, { session: 'x', attempt: -1 })).to.throw(RangeError, /attempt/);
    expect(() => cohorts.cohort(0, { session: 'x', attempts: 1 } as never)).to.throw(TypeError, /attempts/);
  });
});

interface Vector {
  readonly name: string;
  readonly userIds: number[] | { readonly from: number; readonly step: number; readonly count: number };
  readonly sizes: readonly number[];
  readonly seed: string;
  readonly enrolment: string;
  readonly cohorts?: readonly (readonly number[])[];
  readonly cohortsDigest?: string;
  readonly context: string;
  readonly sessions: readonly { readonly cohort: number; readonly attempt: number; readonly session: string }[];
}

describe('assignments of the reference implementation', () => {
  const vectors = JSON.parse(readFileSync(new URL('../vectors/cohorts.json', import.meta.url), 'utf8')) as Vector[];

  it('are there', () => {
    expect(vectors.length).to.be.at.least(5);
  });

  for (const { name, userIds: given, sizes, seed, enrolment, ...expected } of vectors) {
    it(name, () => {
      const userIds = Array.isArray(given) ? given : Array.from({ length: given.count }, (_, i) => given.from + i * given.step);
      const cohorts = assignCohorts({ userIds, sessions: sessionsOf(sizes), seed: fromHex(seed) });
      expect(cohorts.enrolment).to.equal(enrolment);
      if (expected.cohorts !== undefined) expect(membersOf(cohorts)).to.deep.equal(expected.cohorts);
      else {
        const places = new DataView(new ArrayBuffer(4 * userIds.length));
        for (const [i, id] of userIds.sort((a, b) => a - b).entries()) places.setUint32(4 * i, cohorts.indexOf(id));
        expect(toHex(fingerprint(new Uint8Array(places.buffer)))).to.equal(expected.cohortsDigest);
      }
      for (const { cohort, attempt, session } of expected.sessions) {
        expect(cohorts.cohort(cohort, { session: fromHex(expected.context), attempt }).options.session).to.equal(session);
      }
    });
  }
});
