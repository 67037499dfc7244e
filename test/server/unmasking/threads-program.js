// Run as a program, against the built package: a session whose masks are removed by two threads, after a first attempt that
// is called off. Prints what happened as JSON.
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

const VEC_LEN = 1 << 20;
const THRESHOLD = 10;
const ids = Array.from({ length: 40 }, (_, id) => id);
const silent = new Set(ids.slice(10)); // in round 2: 10 self-masks and 10 · 30 pairwise masks are left to remove
const adversary = 'semi-honest'; // the threshold is low, so that few users have to mask anything

const keys = ids.map(() => genKeypair());
const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk]));
const events = [];
const listener = (event) => event.type === 'unmasking' && events.push(event);
const server = new ServerWrapper(THRESHOLD, VEC_LEN, { publicKeys, adversary, listener, threads: 2 });
const users = keys.map(([pk, sk], id) => {
  return new UserWrapper(id, THRESHOLD, pk, sk, new Int32Array(VEC_LEN).fill(1000 + id), publicKeys, { adversary });
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
const expected = ids.filter((id) => !silent.has(id)).reduce((total, id) => total + 1000 + id, 0);
const exact = sum.every((component) => component === expected);
console.log(JSON.stringify({ exact, aborted, unchanged, last: events.at(-1), latest }));
