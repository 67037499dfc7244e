// Parties that crash between rounds. Nothing survives except what is stored: each party recovers its state, works, saves its state, and
// only then sends.
import assert from 'node:assert/strict';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const session = 'restart example, run 1'; // what is summed, and which run of it
const threshold = 3;
const people = [1, 10, 100, 1000].map((value, id) => ({ id, vec: [value, 2 * value], keys: genKeypair() }));
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));

/** Stands for the disks of all parties, which share nothing. A user's state holds secrets; the server's holds none. */
const disk = new Map<string, string>();

for (const { id, vec, keys } of people) {
  save(`user ${id}`, new UserWrapper(id, threshold, ...keys, vec, publicKeys, { session }));
}
save('server', new ServerWrapper(threshold, 2, { session, publicKeys }));

/** A process of a user: it answers one message and ends. */
async function userProcess(id: number, message: Uint8Array): Promise<Uint8Array> {
  const user = UserWrapper.fromState(load(`user ${id}`));
  const answer = await user.round(message);
  save(`user ${id}`, user);
  return answer;
}

/** A process of the server: it takes the answers of one round, closes the round and ends. */
async function serverProcess(answers: ReadonlyMap<number, Uint8Array>): Promise<void> {
  const server = ServerWrapper.fromState(load('server'));
  for (const [id, answer] of answers) server.recv(id, answer);
  await server.round();
  save('server', server);
}

let messages = new Map(people.map(({ id }) => [id, round0Msg()]));
for (let round = 0; round < 5; round++) {
  const answers = new Map<number, Uint8Array>();
  for (const [id, message] of messages) {
    const answer = await userProcess(id, message);
    // The answer got lost and the message came again. The user sends the same answer, which is in its state.
    const again = await userProcess(id, message);
    assert.deepEqual(again, answer);
    answers.set(id, again);
  }
  await serverProcess(answers);
  // Another process reads the messages of the round from the state.
  const output = ServerWrapper.fromState(load('server')).output();
  if (output?.isMessages()) messages = output.getMessages();
}

const sum = ServerWrapper.fromState(load('server')).output()?.getVector() ?? [];
console.log('sum', sum, 'after every party has been restarted in every round');
assert.deepEqual([...sum], [1111, 2222]);

function save(name: string, party: UserWrapper | ServerWrapper): void {
  disk.set(name, party.serializeState());
}

function load(name: string): string {
  return disk.get(name) ?? assert.fail(`nothing is stored for ${name}`);
}
