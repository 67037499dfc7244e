// Runs a bundled application as a process, and is its users: carries the messages of a recorded session to it over HTTP.
import { spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RecordedSession } from './recorded-session.ts';

export interface Outcome {
  /** How often the application has started; more than once if a worker thread has started it again. */
  readonly starts: number;
  /** Threads that removed the masks, as the application was told. */
  readonly threads: number;
  /** Whether the sum is the right one. */
  readonly exact: boolean;
}

interface Answer {
  readonly threads: number;
  readonly body: Buffer;
}

/** @param worker the option `worker` of the server; null if it is not given. */
export async function runApplication(
  [command, ...args]: readonly [string, ...string[]],
  { rounds, sum, ...session }: RecordedSession,
  worker: URL | null,
): Promise<Outcome> {
  const folder = mkdtempSync(join(tmpdir(), 'secagg-application-'));
  const [starts, given] = [join(folder, 'starts'), join(folder, 'session.json')];
  writeFileSync(given, JSON.stringify({ ...session, worker }));
  const child = spawn(command, args, {
    cwd: folder,
    env: { ...process.env, NODE_OPTIONS: '', APPLICATION_STARTS: starts, APPLICATION_SESSION: given },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let errors = '';
  child.stderr.on('data', (data: Buffer) => (errors += data.toString()));
  try {
    const port = await new Promise<string>((resolve, reject) => {
      child.stdout.once('data', (data: Buffer) => resolve(data.toString().trim()));
      child.on('error', reject);
      child.on('exit', () => reject(new Error(`the application has ended: ${errors}`)));
    });
    const post = async (path: string, body: Uint8Array): Promise<Answer> => {
      const response = await fetch(`http://127.0.0.1:${port}${path}`, { method: 'POST', body: Buffer.from(body) });
      if (!response.ok) throw new Error(`${path}: ${await response.text()} ${errors}`);
      return { threads: Number(response.headers.get('unmasking-threads')), body: Buffer.from(await response.arrayBuffer()) };
    };
    let last: Answer | null = null;
    for (const messages of rounds) {
      for (const [id, bytes] of messages) await post(`/${id}`, bytes);
      last = await post('/round', new Uint8Array());
    }
    if (last === null) throw new Error('the session has no rounds');
    const { threads, body } = last;
    return { starts: readFileSync(starts, 'utf8').split('\n').length - 1, threads, exact: body.equals(Buffer.from(sum.buffer)) };
  } finally {
    child.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  }
}
