// The publisher's word that there is a run: of which task, with which number, with which payload, until when. The aggregation server
// carries it and cannot change it, so that it cannot give one participant another model than the others.
import { LABELS } from '../crypto/labels.ts';
import type { SignPublicKey, SignSecretKey } from '../crypto/sign.ts';
import { concat, equalBytes, u32, u64, utf8 } from '../leaves/bytes.ts';
import { checkStorable, checkString } from '../leaves/checks.ts';
import { DecodeError } from '../leaves/errors.ts';
import { DIGEST_BYTES, SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { fingerprint } from '../crypto/digest.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { isSignedBy, signedDocument } from './signed-documents.ts';

const VERSION = 1;
export const MOST_URL_BYTES = 2000;
const MOST_SOURCE_BYTES = 100;

/** What the participants of a run work with, for example a model. It does not go through the coordinator. */
export interface Payload {
  /** Where participants get it. */
  readonly url: string;
  /** In bytes. */
  readonly length: number;
  /** SHA-256 of the payload, 32 bytes. */
  readonly sha256: Uint8Array;
}

/** What an announcement says. */
export interface Announcement {
  /** Digest of the task, 32 bytes. */
  readonly task: Uint8Array;
  /** The data source that the run asks about: participants count their participations for each. */
  readonly source: string;
  /** Number of the run. The numbers of a task's runs rise, whatever their data sources. */
  readonly run: number;
  /** Null if there is none. */
  readonly payload: Payload | null;
  /** Seconds since 1970: nobody begins to take part from then on. */
  readonly expires: number;
  /** The announcement itself. */
  readonly bytes: Uint8Array;
}

export async function announcementOf(
  secretKey: SignSecretKey,
  { task, source, run, payload, expires }: Omit<Announcement, 'bytes'>,
): Promise<Uint8Array<ArrayBuffer>> {
  const [name, url] = [utf8(source), utf8(payload?.url ?? '')];
  const content = concat([
    Uint8Array.of(VERSION),
    task,
    u32(name.length),
    name,
    u64(run),
    u64(expires),
    u32(url.length),
    url,
    u64(payload?.length ?? 0),
    payload?.sha256 ?? fingerprint(new Uint8Array()),
  ]);
  return signedDocument(LABELS.announcement, secretKey, content);
}

/** Reads an announcement without looking at its signature or its time. @throws DecodeError */
export function readAnnouncement(bytes: Uint8Array): Announcement {
  const name = 'announcement';
  const fields = new FixedFields(name, bytes);
  fields.version(VERSION);
  const task = fields.bytes(DIGEST_BYTES);
  const source = sourceIn(fields.bytes(fields.integer(4)), name);
  const [run, expires] = [fields.integer(8), fields.integer(8)];
  const url = urlIn(fields);
  const [length, sha256] = [fields.integer(8), fields.bytes(DIGEST_BYTES)];
  if (url === '' && (length !== 0 || !equalBytes(sha256, fingerprint(new Uint8Array())))) {
    throw new DecodeError(`${name}: expected no payload without a URL`);
  }
  fields.bytes(SIGNATURE_BYTES);
  fields.end();
  return { task, source, run, payload: url === '' ? null : { url, length, sha256 }, expires, bytes };
}

function urlIn(fields: FixedFields): string {
  const length = fields.integer(4);
  if (length > MOST_URL_BYTES) {
    throw new DecodeError(`announcement: expected a URL of at most ${MOST_URL_BYTES} bytes, got ${length}`);
  }
  return textIn(fields.bytes(length), 'announcement');
}

/** The name of a data source. @throws TypeError, RangeError that name the argument. */
export function checkSource(value: unknown, name: string): string {
  return checkStorable(checkString(value, name, { most: MOST_SOURCE_BYTES }), name);
}

/** The same of bytes that somebody sent. @param name of what they are of, for errors. @throws DecodeError */
export function sourceIn(bytes: Uint8Array, name: string): string {
  if (bytes.length > MOST_SOURCE_BYTES || bytes.includes(0)) {
    const expected = `a data source of at most ${MOST_SOURCE_BYTES} bytes without zeros`;
    throw new DecodeError(`${name}: expected ${expected}, got ${bytes.length} bytes`);
  }
  return textIn(bytes, name);
}

function textIn(bytes: Uint8Array, name: string): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new DecodeError(`${name}: expected UTF-8`);
  }
}

/** Whether the publisher has signed these bytes. */
export function isAnnouncementOf(publicKey: SignPublicKey, bytes: Uint8Array): Promise<boolean> {
  return isSignedBy(LABELS.announcement, publicKey, bytes);
}
