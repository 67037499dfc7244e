// A server in a process of its own, so that its memory can be measured without that of its users.
import { execFileSync, spawn, type ChildProcessByStdio } from 'node:child_process';
import { once } from 'node:events';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { concat } from '../../src/leaves/bytes.ts';
import { CLOSE, decodeHead, encodeHead, HEAD_BYTES, REPORT, SUM, type Report, type Setup } from './frames.ts';

/** The result of closing a round. */
export interface Closed {
  readonly messages: ReadonlyMap<number, Uint8Array>;
  readonly sum: Int32Array | null;
  readonly report: Report;
}

/** Memory of an idle Node, in bytes. */
export function idleMemory(): number {
  const program = 'console.log(process.memoryUsage.rss())';
  return Number(execFileSync(process.execPath, ['--eval', program], { encoding: 'utf8' }));
}

export class MeasuredServer {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>;
  readonly #exited: Promise<unknown>;
  readonly #chunks: AsyncIterator<Uint8Array>;
  #rest: Uint8Array = new Uint8Array();

  constructor(setup: Setup) {
    this.#child = spawn(process.execPath, [program()], { stdio: ['pipe', 'pipe', 'inherit'] });
    this.#exited = once(this.#child, 'exit');
    this.#chunks = (this.#child.stdout as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
    this.#write(0, Buffer.from(JSON.stringify(setup)));
  }

  /** Gives the server a message, as `ServerWrapper.recv`. A refusal ends the process. */
  async recv(id: number, message: Uint8Array): Promise<void> {
    if (!this.#write(id, message)) await once(this.#child.stdin, 'drain');
  }

  #write(about: number, bytes: Uint8Array): boolean {
    this.#child.stdin.write(encodeHead({ about, length: bytes.length }));
    return this.#child.stdin.write(bytes);
  }

  async close(): Promise<Closed> {
    this.#write(CLOSE, new Uint8Array());
    const messages = new Map<number, Uint8Array>();
    let sum: Int32Array | null = null;
    for (;;) {
      const { about, length } = decodeHead(await this.#take(HEAD_BYTES));
      const bytes = await this.#take(length);
      if (about === REPORT) return { messages, sum, report: JSON.parse(Buffer.from(bytes).toString()) as Report };
      if (about === SUM) sum = new Int32Array(bytes.slice().buffer);
      else messages.set(about, bytes);
    }
  }

  async #take(length: number): Promise<Uint8Array> {
    const pieces: Uint8Array[] = [];
    for (let missing = length; missing > 0;) {
      if (this.#rest.length === 0) {
        const chunk = await this.#chunks.next();
        if (chunk.done === true) throw new Error('the server’s process has ended');
        this.#rest = chunk.value;
      }
      const piece = this.#rest.subarray(0, missing);
      this.#rest = this.#rest.subarray(piece.length);
      pieces.push(piece);
      missing -= piece.length;
    }
    return concat(pieces);
  }

  async end(): Promise<void> {
    this.#child.stdin.end();
    await this.#exited;
  }
}

/** Builds the program as JavaScript; it imports the built package by name. */
function program(): string {
  const outfile = fileURLToPath(new URL('../../out/memory-server-process.mjs', import.meta.url));
  const entry = fileURLToPath(new URL('server-process.ts', import.meta.url));
  buildSync({ entryPoints: [entry], outfile, bundle: true, platform: 'node', format: 'esm', packages: 'external' });
  return outfile;
}
