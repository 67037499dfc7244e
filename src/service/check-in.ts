// What a participant says when it checks in: which version of the application it runs, and which data source it has.
import { concat, u32, utf8 } from '../leaves/bytes.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { sourceIn } from './announcement.ts';

/** What a check-in says. */
export interface CheckIn {
  /** Of the participant's application, which counts its versions: an integer in [0, 2^32). */
  readonly clientVersion: number;
  /** Name of the data source. */
  readonly source: string;
}

export function checkInBytes({ clientVersion, source }: CheckIn): Uint8Array {
  return concat([u32(clientVersion), utf8(source)]);
}

/** @throws DecodeError for other bytes. */
export function readCheckIn(bytes: Uint8Array): CheckIn {
  const clientVersion = new FixedFields('check-in', bytes.subarray(0, 4)).integer(4);
  return { clientVersion, source: sourceIn(bytes.subarray(4), 'check-in') };
}
