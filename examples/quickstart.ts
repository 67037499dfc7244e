// The smallest session: four users, one of which drops out, and the sum of the other three.
import assert from 'node:assert/strict';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const session = 'quickstart example, run 1'; // what is summed, and which run of it
const threshold = 3;
const people = [1, 10, 100, 1000].map((value, id) => ({ id, vec: [value, 2 * value], keys: genKeypair() }));

// The public key of each user. The application vouches for them, not the aggregation server.
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));

const users = people.map(({ id, vec, keys }) => new UserWrapper(id, threshold, ...keys, vec, publicKeys, { session }));
const server = new ServerWrapper(threshold, 2, { session, publicKeys });

let messages = new Map(users.map((user) => [user.id, round0Msg()]));
let output;
do {
  for (const user of users) {
    const message = messages.get(user.id);
    const silent = user.id === 3 && user.progress().round === 2;
    if (message !== undefined && !silent) server.recv(user.id, await user.round(message));
  }
  output = await server.round();
  if (output.isMessages()) messages = output.getMessages();
} while (!output.isVector());

console.log('sum of users', server.progress().included, 'is', output.getVector());
assert.deepEqual([...output.getVector()], [111, 222]);
