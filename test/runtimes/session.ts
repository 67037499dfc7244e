// The session that every runtime runs: through the published entry points only, and with nothing that one runtime alone has.
import {
  genKeypair,
  PublicKeysWrapper,
  round0Msg,
  ServerWrapper,
  UserWrapper,
  type InputVector,
  type SessionOptions,
} from 'secagg';
import { weightedMean } from 'secagg/encoding';

/** What all parties of a session agree on, and the vector of each user. */
interface Plan {
  readonly users: number;
  readonly vecLen: number;
  readonly options: SessionOptions;
  readonly vectorOf: (id: number) => InputVector;
}

/** The sum of all users' vectors but that of user 0, which drops out after it has dealt its shares. States go through JSON. */
async function sumOf({ users, vecLen, options, vectorOf }: Plan): Promise<Int32Array | BigInt64Array> {
  const keys = Array.from({ length: users }, () => genKeypair());
  const publicKeys = new PublicKeysWrapper(keys.map(([pk], id) => [id, pk] as const));
  const threshold = Math.floor((2 * users) / 3) + 1;
  let server = new ServerWrapper(threshold, vecLen, { ...options, publicKeys });
  let parties = keys.map(([pk, sk], id) => new UserWrapper(id, threshold, pk, sk, vectorOf(id), publicKeys, options));
  let messages = new Map(keys.map((_, id) => [id, round0Msg()] as const));
  for (let round = 0; round < 5; round++) {
    for (const user of parties) {
      const message = messages.get(user.id);
      if (message !== undefined && !(round === 2 && user.id === 0)) server.recv(user.id, await user.round(message));
    }
    const output = await server.round();
    if (output.isVector()) return output.getVector();
    messages = output.getMessages();
    parties = parties.map((user) => UserWrapper.fromState(user.serializeState()));
    server = ServerWrapper.fromState(server.serializeState());
  }
  throw new Error('no sum after five rounds');
}

/** The components of a sum in which user id gives 3 · id − (j mod 7) at component j. */
export async function session(users: number, vecLen: number, bits: number): Promise<string[]> {
  const vectorOf = (id: number): number[] => Array.from({ length: vecLen }, (_, j) => id * 3 - (j % 7));
  const sum = await sumOf({ users, vecLen, options: { bits, session: 'a run' }, vectorOf });
  return Array.from(sum as ArrayLike<number | bigint>, String);
}

/** The mean over the users but user 0, of which user id gives id at each of three components, with the weight id. */
export async function mean(users: number): Promise<{ totalWeight: number; mean: string[] }> {
  const encoding = weightedMean({ maxUsers: users, shapes: { layer: [3] }, session: 'a run' });
  const vectorOf = (id: number): InputVector => {
    const update = { layer: { shape: [3], data: new Float32Array(3).fill(id) } };
    return encoding.encode(update, Math.max(1, id)).vector;
  };
  const sum = await sumOf({ users, vecLen: encoding.vecLen, options: encoding.options, vectorOf });
  const decoded = encoding.decode(sum, { users: users - 1 });
  return { totalWeight: decoded.totalWeight, mean: Array.from(decoded.mean.layer.data, (value) => value.toFixed(2)) };
}
