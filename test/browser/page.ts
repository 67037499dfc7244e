// What the browser runs: a whole session through the published entry point.
import { genKeypair, PublicKeysWrapper, round0Msg, ServerWrapper, UserWrapper } from 'secagg';

/** The sum of `users` users' vectors, one of them dropping out after it has dealt its shares; states go through JSON. */
async function session(users: number, vecLen: number, bits: number): Promise<string[]> {
  const keys = Array.from({ length: users }, () => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const threshold = Math.floor((2 * users) / 3) + 1;
  let server = new ServerWrapper(threshold, vecLen, { bits, publicKeys });
  let parties = keys.map(([pk, sk], id) => {
    const vec = Array.from({ length: vecLen }, (_, j) => id * 3 - (j % 7));
    return new UserWrapper(id, threshold, pk, sk, vec, publicKeys, { bits });
  });
  let messages = new Map(keys.map((_, id) => [id, round0Msg()] as const));
  for (let round = 0; round < 5; round++) {
    for (const user of parties) {
      const message = messages.get(user.id);
      if (message !== undefined && !(round === 2 && user.id === 0)) server.recv(user.id, await user.round(message));
    }
    const output = await server.round();
    if (output.isVector()) return Array.from(output.getVector() as ArrayLike<number | bigint>, String);
    messages = output.getMessages();
    parties = parties.map((user) => UserWrapper.fromState(user.serializeState()));
    server = ServerWrapper.fromState(server.serializeState());
  }
  throw new Error('no sum after five rounds');
}

Object.assign(globalThis, { session });
