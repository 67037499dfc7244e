// The vector comes late: keys and shares are exchanged first, say while devices are still training, and each user gives
// its vector by setVector before round 2.
import assert from 'node:assert/strict';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const session = 'late-input example, run 1'; // what is summed, and which run of it
const threshold = 3;
const vecLen = 4;
const people = [0, 1, 2, 3].map((id) => ({ id, keys: genKeypair() }));
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));

// No vector yet, so its length must be said.
const users = people.map(({ id, keys }) => new UserWrapper(id, threshold, ...keys, null, publicKeys, { session, vecLen }));
const server = new ServerWrapper(threshold, vecLen, { session, publicKeys });

let messages = new Map(users.map((user) => [user.id, round0Msg()]));

async function playRound(): Promise<void> {
  for (const user of users) {
    const message = messages.get(user.id);
    if (message !== undefined) server.recv(user.id, await user.round(message));
  }
  const output = await server.round();
  if (output.isMessages()) messages = output.getMessages();
}

await playRound();
await playRound();
console.log(
  'keys and shares are exchanged; a vector is still needed:',
  users.map((user) => user.progress().needsVector),
);

for (const user of users) {
  // Without it round 2 cannot be answered. To try costs nothing: the user is as it was.
  const message = messages.get(user.id) ?? assert.fail();
  await assert.rejects(user.round(message), { code: 'ERR_SECAGG_NO_VECTOR' });
  user.setVector([1, 1, 1, user.id + 1]);
}
await playRound();
await playRound();
await playRound();

const sum = server.output()?.getVector() ?? [];
console.log('sum', sum);
assert.deepEqual([...sum], [4, 4, 4, 10]);
