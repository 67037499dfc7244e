// Rows as statements decode them: of the types that they declare, or a StoreError.
import { constants } from 'node:buffer';
import { expect } from 'chai';
import { StateError, StoreError } from '../../src/index.ts';
import { Database } from '../../src/postgres/database.ts';
import type { PoolConnection } from '../../src/postgres/index.ts';
import {
  boolean,
  bytes,
  integer,
  MOST_BYTEA_BYTES,
  nullable,
  number,
  oneOf,
  statement,
  text,
  time,
  type Statement,
} from '../../src/postgres/statement.ts';
import { refused, rejected } from '../support/errors.ts';

const ROW = {
  id: '9007199254740991',
  round: 2,
  same_as: null,
  state: '{}',
  body: Buffer.from([1, 2]),
  expired: false,
  status: 'open',
  expires_at: 500,
  at: 0.25,
};

describe('a statement', () => {
  const all = statement('select …', {
    id: integer,
    round: integer,
    same_as: nullable(integer),
    state: nullable(text),
    body: bytes,
    expired: boolean,
    status: oneOf(['open', 'closed']),
    expires_at: time,
    at: number,
  });
  const decode = <Row>({ decode }: Statement<Row>, row: unknown): Row | undefined => decode?.(row);

  it('decodes what the driver gives for each type', () => {
    const row = decode(all, ROW);
    expect(row).to.deep.equal({ ...ROW, id: 2 ** 53 - 1, body: Uint8Array.of(1, 2), expires_at: new Date(500) });
    expect(Buffer.isBuffer(row?.body)).to.equal(false);
    expect(decode(all, { ...ROW, id: 7n })?.id).to.equal(7);
  });

  it('refuses a value of another type than it declares', () => {
    const wrong = {
      id: ['9007199254740992', 'x', 0.5, null, undefined],
      same_as: [undefined, true],
      state: [{}, 1],
      body: ['\\x0', '\\x0g', 1, null],
      expired: ['no', 1, null],
      status: ['lost', null],
      expires_at: [null, new Date(0), 0.5],
      at: [null, '', 'x'],
    };
    for (const [name, values] of Object.entries(wrong)) {
      for (const value of values) {
        const error = refused('ERR_SECAGG_STORE', () => decode(all, { ...ROW, [name]: value }), StoreError);
        expect(error.retryable).to.equal(false);
      }
    }
  });

  it('without columns ignores the rows', () => {
    expect(statement('select 1').decode).to.equal(null);
  });
});

describe('a value for the database', () => {
  it('that the driver could write and never read, as text of two digits a byte, is refused before it is sent', async () => {
    expect(2 * MOST_BYTEA_BYTES + '\\x'.length).to.be.at.most(constants.MAX_STRING_LENGTH);
    const sent: string[] = [];
    const connection: PoolConnection = {
      query({ text }) {
        sent.push(text);
        return Promise.resolve({ rows: [], command: '' });
      },
      release: () => undefined,
    };
    const database = new Database({ connect: () => Promise.resolve(connection) });
    const write = (length: number): Promise<unknown> =>
      database.transactionWithoutVersion((query) => query(statement('insert'), ['x', null, new Uint8Array(length)]));
    await write(MOST_BYTEA_BYTES);
    expect(sent.slice(1)).to.deep.equal(['insert', 'commit']);
    await rejected('ERR_SECAGG_STATE_SIZE', write(MOST_BYTEA_BYTES + 1), StateError);
    expect(sent.slice(4)).to.deep.equal(['rollback']);
  });
});
