// Run as a program, against the built package: a session whose masks are removed by two threads, after a first attempt that
// is called off. Prints what happened as JSON.
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const VEC_LEN = 1 << 22;
const ids = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9];
const silent = new Set([6, 7, 8, 9]); // in round 2: 6 self-masks and 24 pairwise masks are left to remove

const keys = ids.map(() => genKeypair());
const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
const events = [];
const listener = (event) => event.type === 'unmasking' && events.push(event);
const server = new ServerWrapper(6, VEC_LEN, { publicKeys, listener, threads: 2 });
const users = keys.map(([pk, sk], id) => {
  const vector = new Int32Array(VEC_LEN).fill(10 ** Math.min(id, 6));
  return new UserWrapper(id, 6, pk, sk, vector, publicKeys, {});
});
let messages = new Map(ids.map((id) => [id, round0Msg()]));
for (let round = 0; round < 4; round++) {
  for (const [id, message] of messages) if (round < 2 || !silent.has(id)) server.recv(id, await users[id].round(message));
  messages = (await server.round()).getMessages();
}
for (const [id, message] of messages) server.recv(id, await users[id].round(message));

const before = server.serializeState();
const controller = new AbortController();
setTimeout(() => controller.abort('enough'), 5);
const aborted = await server.round({ signal: controller.signal }).catch((reason) => reason);
const unchanged = server.serializeState() === before;

let latest = 0;
let due = performance.now() + 10;
const timer = setInterval(() => {
  latest = Math.max(latest, performance.now() - due);
  due = performance.now() + 10;
}, 10);
const sum = (await server.round()).getVector();
clearInterval(timer);
const exact = sum.every((component) => component === 111_111);
console.log(JSON.stringify({ exact, aborted, unchanged, last: events.at(-1), latest }));
