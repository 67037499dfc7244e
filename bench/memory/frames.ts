// What goes through the pipes between the bench and the server's process: who or what it is about, how long it is, and so
// many bytes. Little-endian.

import type { SessionOptions } from '../../src/index.ts';

export const HEAD_BYTES = 8;

/** Users' ids are below these. To the server: closes the round. */
export const CLOSE = 0xffff_ffff;
/** From the server: the sum, as 32-bit components. */
export const SUM = 0xffff_fffe;
/** From the server, the last of a round: a `Report` as JSON. */
export const REPORT = 0xffff_fffd;

export interface Head {
  readonly about: number;
  readonly length: number;
}

export function encodeHead({ about, length }: Head): Uint8Array {
  const head = new DataView(new ArrayBuffer(HEAD_BYTES));
  head.setUint32(0, about, true);
  head.setUint32(4, length, true);
  return new Uint8Array(head.buffer);
}

export function decodeHead(bytes: Uint8Array): Head {
  const head = new DataView(bytes.buffer, bytes.byteOffset, HEAD_BYTES);
  return { about: head.getUint32(0, true), length: head.getUint32(4, true) };
}

/** What the server is made from, as JSON in the first frame. */
export interface Setup {
  readonly threshold: number;
  readonly vecLen: number;
  /** Graph and adversary, where they are not the defaults. */
  readonly options?: Pick<SessionOptions, 'graph' | 'adversary'>;
  /** Of the users 0, 1, …, in hexadecimal. */
  readonly publicKeys: readonly string[];
  /** The longest message that will come. */
  readonly longest: number;
}

/** One round in the server's process. Resident memory in bytes, milliseconds. */
export interface Report {
  /** Once all have been heard. */
  readonly heard: number;
  /** Once the round is closed and its messages are sent. */
  readonly closed: number;
  /** The most that was seen in this round, and the most that the process has ever held. */
  readonly most: number;
  readonly mostEver: number;
  readonly bytes: number;
  readonly recvMs: number;
  /** Of SHA-256 alone over the same messages. */
  readonly sha256Ms: number;
  readonly closeMs: number;
}
