// A session over HTTP: a server and its clients on the loopback interface, in one process to keep the example short.
//
//   POST /rounds/2/users/7    the answer of user 7 in round 2      202, or 409 and the code if it is refused
//   GET  /rounds/3/users/7    the server's message for round 3     200, 204 while round 2 is open, 410 if the user is out
//
// A client that is unsure whether a request arrived repeats it: the same bytes again change nothing. What a deployment
// adds: authentication of users (here the path says who sends), TLS, a limit on bodies, saved states as in restart.ts.
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { setTimeout } from 'node:timers/promises';
import { genKeypair, PublicKeysWrapper, round0Msg, SecAggError, ServerWrapper, UserWrapper } from 'secagg';

const LONGEST_WAIT_MS = 300;
const POLL_MS = 10;
const session = 'http example, run 1'; // what is summed, and which run of it
const threshold = 3;
const people = [1, 10, 100, 1000].map((value, id) => ({ id, vec: [value], keys: genKeypair() }));
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));
const server = new ServerWrapper(threshold, 1, { session, publicKeys });

async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
  const [, round = '', user = ''] = /^\/rounds\/([0-4])\/users\/(\d{1,9})$/.exec(request.url ?? '') ?? [];
  if (user === '') response.writeHead(404);
  else if (request.method === 'POST') {
    const refusal = take(Number(user), await buffer(request));
    response.writeHead(refusal === null ? 202 : 409);
    if (refusal !== null) response.write(refusal);
  } else {
    const { round: open } = server.progress();
    const output = Number(round) === open ? server.output() : null;
    const message = output?.isMessages() ? output.getMessage(Number(user)) : null;
    if (message !== null) response.write(message);
    else response.writeHead(open !== null && open < Number(round) ? 204 : 410);
  }
  response.end();
}

/** Gives the server a message. @returns the code with which it is refused; null if it is accepted. */
function take(user: number, answer: Uint8Array): string | null {
  try {
    server.recv(user, answer);
    return null;
  } catch (error) {
    if (error instanceof SecAggError) return error.code;
    throw error;
  }
}

async function participate(url: string, user: UserWrapper): Promise<void> {
  const at = (round: number): string => `${url}/rounds/${round}/users/${user.id}`;
  let message = round0Msg();
  for (let round = 0; ; round++) {
    if (user.id === 3 && round === 2) return; // This user goes offline, and is not in the sum.
    const { status } = await fetch(at(round), { method: 'POST', body: await user.round(message) });
    if (status !== 202 || round === 4) return;
    let next;
    do {
      await setTimeout(POLL_MS);
      next = await fetch(at(round + 1));
    } while (next.status === 204);
    if (next.status !== 200) return;
    message = new Uint8Array(await next.arrayBuffer());
  }
}

const http = createServer((request, response) => {
  handle(request, response).catch((error: unknown) => response.destroy(error as Error));
});
await once(http.listen(0, '127.0.0.1'), 'listening');
const url = `http://127.0.0.1:${(http.address() as AddressInfo).port}`;
const clients = people.map(({ id, vec, keys }) =>
  participate(url, new UserWrapper(id, threshold, ...keys, vec, publicKeys, { session })),
);

for (let round = 0; round < 5; round++) {
  // The application decides how long it waits for the last users; the protocol has no clock.
  for (let waited = 0; waited < LONGEST_WAIT_MS && server.progress().missing.length > 0; waited += POLL_MS)
    await setTimeout(POLL_MS);
  await server.round();
}
await Promise.all(clients);
http.close();
console.log(`sum of users ${String(server.progress().included)} is ${String(server.output()?.getVector())}`);
assert.deepEqual([...(server.output()?.getVector() ?? [])], [111]);
