// The publisher: which runs a task has, and with which payload. It is not the aggregation server, and its secret key is not there.
import { copyOf } from '../leaves/bytes.ts';
import { checkBytes, checkDate, checkInteger, checkNames, checkString } from '../leaves/checks.ts';
import { inspectAs } from '../leaves/inspect.ts';
import { fingerprint } from '../crypto/digest.ts';
import type { SignPublicKey } from '../crypto/sign.ts';
import { announcementOf, checkSource, MOST_URL_BYTES } from './announcement.ts';
import { checkKeypair, type Keypair } from './keypair.ts';
import { checkTask, type Task } from './task.ts';

/** What the participants of a run work with. */
export interface PayloadToAnnounce {
  /** Where participants get it, up to 2,000 bytes. */
  readonly url: string;
  /** The payload itself. */
  readonly content: Uint8Array;
}

/** A run that a publisher announces. */
export interface RunToAnnounce {
  /** Of which task. */
  readonly task: Task;
  /** Number of the run, an integer in [0, 2^53), higher than that of all runs of this task before, whatever their data sources. */
  readonly run: number;
  /** The data source that the run asks about, up to 100 bytes; default: the only one, whose name is empty. */
  readonly source?: string;
  /** What participants work with: where they get it, and its content, of which only length and digest are announced. */
  readonly payload?: PayloadToAnnounce;
  /** Nobody begins to take part from then on. */
  readonly expires: Date;
}

/**
 * Signs the announcements of runs. Participants pin its public key, so that the aggregation server can neither invent a run, nor
 * give each participant another model.
 *
 * @example
 * ```js
 * import { genKeypair } from 'secagg';
 * import { Publisher } from 'secagg/service';
 *
 * const publisher = new Publisher({ keypair: genKeypair() });
 * console.log(publisher.publicKey.length); // prints: 32
 * ```
 */
export class Publisher {
  readonly #keypair: Keypair;

  static {
    inspectAs(this.prototype, () => 'Publisher {}');
  }

  /** @throws TypeError, RangeError that name the option. */
  constructor(options: { readonly keypair: Keypair }) {
    checkNames(options, 'options', ['keypair']);
    this.#keypair = checkKeypair(options.keypair, 'options.keypair');
  }

  /** The Ed25519 public key that tasks name and participants pin, 32 bytes. */
  get publicKey(): SignPublicKey {
    return copyOf(this.#keypair[0]);
  }

  /**
   * The signed announcement of a run, for the coordinator. It is no secret.
   *
   * @throws TypeError, RangeError that name the argument.
   */
  async announce(run: RunToAnnounce): Promise<Uint8Array<ArrayBuffer>> {
    checkNames(run, 'run', ['task', 'run', 'source', 'payload', 'expires']);
    const task = checkTask(run.task, 'run.task');
    const number = checkInteger(run.run, 'run.run', 0, Number.MAX_SAFE_INTEGER);
    const source = checkSource(run.source ?? '', 'run.source');
    const expires = Math.floor(checkDate(run.expires, 'run.expires') / 1000);
    const payload = run.payload === undefined ? null : payloadOf(run.payload);
    return announcementOf(this.#keypair[1], { task: task.digest, source, run: number, payload, expires });
  }
}

function payloadOf(payload: PayloadToAnnounce): {
  readonly url: string;
  readonly length: number;
  readonly sha256: Uint8Array;
} {
  checkNames(payload, 'run.payload', ['url', 'content']);
  const url = checkString(payload.url, 'run.payload.url', { least: 1, most: MOST_URL_BYTES });
  const content = checkBytes(payload.content, 'run.payload.content');
  return { url, length: content.length, sha256: fingerprint(content) };
}
