// Long strings in chunks, and pieces of them, wherever they begin and end.
import { expect } from 'chai';
import { StateError } from '../../src/index.ts';
import { CHUNK_BYTES, readSlices, readString, stageStrings, writeChunks } from '../../src/postgres/chunks.ts';
import { Database } from '../../src/postgres/database.ts';
import { PostgresSessions } from '../../src/postgres/index.ts';
import { rejected } from '../support/errors.ts';
import { testDatabase, type TestDatabase } from './support.ts';

describe('long strings in PostgreSQL', function () {
  this.timeout(60_000);
  let test: TestDatabase;
  let database: Database;
  before(async () => {
    test = await testDatabase();
    database = new Database(test.pool, { schema: test.schema });
    await new PostgresSessions(test.pool, { schema: test.schema }).migrate();
  });
  after(() => test.end());

  it('pieces of a string are read across the end of a chunk, in the order in which they are asked for', async () => {
    const [session, set] = [crypto.randomUUID(), crypto.randomUUID()];
    const long = new Uint8Array(CHUNK_BYTES + 9).fill(1);
    long.set([2, 3, 4, 5], CHUNK_BYTES - 2);
    const short = Uint8Array.of(6, 7, 8);
    const rest = await stageStrings(database, session, set, [
      ['sum', long],
      ['u2', short],
    ]);
    const slices = (kind: 'sum' | 'u2', from: number, length: number) => ({ set, kind, from, length });
    await rejected('ERR_SECAGG_STATE', readSlices(database.read, session, [slices('u2', 0, 3)]), StateError);
    await database.transaction((query) => writeChunks(query, rest));
    expect(
      await readSlices(database.read, session, [
        slices('u2', 1, 2),
        slices('sum', CHUNK_BYTES - 3, 6),
        slices('sum', 0, 1),
        slices('sum', CHUNK_BYTES, 9),
        slices('u2', 1, 2),
      ]),
    ).to.deep.equal([
      Uint8Array.of(7, 8),
      Uint8Array.of(1, 2, 3, 4, 5, 1),
      Uint8Array.of(1),
      Uint8Array.of(4, 5, 1, 1, 1, 1, 1, 1, 1),
      Uint8Array.of(7, 8),
    ]);
    expect((await readString(database.read, session, { set, kind: 'sum' }, long.length)).length).to.equal(long.length);
    await rejected('ERR_SECAGG_STATE', readString(database.read, session, { set, kind: 'sum' }, 5), StateError);
    await rejected('ERR_SECAGG_STATE', readSlices(database.read, session, [slices('u2', 1, 3)]), StateError);
    await rejected('ERR_SECAGG_STATE', readSlices(database.read, session, [slices('sum', long.length, 1)]), StateError);
    expect(await readString(database.read, session, { set: crypto.randomUUID(), kind: 'sum' }, null)).to.have.length(0);
  });
});
