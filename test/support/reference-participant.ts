// A participant of test/reference, in Python, which speaks with a coordinator over its standard input and output.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Coordinator } from '../../src/coordinator/index.ts';
import type { Task } from '../../src/service/index.ts';
import type { Certified } from './service.ts';
import { fromHex, toHex } from './vectors.ts';

const PROGRAM = fileURLToPath(new URL('../reference/participant.py', import.meta.url));

/** Whether the reference can run here: it needs the package `cryptography`. */
export function hasReference(): boolean {
  return spawnSync('python3', ['-c', 'import cryptography']).status === 0;
}

export interface ReferenceParticipant {
  readonly coordinator: Coordinator;
  readonly task: Task;
  readonly participant: Certified;
  readonly source: string;
  readonly vector: readonly (number | bigint)[];
  /** The round from which on it does not answer; null if it answers all. */
  readonly silentFrom: number | null;
}

export interface ReferenceEnd {
  /** How the run ended, as the coordinator told it; null if the participant fell silent. */
  readonly result: unknown;
  /** How many requests of each kind it sent. */
  readonly sent: Readonly<Record<string, number>>;
}

/** Fulfilled when the participant is done; rejected if it ends otherwise, with what it wrote about that. */
export async function runReference(given: ReferenceParticipant): Promise<ReferenceEnd> {
  const { coordinator, task, participant, source, vector, silentFrom } = given;
  const terms = {
    id: participant.id,
    source,
    task: task.id,
    coordinator: toHex(coordinator.publicKey),
    certificate: toHex(participant.bytes),
    secretKey: toHex(participant.keypair[1]),
    vector: vector.map(String),
    silentFrom,
  };
  const child = spawn('python3', ['-B', PROGRAM], { stdio: ['pipe', 'pipe', 'pipe'] });
  let errors = '';
  child.stderr.on('data', (text: Buffer) => (errors += text.toString()));
  const exited = once(child, 'exit');
  child.stdin.write(`${JSON.stringify(terms)}\n`);
  let end: ReferenceEnd | null = null;
  for await (const line of createInterface(child.stdout)) {
    const told = JSON.parse(line) as { readonly request?: string; readonly wait?: readonly number[] } & ReferenceEnd;
    if (told.request !== undefined) child.stdin.write(`${toHex(await coordinator.answer(fromHex(told.request)))}\n`);
    else if (told.wait !== undefined) await sleep(10).then(() => child.stdin.write('\n'));
    else end = told;
  }
  const [code] = (await exited) as [number | null];
  if (end === null || code !== 0) throw new Error(`the reference ended with ${String(code)}: ${errors}`);
  return end;
}
