// The statements that write a round's messages: each stays far below the longest that PostgreSQL takes.
import { expect } from 'chai';
import { writeOutgoing } from '../../src/postgres/outgoing.ts';
import type { Statement } from '../../src/postgres/statement.ts';
import type { Messages } from '../../src/server/messages-to-users.ts';
import { MessagesOutput } from '../../src/server/output.ts';

type Values = readonly [users: number[], owners: (number | null)[], bodies: (Uint8Array | null)[]];

/** The values of the statements that write the messages. */
async function statementsFor(messages: Messages): Promise<Values[]> {
  const statements: Values[] = [];
  const query = <Row>(_: Statement<Row>, values: readonly unknown[] = []): Promise<Row[]> => {
    statements.push(values.slice(2) as unknown as Values);
    return Promise.resolve([]);
  };
  await writeOutgoing(query, 's', 2, new MessagesOutput(messages));
  return statements;
}

describe('the messages of a round', () => {
  it('a server writes messages that are long together in several statements, each user once', async () => {
    const length = 5_000_000;
    const messages = new Map(Array.from({ length: 10 }, (_, i) => [7 * i, new Uint8Array(length).fill(i)]));
    const statements = await statementsFor(messages);
    expect(statements.map(([users]) => users)).to.deep.equal([
      [0, 7, 14, 21],
      [28, 35, 42, 49],
      [56, 63],
    ]);
    for (const [users, owners, bodies] of statements) {
      expect(owners.every((owner) => owner === null)).to.equal(true);
      expect(bodies).to.deep.equal(users.map((user) => messages.get(user)));
    }
  });

  it('a server makes each message once', async () => {
    const made: number[] = [];
    const get = (user: number): Uint8Array<ArrayBuffer> => {
      made.push(user);
      return Uint8Array.of(user);
    };
    const users = [3, 1, 2];
    const statements = await statementsFor({ keys: () => users.values(), get });
    expect(made).to.deep.equal(users);
    expect(statements).to.deep.equal([[users, [null, null, null], users.map((user) => Uint8Array.of(user))]]);
  });

  it('a server writes a message that all users get once, in the first row', async () => {
    const bytes = new Uint8Array(5_000_000).fill(3);
    const users = Array.from({ length: 100 }, (_, i) => 1000 - i);
    const statements = await statementsFor(new Map(users.map((user) => [user, bytes])));
    expect(statements).to.deep.equal([
      [users, users.map((_, i) => (i === 0 ? null : 1000)), users.map((_, i) => (i === 0 ? bytes : null))],
    ]);
  });
});
