// One of the server's processes. All its sessions are in PostgreSQL, so that it can be killed at any time. It takes calls through the
// channel to the process that started it; another program would use HTTP, as in ../http.ts.
import pg from 'pg';
import { PublicKeysWrapper, ThresholdError, type SessionOptions, type SignPublicKey } from 'secagg';
import { PostgresSessions } from 'secagg/postgres';

/** The parameters of a new session, in a form that can be sent to another process. */
export interface Setup {
  readonly threshold: number;
  readonly vecLen: number;
  readonly options: SessionOptions;
  readonly publicKeys: readonly (readonly [number, SignPublicKey])[];
}

/** The calls and their results. */
export interface Calls {
  readonly create: { readonly args: [Setup]; readonly value: string };
  readonly recv: { readonly args: [id: string, user: number, bytes: Uint8Array]; readonly value: undefined };
  readonly round: { readonly args: [id: string, round: number]; readonly value: Output };
  readonly progress: {
    readonly args: [id: string];
    readonly value: { readonly missing: readonly number[]; readonly included: readonly number[] | null };
  };
}

export type Output = { readonly messages: Map<number, Uint8Array> } | { readonly sum: Int32Array | BigInt64Array };

export interface Question {
  readonly call: number;
  readonly method: keyof Calls;
  readonly args: readonly unknown[];
}

export type Answer =
  | { readonly call: number; readonly value: unknown; readonly milliseconds: number }
  | { readonly call: number; readonly tooFew: { readonly have: number; readonly need: number; readonly round: number } }
  | { readonly call: number; readonly code: string; readonly message: string };

const pool = new pg.Pool({ connectionString: process.env.DEMO_DATABASE });
pool.on('error', () => undefined); // a connection broke while nobody used it; the next call gets another one
const sessions = new PostgresSessions(pool, { schema: process.env.DEMO_SCHEMA ?? 'secagg' });

const methods: { readonly [Method in keyof Calls]: (...args: Calls[Method]['args']) => Promise<Calls[Method]['value']> } = {
  create: ({ publicKeys, options, ...setup }) =>
    sessions.create({ ...setup, options: { ...options, publicKeys: new PublicKeysWrapper(publicKeys) } }),
  recv: async (id, user, bytes) => {
    await sessions.recv(id, user, bytes);
    return undefined;
  },
  async round(id, round) {
    const output = await sessions.round(id, round);
    return output.isMessages() ? { messages: output.getMessages() } : { sum: output.getVector() };
  },
  progress: (id) => sessions.progress(id),
};

async function answer({ call, method, args }: Question): Promise<Answer> {
  const started = performance.now();
  try {
    const value = await (methods[method] as (...all: readonly unknown[]) => Promise<unknown>)(...args);
    return { call, value, milliseconds: performance.now() - started };
  } catch (error) {
    if (error instanceof ThresholdError) return { call, tooFew: { have: error.have, need: error.need, round: error.round } };
    const { code, message } = error as Error & { code?: string };
    return { call, code: code ?? 'unexpected', message };
  }
}

process.on('message', (question: Question) => void answer(question).then((reply) => process.send?.(reply)));
process.once('disconnect', () => process.exit());
