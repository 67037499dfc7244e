// A run over cohorts: each cohort is counted once, by its first result, the total is exact, and the state holds the whole run.
import { expect } from 'chai';
import fc from 'fast-check';
import { assignCohorts, CohortSum, type CohortResult, type Cohorts } from '../../src/cohorts/index.ts';
import { ProtocolError, StateError, ThresholdError, UsageError } from '../../src/index.ts';
import { refused } from '../support/errors.ts';
import { mutations, type Json } from '../support/json.ts';

/** `count` cohorts of `users` users, 100, 101, …; all but one must be in a sum. */
function cohortsOf(count: number, users = 3, bits = 32): Cohorts {
  const userIds = Array.from({ length: count * users }, (_, i) => 100 + i);
  const sessions = [{ count, users, threshold: users === 2 ? 2 : users - 1, options: { bits } }];
  return assignCohorts({ userIds, sessions, seed: new Uint8Array(32).fill(count) });
}

const runOf = (count: number, bits = 32, vecLen = 2): CohortSum =>
  new CohortSum(cohortsOf(count, 3, bits), { session: 'run 1', vecLen });
const nameOf = (run: CohortSum, index: number): string => run.cohort(index).options.session;
const resultOf = (run: CohortSum, index: number, ...components: number[]): CohortResult => ({
  included: run.cohort(index).userIds,
  vector: Int32Array.from(components),
});

/** Everything that a run tells. */
const told = (run: CohortSum): string => run.serializeState();

describe('a run over cohorts', () => {
  it('has all cohorts open at first, and at last a total and the users in it', () => {
    const run = runOf(4);
    expect(run.progress()).to.deep.equal({ revision: 0, open: [0, 1, 2, 3], done: [], failed: [], included: [] });
    run.record(nameOf(run, 2), resultOf(run, 2, 1, -1));
    run.record(nameOf(run, 0), { ...resultOf(run, 0, 10, -10), included: run.cohort(0).userIds.slice(1).toReversed() });
    run.fail(nameOf(run, 3), 'ERR_SECAGG_THRESHOLD');
    refused('ERR_SECAGG_USAGE', () => run.total(), UsageError); // cohort 1 is open
    expect(run.progress().open).to.deep.equal([1]);
    run.record(nameOf(run, 1), resultOf(run, 1, 100, -100));
    const included = [...run.cohort(2).userIds, ...run.cohort(0).userIds.slice(1), ...run.cohort(1).userIds].sort(
      (a, b) => a - b,
    );
    expect(run.progress()).to.deep.equal({
      ...{ revision: 4, open: [], done: [0, 1, 2], included },
      failed: [{ index: 3, attempt: 0, reason: 'ERR_SECAGG_THRESHOLD' }],
    });
    expect(run.total()).to.deep.equal(BigInt64Array.of(111n, -111n));
  });

  it('has no total if all cohorts failed', () => {
    const run = runOf(1);
    run.fail(nameOf(run, 0), 'timeout');
    refused('ERR_SECAGG_USAGE', () => run.total(), UsageError);
  });

  it('has the plain sum as its total, in whatever order sums are recorded, also after restarts', () => {
    const bitsOf = fc.constantFrom(1, 8, 13, 31, 32, 33, 40, 63, 64);
    fc.assert(
      fc.property(
        bitsOf,
        fc.array(fc.array(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), { minLength: 3, maxLength: 3 }), {
          minLength: 1,
          maxLength: 7,
        }),
        fc.infiniteStream(fc.nat()),
        fc.infiniteStream(fc.boolean()),
        (bits, drawn, choices, restarts) => {
          let run = runOf(drawn.length, bits, 3);
          const sums = drawn.map((components) => components.map((component) => BigInt.asIntN(bits, component)));
          const left = [...sums.keys()];
          while (left.length > 0) {
            const [index] = left.splice(choices.next().value! % left.length, 1) as [number];
            const vector = bits <= 32 ? Int32Array.from(sums[index]!, Number) : BigInt64Array.from(sums[index]!);
            run.record(nameOf(run, index), { included: run.cohort(index).userIds, vector });
            if (restarts.next().value!) run = CohortSum.fromState(run.serializeState());
          }
          const expected = [0, 1, 2].map((i) => sums.reduce((sum, vector) => sum + vector[i]!, 0n));
          if (expected.some((sum) => BigInt.asIntN(64, sum) !== sum)) refused('ERR_SECAGG_TOTAL_RANGE', () => run.total());
          else expect([...run.total()]).to.deep.equal(expected);
        },
      ),
    );
  });

  it('refuses a total of more than 64 bits, and gives any other exactly', () => {
    const [least, most] = [-(2n ** 63n), 2n ** 63n - 1n];
    const totalOf = (...sums: bigint[]): BigInt64Array => {
      const run = runOf(sums.length, 64, 1);
      for (const [index, sum] of sums.entries()) {
        run.record(nameOf(run, index), { included: run.cohort(index).userIds, vector: BigInt64Array.of(sum) });
      }
      return run.total();
    };
    expect(totalOf(most, most, least, least)).to.deep.equal(BigInt64Array.of(-2n)); // beyond 64 bits on the way
    expect(totalOf(most, 0n)).to.deep.equal(BigInt64Array.of(most));
    expect(totalOf(least, 0n)).to.deep.equal(BigInt64Array.of(least));
    refused('ERR_SECAGG_TOTAL_RANGE', () => totalOf(most, 1n));
    refused('ERR_SECAGG_TOTAL_RANGE', () => totalOf(least, -1n));
    refused('ERR_SECAGG_TOTAL_RANGE', () => totalOf(most, most, most));
  });

  it('keeps one vector, and of each sum no more than a digest', () => {
    const run = new CohortSum(cohortsOf(20), { session: '', vecLen: 1000 });
    for (let index = 0; index < 20; index++) {
      run.record(nameOf(run, index), { included: run.cohort(index).userIds, vector: new Int32Array(1000).fill(index) });
    }
    expect(run.serializeState().length).to.be.below(1000 * 8 * (4 / 3) + 20 * 150 + 1000);
    expect(run.total()).to.deep.equal(new BigInt64Array(1000).fill(190n));
  });

  it('does not keep the vector that it was given, which may change afterwards', () => {
    const run = runOf(1);
    const result = resultOf(run, 0, 1, 2);
    run.record(nameOf(run, 0), result);
    result.vector.fill(9 as never);
    run.total().fill(7n);
    expect(run.total()).to.deep.equal(BigInt64Array.of(1n, 2n));
  });
});

describe('results that are reported to a run twice, late or wrongly', () => {
  /** Runs something that must be refused, and leaves the run as it was. */
  const unchanged = (run: CohortSum, code: Parameters<typeof refused>[0], tell: () => void, kind = ProtocolError): void => {
    const before = told(run);
    refused(code, tell, kind);
    expect(told(run)).to.equal(before);
  };

  it("a cohort's sum reported twice counts once, and another one for the same session is refused", () => {
    const run = runOf(2);
    const result = resultOf(run, 0, 5, 6);
    run.record(nameOf(run, 0), result);
    const before = told(run);
    run.record(nameOf(run, 0), { included: [...result.included].reverse(), vector: Int32Array.of(5, 6) });
    expect(told(run)).to.equal(before);
    unchanged(run, 'ERR_SECAGG_EQUIVOCATION', () => run.record(nameOf(run, 0), resultOf(run, 0, 5, 7)));
    unchanged(run, 'ERR_SECAGG_EQUIVOCATION', () => {
      run.record(nameOf(run, 0), { ...result, included: result.included.slice(1) });
    });
    unchanged(run, 'ERR_SECAGG_EQUIVOCATION', () => run.fail(nameOf(run, 0), 'timeout'));
    run.record(nameOf(run, 1), resultOf(run, 1, 1, 1));
    expect(run.total()).to.deep.equal(BigInt64Array.of(6n, 7n));
  });

  it('a stale sum, from an earlier run over the same cohorts, is refused', () => {
    const cohorts = cohortsOf(2);
    const [earlier, run] = ['run 1', 'run 2'].map((session) => new CohortSum(cohorts, { session, vecLen: 2 })) as [
      CohortSum,
      CohortSum,
    ];
    unchanged(run, 'ERR_SECAGG_SESSION', () => run.record(nameOf(earlier, 0), resultOf(earlier, 0, 1, 1)));
    unchanged(run, 'ERR_SECAGG_SESSION', () => run.fail(nameOf(earlier, 0), 'timeout'));
    unchanged(run, 'ERR_SECAGG_SESSION', () => run.record('', resultOf(run, 0, 1, 1)));
  });

  it("a cohort's sum under another cohort's name is refused, because its users are not in that cohort", () => {
    const run = runOf(2);
    unchanged(run, 'ERR_SECAGG_UNKNOWN_USER', () => run.record(nameOf(run, 0), resultOf(run, 1, 1, 1)));
  });

  it('a sum over fewer users than the threshold, over one user twice, or over strangers is refused', () => {
    const run = runOf(2);
    const { userIds } = run.cohort(0);
    const [a, b] = userIds as [number, number];
    const tell = (included: readonly number[]) => (): void =>
      run.record(nameOf(run, 0), { included, vector: Int32Array.of(1, 1) });
    const before = told(run);
    const { have, need } = refused('ERR_SECAGG_THRESHOLD', tell([a]), ThresholdError);
    expect([have, need]).to.deep.equal([1, 2]);
    refused('ERR_SECAGG_THRESHOLD', tell([]), ThresholdError);
    expect(told(run)).to.equal(before);
    unchanged(run, 'ERR_SECAGG_DUPLICATE_USER', tell([a, b, a]));
    unchanged(run, 'ERR_SECAGG_UNKNOWN_USER', tell([a, b, 7]));
  });

  it('a vector that is no sum of this ring is refused by the name of the argument', () => {
    const run = runOf(1, 12);
    const wide = runOf(1, 40);
    const before = [told(run), told(wide)];
    const tell = (to: CohortSum, vector: unknown) => (): void =>
      to.record(nameOf(to, 0), { included: to.cohort(0).userIds, vector } as CohortResult);
    expect(tell(run, [1, 2])).to.throw(TypeError, /^vector/);
    expect(tell(run, new Float64Array(2))).to.throw(TypeError, /^vector/);
    expect(tell(run, BigInt64Array.of(1n, 2n))).to.throw(TypeError, /^vector/);
    expect(tell(wide, Int32Array.of(1, 2))).to.throw(TypeError, /^vector/);
    expect(tell(run, Int32Array.of(1))).to.throw(RangeError, /^vector/);
    expect(tell(run, Int32Array.of(0, 2048))).to.throw(RangeError, /component 1/);
    expect(tell(run, Int32Array.of(-2049, 0))).to.throw(RangeError, /component 0/);
    expect(tell(wide, BigInt64Array.of(0n, 2n ** 39n))).to.throw(RangeError, /component 1/);
    expect(tell(wide, BigInt64Array.of(-(2n ** 39n) - 1n, 0n))).to.throw(RangeError, /component 0/);
    expect([told(run), told(wide)]).to.deep.equal(before);
    tell(run, Int32Array.of(-2048, 2047))();
    tell(wide, BigInt64Array.of(-(2n ** 39n), 2n ** 39n - 1n))();
    expect([...run.total()]).to.deep.equal([-2048n, 2047n]);
    expect([...wide.total()]).to.deep.equal([-(2n ** 39n), 2n ** 39n - 1n]);
  });

  it('arguments of another type are refused by their name', () => {
    const run = runOf(1);
    const result = resultOf(run, 0, 1, 1);
    expect(() => run.record(0 as never, result)).to.throw(TypeError, /^session/);
    expect(() => run.record(nameOf(run, 0), { ...result, included: new Set([1]) } as never)).to.throw(TypeError, /^included/);
    expect(() => run.record(nameOf(run, 0), { ...result, included: ['1'] } as never)).to.throw(TypeError, /^included\[0\]/);
    expect(() => run.record(nameOf(run, 0), { ...result, users: 1 } as never)).to.throw(TypeError, /users/);
    expect(() => run.fail(nameOf(run, 0), new Error('x') as never)).to.throw(TypeError, /^reason/);
    expect(() => run.cohort(1)).to.throw(RangeError, /^index/);
    expect(() => new CohortSum({} as never, { session: '', vecLen: 1 })).to.throw(TypeError, /^cohorts/);
    expect(() => new CohortSum(cohortsOf(1), { vecLen: 1 } as never)).to.throw(TypeError, /session/);
    expect(() => new CohortSum(cohortsOf(1), { session: '', vecLen: 0 })).to.throw(RangeError, /^vecLen/);
    expect(() => new CohortSum(cohortsOf(1), { session: '', vecLen: 1, bits: 8 } as never)).to.throw(TypeError, /bits/);
  });
});

describe('a cohort that failed', () => {
  it('begins anew in a session of another name, which refuses results of the first one', () => {
    const run = runOf(2);
    const first = run.cohort(0);
    refused('ERR_SECAGG_USAGE', () => run.retry(0), UsageError); // it is open
    run.fail(first.options.session, 'ERR_SECAGG_THRESHOLD');
    run.fail(first.options.session, 'timeout');
    expect(run.progress().failed).to.deep.equal([{ index: 0, attempt: 0, reason: 'ERR_SECAGG_THRESHOLD' }]);
    refused('ERR_SECAGG_LATE', () => run.record(first.options.session, resultOf(run, 0, 1, 1)), ProtocolError);

    const second = run.retry(0);
    expect(second).to.deep.equal(run.cohort(0));
    expect(second).to.deep.equal({ ...first, attempt: 1, options: { ...first.options, session: second.options.session } });
    expect(second).to.deep.equal(run.cohorts.cohort(0, { session: 'run 1', attempt: 1 }));
    expect(second.options.session).not.to.equal(first.options.session);
    expect(run.progress()).to.deep.include({ open: [0, 1], failed: [] });
    refused('ERR_SECAGG_USAGE', () => run.retry(0), UsageError);

    // The first session has a sum after all, or is given up once more.
    refused('ERR_SECAGG_SESSION', () => run.record(first.options.session, resultOf(run, 0, 1, 1)), ProtocolError);
    refused('ERR_SECAGG_SESSION', () => run.fail(first.options.session, 'timeout'), ProtocolError);
    run.record(second.options.session, resultOf(run, 0, 2, 2));
    run.record(nameOf(run, 1), resultOf(run, 1, 3, 3));
    expect(run.total()).to.deep.equal(BigInt64Array.of(5n, 5n));
    refused('ERR_SECAGG_USAGE', () => run.retry(0), UsageError); // it is done
  });

  it('begins anew after a restart too, as often as it fails', () => {
    let run = runOf(1);
    const names = new Set<string>();
    for (let attempt = 0; attempt < 5; attempt++) {
      names.add(nameOf(run, 0));
      expect(run.cohort(0).attempt).to.equal(attempt);
      run.fail(nameOf(run, 0), 'timeout');
      run = CohortSum.fromState(run.serializeState());
      run.retry(0);
      run = CohortSum.fromState(run.serializeState());
    }
    expect(names.size).to.equal(5);
    expect(run.progress().revision).to.equal(10);
  });
});

describe('the state of a run', () => {
  /** A cohort of each standing. */
  const stateOf = (bits: number): string => {
    const userIds = Array.from({ length: 12 }, (_, i) => i + 1);
    const sessions = [
      { count: 2, users: 4, threshold: 3, options: { bits, colluders: 1 } },
      { count: 1, users: 4, threshold: 2, options: { bits, adversary: 'semi-honest' as const } },
    ];
    const cohorts = assignCohorts({ userIds, sessions, seed: new Uint8Array(32).fill(1) });
    const run = new CohortSum(cohorts, { session: 'strict', vecLen: 2 });
    run.fail(nameOf(run, 0), 'timeout');
    run.retry(0);
    run.fail(nameOf(run, 1), 'ERR_SECAGG_THRESHOLD');
    const vector = bits <= 32 ? Int32Array.of(3, -3) : BigInt64Array.of(3n, -3n);
    run.record(nameOf(run, 2), { included: run.cohort(2).userIds.slice(1), vector });
    return run.serializeState();
  };

  /** Changes that give another valid state. */
  const ADMITTED: readonly RegExp[] = [
    /^\.standings \[\d\] \.reason "/, // one reason is as good as another
    /^\.session "/,
  ];

  for (const bits of [20, 40]) {
    it(`of ${bits} bits: no field can be missing, extra, of another type or of another length`, () => {
      const state = stateOf(bits);
      const recover = (text: string): string => CohortSum.fromState(text).serializeState();
      expect(recover(state)).to.equal(state);
      const admitted: string[] = [];
      let tried = 0;
      for (const [what, changed] of mutations(JSON.parse(state) as Json)) {
        tried++;
        try {
          recover(JSON.stringify(changed));
        } catch (error) {
          if (error instanceof StateError) continue;
          admitted.push(`${what}: ${String(error)}`);
          continue;
        }
        if (!ADMITTED.some((pattern) => pattern.test(what))) admitted.push(what);
      }
      expect(admitted).to.deep.equal([]);
      expect(tried).to.be.greaterThan(150);
    });
  }

  interface Editable {
    session: string;
    cohorts: { userIds: number[]; sessions: { count: number; users: number; threshold: number; options: { bits: number } }[] };
    vecLen: number;
    standings: { included: string }[];
    total: { low: string; high: string | null };
  }
  const base64 = (...components: number[]): string => Buffer.from(Float64Array.from(components).buffer).toString('base64');

  const CONTRADICTIONS: readonly [what: string, bits: number, change: (json: Editable) => void][] = [
    ['users in another order: positions that are not theirs', 20, ({ cohorts }) => cohorts.userIds.reverse()],
    ['a user twice', 20, ({ cohorts }) => (cohorts.userIds[1] = 1)],
    ['a user less than its cohorts have', 20, ({ cohorts }) => cohorts.userIds.pop()],
    ['a cohort more', 20, ({ cohorts }) => (cohorts.sessions[0]!.count = 3)],
    ['a threshold that does not withstand the server', 20, ({ cohorts }) => (cohorts.sessions[0]!.threshold = 2)],
    ['a threshold that a sum does not reach', 20, ({ cohorts }) => (cohorts.sessions[1]!.threshold = 4)],
    ['rings of two widths', 20, ({ cohorts }) => (cohorts.sessions[0]!.options.bits = 21)],
    ['a ring without upper halves and upper halves', 20, ({ total }) => (total.high = base64(0, 0))],
    ['a wide ring without them', 40, ({ total }) => (total.high = null)],
    ['a context longer than sessions take', 20, (json) => (json.session = Buffer.alloc(65_537).toString('base64'))],
    ['no components', 20, (json) => ([json.vecLen, json.total.low] = [0, ''])],
    ['a standing less', 20, ({ standings }) => standings.pop()],
    ['a user in a sum beyond its cohort', 20, ({ standings }) => (standings[2]!.included = Buffer.of(0x1e).toString('base64'))],
    [
      'fewer users in a sum than its threshold',
      20,
      ({ standings }) => (standings[2]!.included = Buffer.of(8).toString('base64')),
    ],
    ['a total that is no integer', 20, ({ total }) => (total.low = base64(0.5, 0))],
    ['a total that is no number', 20, ({ total }) => (total.low = base64(NaN, 0))],
    ['a total beyond what one sum reaches', 20, ({ total }) => (total.low = base64(2 ** 19, 0))],
    ['a total below what one sum reaches', 20, ({ total }) => (total.low = base64(0, -(2 ** 19) - 1))],
    ['negative lower halves', 40, ({ total }) => (total.low = base64(-1, 0))],
    ['upper halves beyond what one sum reaches', 40, ({ total }) => (total.high = base64(0, 2 ** 7))],
  ];
  for (const [what, bits, change] of CONTRADICTIONS) {
    it(`with ${what} is refused`, () => {
      const json = JSON.parse(stateOf(bits)) as Editable;
      change(json);
      refused('ERR_SECAGG_STATE', () => CohortSum.fromState(JSON.stringify(json)), StateError);
    });
  }

  it('of another role or version is refused with its own code', () => {
    const state = stateOf(20);
    refused('ERR_SECAGG_STATE_ROLE', () => CohortSum.fromState(state.replace('cohort-sum', 'server')), StateError);
    refused('ERR_SECAGG_STATE_VERSION', () => CohortSum.fromState(state.replace('"version":1', '"version":2')), StateError);
  });
});
