// Run as a program: plays a session in which each user is made, answers and is forgotten, so that what is left is what one
// user and the server hold. Prints the most memory that the process ever held, in megabytes.
import { ServerWrapper, UserWrapper } from '../../src/index.ts';
import { mostResident } from '../../bench/memory/resident.ts';
import { Session } from '../support/session.ts';

const [users, vecLen] = process.argv.slice(2).map(Number) as [number, number];
const ids = Array.from({ length: users }, (_, i) => i);
const session = new Session({ ids, threshold: users, vecLen, vectorOf: () => null });
await session.before(2);

// Only small states until here. One user after the other gets its vector, masks it, and is dropped from memory.
const states = new Map(ids.map((id) => [id, session.user(id).serializeState()]));
session.users.clear();
session.server = ServerWrapper.fromState(session.server.serializeState());
const collect = (globalThis as unknown as { gc: () => void }).gc;
const vector = new Int32Array(vecLen).fill(1);
for (const [id, state] of states) {
  const user = UserWrapper.fromState(state);
  user.setVector(vector);
  session.server.recv(id, await user.round(session.messages.get(id)!));
  collect();
}
if (session.server.progress().heard.length !== users) throw new Error('not everybody was heard');
console.log(Math.round(mostResident() / 2 ** 20));
