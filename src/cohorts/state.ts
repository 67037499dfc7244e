// A run over cohorts as JSON. The assignment is not in it: it is drawn again from the enrolment and the seed.
import { copyOf } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { countMembers, isMembers, type Members } from '../leaves/members.ts';
import { resolveParameters, sessionContext } from '../session/parameters.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { members, requireAscending, userId } from '../session/json.ts';
import {
  bytes,
  document,
  integer,
  list,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  require,
  text,
  type Codec,
  type Document,
} from '../session/codec.ts';
import { assignCohorts, MAX_ATTEMPT, SEED_BYTES, type Cohorts, type WrittenAssignment } from './cohorts.ts';
import { RunningTotal } from './running-total.ts';

/** How far one cohort is in its present attempt. */
export type Standing =
  | { readonly status: 'open'; readonly attempt: number }
  | { readonly status: 'done'; readonly attempt: number; readonly digest: Uint8Array; readonly included: Members }
  | { readonly status: 'failed'; readonly attempt: number; readonly reason: string };

/** The whole state of a run. */
export interface CohortSumSnapshot {
  /** Grows with every change. */
  readonly revision: number;
  readonly cohorts: Cohorts;
  /** The run's own context. */
  readonly session: Uint8Array;
  readonly vecLen: number;
  /** One a cohort, by its index. */
  readonly standings: readonly Standing[];
  readonly total: RunningTotal;
}

const VERSION = 1;
const integers = integer(0, Number.MAX_SAFE_INTEGER);
const attempt = integer(0, MAX_ATTEMPT);

const assignment = record<WrittenAssignment>({
  userIds: list<number>(userId),
  sessions: list(
    record<WrittenAssignment['sessions'][number]>({
      count: integers,
      users: integers,
      threshold: integers,
      options: record<WrittenAssignment['sessions'][number]['options']>({
        bits: integers,
        adversary: oneOf('malicious', 'semi-malicious', 'semi-honest'),
        colluders: integers,
      }),
    }),
  ),
  seed: bytes(SEED_BYTES),
});

const cohorts: Codec<Cohorts> = {
  encode: (value) => assignment.encode(value.written),
  decode(json, path): Cohorts {
    const written = assignment.decode(json, path);
    requireAscending(written.userIds, `${path}.userIds`);
    return checked(path, () => assignCohorts(written));
  },
};

/** Doubles in the byte order of the machine, which the rounds require to be little-endian. */
const doubles: Codec<Float64Array> = {
  encode: (value) => bytes().encode(new Uint8Array(value.buffer)),
  decode(json, path): Float64Array {
    const decoded = bytes().decode(json, path);
    require(decoded.length % 8 === 0, path, 'whole components');
    return new Float64Array(copyOf(decoded).buffer);
  },
};

const total: Codec<RunningTotal> = {
  encode: ({ low, high }) => ({ low: doubles.encode(low), high: nullable(doubles).encode(high) }),
  decode(json, path): RunningTotal {
    const { low, high } = record<Pick<RunningTotal, 'low' | 'high'>>({ low: doubles, high: nullable(doubles) }).decode(
      json,
      path,
    );
    return new RunningTotal(low, high);
  },
};

type StandingOf<S extends Standing['status']> = Extract<Standing, { readonly status: S }>;

const snapshot = record<CohortSumSnapshot>({
  revision: integers,
  cohorts,
  session: bytes(),
  vecLen: integers,
  standings: list(
    oneOfKinds<'status', Standing>('status', {
      open: record<StandingOf<'open'>>({ status: oneOf('open'), attempt }),
      done: record<StandingOf<'done'>>({ status: oneOf('done'), attempt, digest: bytes(DIGEST_BYTES), included: members }),
      failed: record<StandingOf<'failed'>>({ status: oneOf('failed'), attempt, reason: text }),
    }),
  ),
  total,
});

export const cohortSumDocument: Document<CohortSumSnapshot> = document('cohort-sum', VERSION, {
  encode: (value) => snapshot.encode(value),
  decode(json, path): CohortSumSnapshot {
    const decoded = snapshot.decode(json, path);
    checkSnapshot(decoded, path);
    return decoded;
  },
});

/** Checks what no single field shows. @throws StateError. */
function checkSnapshot(value: CohortSumSnapshot, path: string): void {
  const { bits, count } = value.cohorts;
  checked(path, () => resolveParameters(2, value.vecLen, { bits }));
  checked(path, () => sessionContext(value.session));
  require(value.standings.length === count, `${path}.standings`, 'one a cohort');
  for (const [index, standing] of value.standings.entries()) {
    if (standing.status === 'done')
      checkIncluded(standing.included, at(value.cohorts.kinds, index), `${path}.standings[${index}]`);
  }
  const done = value.standings.filter(({ status }) => status === 'done').length;
  checkTotal(value.total, { bits, vecLen: value.vecLen, done }, `${path}.total`);
}

function checkIncluded(included: Members, { users, threshold }: Cohorts['kinds'][number], path: string): void {
  require(isMembers(included, users), `${path}.included`, `a set over ${users} users`);
  require(countMembers(included) >= threshold, `${path}.included`, `at least ${threshold} users`);
}

interface Reach {
  readonly bits: number;
  readonly vecLen: number;
  readonly done: number;
}

/** Checks that so many sums can have added up to the total. */
function checkTotal({ low, high }: RunningTotal, { bits, vecLen, done }: Reach, path: string): void {
  const wide = bits > 32;
  require(low.length === vecLen && high?.length === (wide ? vecLen : undefined), path, `${vecLen} components`);
  const within = (values: Float64Array, least: number, most: number): boolean =>
    values.every((value) => Number.isInteger(value) && value >= done * least && value <= done * most);
  const half = 2 ** ((wide ? bits - 32 : bits) - 1);
  const fits = high === null ? within(low, -half, half - 1) : within(low, 0, 0xffff_ffff) && within(high, -half, half - 1);
  require(fits, path, `what ${done} sums can add up to`);
}

/** Turns what constructors refuse into a StateError. */
function checked<T>(path: string, make: () => T): T {
  try {
    return make();
  } catch (error) {
    throw new StateError(`state, ${path}: ${error instanceof RangeError ? error.message : 'invalid'}`);
  }
}
