// Bodies that come in parts. They are in memory only: after a crash of the coordinator a participant begins again.
import { fingerprint } from '../crypto/digest.ts';
import { equalBytes } from '../leaves/bytes.ts';
import { ServiceError } from '../service/service-error.ts';
import type { RunRecord } from './run-record.ts';

/** One part of a body. */
export interface Part {
  readonly offset: number;
  readonly total: number;
  /** SHA-256 of the whole, 32 bytes. */
  readonly sha256: Uint8Array;
  readonly body: Uint8Array;
}

interface Upload {
  readonly whole: Uint8Array;
  readonly sha256: Uint8Array;
  /** Bytes that are there, from the start. */
  have: number;
}

/** What has come of the bodies of participants, one for each. */
export class Uploads {
  readonly #most: number;
  readonly #uploads = new Map<string, Upload>();
  #held = 0;

  /** @param most bytes of all bodies together. */
  constructor(most: number) {
    this.#most = most;
  }

  /**
   * Adds a part.
   *
   * @param name as `uploadName` gives it.
   * @param longest bytes of a whole at most.
   * @returns the whole body once it is there, else how much of it is.
   * @throws ServiceError ERR_SECAGG_PART if the part does not continue what is there, or if the whole has another digest than it
   * announced: it is forgotten then. ERR_SECAGG_OVERLOAD if there is no room.
   */
  add(name: string, part: Part, longest: number): { readonly whole: Uint8Array } | { readonly have: number } {
    const { offset, total, sha256, body } = part;
    if (total > longest || offset + body.length > total || body.length === 0) {
      throw new ServiceError('ERR_SECAGG_PART', `part: expected at most ${longest} bytes in all, and no part beyond its whole`);
    }
    if (offset === 0 && body.length === total) {
      this.drop(name);
      if (!equalBytes(fingerprint(body), sha256)) throw otherDigest();
      return { whole: body };
    }
    const upload = this.#uploadOf(name, total, sha256);
    if (offset > upload.have) return { have: upload.have };
    upload.whole.set(body, offset);
    upload.have = Math.max(upload.have, offset + body.length);
    if (upload.have < total) return { have: upload.have };
    this.drop(name);
    if (!equalBytes(fingerprint(upload.whole), sha256)) throw otherDigest();
    return { whole: upload.whole };
  }

  #uploadOf(name: string, total: number, sha256: Uint8Array): Upload {
    const known = this.#uploads.get(name);
    if (known?.whole.length === total && equalBytes(known.sha256, sha256)) return known;
    this.drop(name);
    if (this.#held + total > this.#most) throw new ServiceError('ERR_SECAGG_OVERLOAD', 'part: there is no room for it now');
    const upload = { whole: new Uint8Array(total), sha256, have: 0 };
    this.#uploads.set(name, upload);
    this.#held += total;
    return upload;
  }

  drop(name: string): void {
    const known = this.#uploads.get(name);
    if (known === undefined) return;
    this.#held -= known.whole.length;
    this.#uploads.delete(name);
  }

  /**
   * Forgets the bodies of attempts that are over.
   *
   * @param runs that go on. They say it without a question to the store: a body of a cohort that has ended stays until its attempt is over.
   */
  keepOnly(runs: readonly RunRecord[]): void {
    const attempts = new Set(runs.filter(({ stage }) => stage === 'session').map(attemptOf));
    for (const name of this.#uploads.keys()) if (!attempts.has(name.slice(0, name.lastIndexOf('/')))) this.drop(name);
  }
}

/** The name of what a participant sends in the present attempt of a run. */
export function uploadName(run: RunRecord, id: number): string {
  return `${attemptOf(run)}/${id}`;
}

function attemptOf({ task, run, attempt }: RunRecord): string {
  return `${task}/${run}/${attempt?.number ?? 0}`;
}

function otherDigest(): ServiceError {
  return new ServiceError('ERR_SECAGG_PART', 'part: the whole has another digest than was announced');
}
