// Run as a process of its own: a server and nothing else. Messages come through the standard input into one buffer, as in a server
// behind a socket. Messages of the server go to the standard output.
import { createHash } from 'node:crypto';
import { readSync } from 'node:fs';
import { PublicKeysWrapper, ServerWrapper } from 'secagg';
import { CLOSE, decodeHead, encodeHead, HEAD_BYTES, REPORT, SUM, type Head, type Report, type Setup } from './frames.ts';
import { mostResident } from './resident.ts';

const SAMPLE_EVERY_MS = 5;

const head = new Uint8Array(HEAD_BYTES);

/** Null at the end. */
function readHead(): Head | null {
  return fill(head) ? decodeHead(head) : null;
}

function fill(target: Uint8Array): boolean {
  for (let at = 0; at < target.length;) {
    const got = readSync(0, target, at, target.length - at, null);
    if (got === 0) return false;
    at += got;
  }
  return true;
}

async function send(about: number, bytes: Uint8Array): Promise<void> {
  process.stdout.write(encodeHead({ about, length: bytes.length }));
  await new Promise((resolve) => process.stdout.write(bytes, resolve));
}

class Round {
  #most = 0;
  #bytes = 0;
  #recvMs = 0;
  #sha256Ms = 0;

  hear(server: ServerWrapper, id: number, message: Uint8Array): void {
    const started = performance.now();
    server.recv(id, message);
    const received = performance.now();
    createHash('sha256').update(message).digest();
    this.#recvMs += received - started;
    this.#sha256Ms += performance.now() - received;
    this.#bytes += message.length;
    this.#sample();
  }

  #sample(): number {
    const now = process.memoryUsage.rss();
    this.#most = Math.max(this.#most, now);
    return now;
  }

  async close(server: ServerWrapper): Promise<void> {
    const heard = this.#sample();
    const timer = setInterval(() => this.#sample(), SAMPLE_EVERY_MS);
    const started = performance.now();
    const output = await server.round();
    const closeMs = performance.now() - started;
    clearInterval(timer);
    this.#sample();
    if (output.isVector()) {
      const { buffer, byteOffset, byteLength } = output.getVector();
      await send(SUM, new Uint8Array(buffer, byteOffset, byteLength));
    } else {
      for (const id of output.recipients()) {
        const message = output.getMessage(id);
        if (message !== null) await send(id, message);
      }
    }
    const report: Report = {
      heard,
      closed: this.#sample(),
      most: this.#most,
      mostEver: mostResident(),
      bytes: this.#bytes,
      recvMs: this.#recvMs,
      sha256Ms: this.#sha256Ms,
      closeMs,
    };
    await send(REPORT, Buffer.from(JSON.stringify(report)));
  }
}

function readSetup(): Setup {
  const text = new Uint8Array(readHead()?.length ?? 0);
  fill(text);
  return JSON.parse(Buffer.from(text).toString()) as Setup;
}

const { threshold, vecLen, options = {}, publicKeys, longest } = readSetup();
const server = new ServerWrapper(threshold, vecLen, {
  ...options,
  publicKeys: new PublicKeysWrapper(publicKeys.map((key, id) => [id, Uint8Array.from(Buffer.from(key, 'hex'))])),
});
const buffer = new Uint8Array(longest);
let round = new Round();
for (let next = readHead(); next !== null; next = readHead()) {
  if (next.about === CLOSE) {
    await round.close(server);
    round = new Round();
  } else {
    const message = buffer.subarray(0, next.length);
    fill(message);
    round.hear(server, next.about, message);
  }
}
