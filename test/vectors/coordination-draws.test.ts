// Draws of cohorts beside the independent implementation in Python, test/reference/coordination/draws.py.
import { readFileSync } from 'node:fs';
import { expect } from 'chai';
import { sessionPlan } from '../../src/service/attempt-plan.ts';
import { readRoster } from '../../src/service/roster.ts';
import { cohortSessions, drawCohorts, enrolmentBytes, readEnrolment } from '../../src/service/enrolment.ts';
import { registrarSeeds, Task } from '../../src/service/index.ts';
import { fromHex, toHex } from '../support/vectors.ts';

interface Vectors {
  readonly task: unknown;
  readonly announcement: string;
  readonly seedAt: number;
  readonly registrar: { readonly publicKey: string; readonly scope: string };
  readonly sizes: readonly (readonly [number, readonly number[] | null])[];
  readonly draws: readonly {
    readonly attempt: number;
    readonly enrolment: string;
    readonly seedDocument: string;
    readonly seed: string;
    readonly enrolmentDigest: string;
    readonly sessions: readonly { readonly ids: readonly number[]; readonly roster: string; readonly context: string }[];
  }[];
}

describe('draws of cohorts beside the independent reference', () => {
  const { task: written, announcement, seedAt, registrar, sizes, draws } = JSON.parse(
    readFileSync(new URL('coordination/draws.json', import.meta.url), 'utf8'),
  ) as Vectors;
  const task = Task.fromJSON(written);

  it('divide participants into the same sizes', () => {
    for (const [enrolled, expected] of sizes) {
      const sessions = cohortSessions(task, enrolled);
      const got = sessions?.flatMap(({ count, users }) => new Array<number>(count).fill(users)) ?? null;
      expect(got, `${enrolled}`).to.deep.equal(expected);
    }
  });

  it('have the same seed from the registrar’s document', async () => {
    const authority = { publicKey: fromHex(registrar.publicKey), scope: registrar.scope };
    for (const { seedDocument, seed } of draws) {
      const seeds = registrarSeeds({ authority, fetch: () => Promise.resolve(fromHex(seedDocument)) });
      expect(toHex((await seeds(seedAt, {}))!)).to.equal(seed);
    }
  });

  it('have the same members, and the same sessions', () => {
    for (const { attempt, enrolment, seed, enrolmentDigest, sessions } of draws) {
      const bytes = fromHex(enrolment);
      const { userIds } = readEnrolment(bytes);
      expect(toHex(enrolmentBytes({ seedAt, userIds }))).to.equal(enrolment);
      const cohorts = drawCohorts(task, { seedAt, userIds }, fromHex(seed));
      expect(cohorts.enrolment).to.equal(enrolmentDigest);
      const members = sessions.map((_, index) => cohorts.cohort(index, { session: '' }).userIds);
      expect(members).to.deep.equal(sessions.map(({ ids }) => ids));
      for (const [index, { roster, context }] of sessions.entries()) {
        const about = { announcement: fromHex(announcement), attempt, roster: readRoster(fromHex(roster)) };
        const draw = { enrolment: fromHex(enrolmentDigest), seed: fromHex(seed), index };
        expect(sessionPlan(task, about, draw).name).to.equal(context);
      }
    }
  });
});
