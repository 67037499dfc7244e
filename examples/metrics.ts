// Listeners that count the events of a session for a monitoring system. Events hold no secret and no payload.
import assert from 'node:assert/strict';
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper, type ServerEvent, type UserEvent } from 'secagg';

const counters = new Map<string, number>();

function count(name: string, by = 1): void {
  counters.set(name, (counters.get(name) ?? 0) + by);
}

function onServerEvent(event: ServerEvent): void {
  count(`secagg_server_events_total{type="${event.type}"}`);
  if (event.type === 'message-accepted') count(`secagg_server_received_bytes_total{round="${event.round}"}`, event.bytes);
  if (event.type === 'round-closed') count(`secagg_server_sent_bytes_total{round="${event.round}"}`, event.bytes);
  if (event.type === 'user-dropped') count(`secagg_server_dropped_users_total{reason="${event.reason}"}`);
  if (event.type === 'message-refused') count(`secagg_server_refused_messages_total{code="${event.code}"}`);
}

function onUserEvent(event: UserEvent): void {
  count(`secagg_user_events_total{type="${event.type}"}`);
}

const session = 'metrics example, run 1'; // what is summed, and which run of it
const threshold = 3;
const people = [0, 1, 2, 3].map((id) => ({ id, keys: genKeypair() }));
const publicKeys = new PublicKeysWrapper(people.map(({ id, keys: [publicKey] }) => [id, publicKey]));
const users = people.map(
  ({ id, keys }) => new UserWrapper(id, threshold, ...keys, [id], publicKeys, { session, listener: onUserEvent }),
);
const server = new ServerWrapper(threshold, 1, { session, publicKeys, listener: onServerEvent });

let messages = new Map(users.map((user) => [user.id, round0Msg()]));
for (let round = 0; round < 5; round++) {
  for (const user of users) {
    const message = messages.get(user.id);
    if (message === undefined || (user.id === 3 && round === 3)) continue;
    server.recv(user.id, await user.round(message));
  }
  // A message of a user who is not registered is refused, and the session goes on.
  if (round === 0) assert.throws(() => server.recv(99, new Uint8Array([1, 2, 3])), { code: 'ERR_SECAGG_UNKNOWN_USER' });
  const output = await server.round();
  if (output.isMessages()) messages = output.getMessages();
}

for (const name of [...counters.keys()].sort()) console.log(name, counters.get(name));
assert.equal(counters.get('secagg_server_events_total{type="round-closed"}'), 5);
assert.equal(counters.get('secagg_server_dropped_users_total{reason="no-signature"}'), 1);
assert.equal(counters.get('secagg_server_events_total{type="message-refused"}'), 1);
assert.equal(counters.get('secagg_user_events_total{type="round-answered"}'), 4 * 5 - 2);
assert.deepEqual([...(server.output()?.getVector() ?? [])], [0 + 1 + 2 + 3]);
