// Vectors that come late: users exchange keys and shares first, for example while devices are still training, and give their vectors
// by setVector before round 2.
import assert from 'node:assert/strict';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const session = 'late-input example, run 1'; // what is summed, and which run of it
const threshold = 3;
const vecLen = 4;
const people = [0, 1, 2, 3].map((id) => ({ id, keys: genKeypair() }));
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));

// There is no vector yet, so its length must be given.
const users = people.map(({ id, keys }) => new UserWrapper(id, threshold, ...keys, null, publicKeys, { session, vecLen }));
const server = new ServerWrapper(threshold, vecLen, { session, publicKeys });

let messages = new Map(users.map((user) => [user.id, round0Msg()]));

async function runRound(): Promise<void> {
  for (const user of users) {
    const message = messages.get(user.id);
    if (message !== undefined) server.recv(user.id, await user.round(message));
  }
  const output = await server.round();
  if (output.isMessages()) messages = output.getMessages();
}

await runRound();
await runRound();
console.log(
  'keys and shares are exchanged; a vector is still needed:',
  users.map((user) => user.progress().needsVector),
);

for (const user of users) {
  // Without a vector round 2 cannot be answered. The attempt does not change the user.
  const message = messages.get(user.id) ?? assert.fail();
  await assert.rejects(user.round(message), { code: 'ERR_SECAGG_NO_VECTOR' });
  user.setVector([1, 1, 1, user.id + 1]);
}
await runRound();
await runRound();
await runRound();

const sum = server.output()?.getVector() ?? [];
console.log('sum', sum);
assert.deepEqual([...sum], [4, 4, 4, 10]);
