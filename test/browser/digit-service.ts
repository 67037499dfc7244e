// The service of examples/pages as a process of its own, and what the sum of a run must be.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { dealShards, type Images } from '../../examples/mnist/data.ts';
import { Seeded } from '../../examples/mnist/seeded.ts';
import { halved, imagesOfBytes } from '../../examples/pages/digits.ts';
import { CLIP, updateOf } from '../../examples/pages/model.ts';
import type { ServiceView } from '../../examples/pages/watching.ts';
import { argumentsFor, CHILD } from '../support/examples.ts';

export class ServedDigits {
  readonly #child: ChildProcess;
  readonly #companions: number;
  readonly port: number;

  /** Exact sums, in which nobody drops out by itself, unless other options say so. */
  static exact(companions: number, visitors: number, ...options: string[]): Promise<ServedDigits> {
    const numbers = ['--companions', String(companions), '--visitors', String(visitors), '--dropouts', '0', '--patience', '15'];
    return ServedDigits.start(companions, '--exact', '--host', '0.0.0.0', '--port', '0', '--runs', '2', ...numbers, ...options);
  }

  /** @param companions as many as the options say. */
  static async start(companions: number, ...options: string[]): Promise<ServedDigits> {
    const all = argumentsFor('pages/main.ts', ...options);
    const child = spawn(process.execPath, all, { ...CHILD, stdio: ['ignore', 'pipe', 'inherit'] });
    for await (const line of createInterface({ input: child.stdout })) {
      const [, port] = /127\.0\.0\.1:(\d+)/.exec(line) ?? [];
      if (port !== undefined) return new ServedDigits(child, companions, Number(port));
    }
    throw new Error('the service has ended');
  }

  private constructor(child: ChildProcess, companions: number, port: number) {
    this.#child = child;
    this.#companions = companions;
    this.port = port;
  }

  async #bytes(path: string): Promise<Uint8Array> {
    return new Uint8Array(await (await fetch(`http://127.0.0.1:${this.port}${path}`)).arrayBuffer());
  }

  async view(): Promise<ServiceView> {
    const response = await fetch(`http://127.0.0.1:${this.port}/view`);
    let text = '';
    for await (const chunk of response.body as unknown as AsyncIterable<Uint8Array>) {
      text += new TextDecoder().decode(chunk);
      const [, found] = /^data: (.*)\n\n/.exec(text) ?? [];
      if (found !== undefined) return JSON.parse(found) as ServiceView;
    }
    throw new Error('the service has ended');
  }

  async model(run: number): Promise<Float32Array> {
    return new Float32Array((await this.#bytes(`/models/${run}`)).buffer);
  }

  /** The mean of what all companions and these visitors give in a run, computed in the clear. */
  async expectedMean(run: number, visitors: readonly number[]): Promise<Float64Array> {
    const model = await this.model(run);
    const shards: Images[] = dealShards(this.#companions + 10, new Seeded(1))
      .slice(0, this.#companions)
      .map(halved);
    for (const visitor of visitors) shards.push(imagesOfBytes(await this.#bytes(`/samples/${visitor}`)));
    const mean = new Float64Array(model.length);
    for (const shard of shards) {
      updateOf(model, shard).forEach((value, i) => (mean[i]! += Math.min(Math.max(value, -CLIP), CLIP) / shards.length));
    }
    return mean;
  }

  async end(): Promise<void> {
    this.#child.kill('SIGINT');
    if (this.#child.exitCode === null) await once(this.#child, 'exit');
  }
}
