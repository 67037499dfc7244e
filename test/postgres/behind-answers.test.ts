// Long vectors in PostgreSQL: what takes long is not in the answers.
import { expect } from 'chai';
import { performance } from 'node:perf_hooks';
import { PostgresSessionHost, PostgresSessions } from '../../src/postgres/index.ts';
import { decodeRequest } from '../../src/service/request.ts';
import { instead } from '../support/instead.ts';
import { SmallService } from '../support/service-world/small-service.ts';
import { testDatabase, type TestDatabase } from './support.ts';

const VEC_LEN = 2 ** 18;
const RUNS = 5;

const median = (numbers: readonly number[]): number => numbers.toSorted((a, b) => a - b)[numbers.length >> 1]!;

describe('the last answer of a session with 2^18 components', function () {
  this.timeout(120_000);
  let database: TestDatabase;
  before(async () => (database = await testDatabase()));
  after(() => database.end());

  it('takes about as long as the first one of its round, and not as long as the removal of the masks', async () => {
    const aggregate = { kind: 'integers', vecLen: VEC_LEN, bits: 16 } as const;
    const service = await SmallService.open({ users: 6, definition: { aggregate } });
    const sessions = new PostgresSessions(database.pool, { schema: database.schema });
    await sessions.migrate();
    const inPostgres = new PostgresSessionHost(sessions);
    const closings: number[] = [];
    const host = instead<PostgresSessionHost>(inPostgres, {
      async close(name, round) {
        const began = performance.now();
        await inPostgres.close(name, round);
        if (round === 4) closings.push(performance.now() - began);
      },
    });
    service.coordinator = service.process({ host });
    await service.giveList(service.coordinator);
    /** Milliseconds of the answers of round 4, by run. */
    const answers: number[][] = [];
    const data = new Array<number>(VEC_LEN).fill(1);
    const participants = service.parties.people.map((person) =>
      service.participant(person, {
        inputs: { load: ({ run }) => Promise.resolve({ id: `input ${run}`, data }) },
        exchange: async (request) => {
          const began = performance.now();
          const response = await service.coordinator.answer(request);
          const { kind, place } = decodeRequest(request);
          if (kind === 'answer' && place.round === 4) (answers[place.run] ??= []).push(performance.now() - began);
          return response;
        },
      }),
    );
    for (let each = 0; each < RUNS; each++) {
      const outcome = await service.end(await service.openRun(), participants);
      if (outcome.kind !== 'finished') throw new Error(outcome.code);
      expect(outcome.result).to.deep.equal(new Int32Array(VEC_LEN).fill(6));
    }
    const runs = answers.filter((run) => run.length > 0);
    const [first, last] = [median(runs.map((run) => run[0]!)), median(runs.map((run) => run.at(-1)!))];
    expect([runs.length, closings.length]).to.deep.equal([RUNS, RUNS]);
    const figures = `${first} ms first, ${last} ms last, ${median(closings)} ms for the masks`;
    expect(last, figures).to.be.below(median(closings));
    expect(last, figures).to.be.below(4 * first);
  });
});
