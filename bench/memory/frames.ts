// The frames in the pipes between the bench and the server's process: a user's id or a kind, a length, and so many bytes.
// Little-endian.

import type { SessionOptions } from '../../src/index.ts';

export const HEAD_BYTES = 8;

/** The kinds of frames, which are above all users' ids. To the server: close the round. */
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

/** The parameters of the server, as JSON in the first frame. */
export interface Setup {
  readonly threshold: number;
  readonly vecLen: number;
  /** Graph and adversary, if they are not the defaults. */
  readonly options?: Pick<SessionOptions, 'graph' | 'adversary'>;
  /** Public keys of the users 0, 1, …, in hexadecimal. */
  readonly publicKeys: readonly string[];
  /** Length of the longest message. */
  readonly longest: number;
}

/** One round in the server's process: resident memory in bytes, and times in milliseconds. */
export interface Report {
  /** Memory when all messages have been heard. */
  readonly heard: number;
  /** Memory when the round is closed and its messages are sent. */
  readonly closed: number;
  /** The most memory that was seen in this round. */
  readonly most: number;
  /** The most memory that the process has ever held. */
  readonly mostEver: number;
  readonly bytes: number;
  readonly recvMs: number;
  /** Time of SHA-256 alone over the same messages. */
  readonly sha256Ms: number;
  readonly closeMs: number;
}
