// What is said to a participant, before it is cut into parts and signed.
import { fingerprint } from '../crypto/digest.ts';
import type { Place } from '../service/exchange.ts';
import { PART_BYTES, type ReceivedRequest } from '../service/request.ts';
import type { Response, ResponseKind } from '../service/response.ts';
import type { TaskDefinition } from '../service/task.ts';

/** What a response says. */
export interface Reply {
  readonly kind: ResponseKind;
  readonly place: Place;
  /** All of the body, of which the response carries a part. */
  readonly whole: Uint8Array;
  /** Of an upload: how much of it is there. */
  readonly have?: { readonly offset: number; readonly total: number };
  /** Milliseconds after which there may be something new. */
  readonly pause: number;
  /** How many wait for the same; 0 of somebody that has nothing to do. */
  readonly waiting: number;
}

const NOTHING: Uint8Array = new Uint8Array();
/** Milliseconds after which there may be something new, if nothing else is known. */
export const SOON = 500;
/** Milliseconds after which somebody looks again who has nothing to do. */
export const IDLE = 30_000;
/** Milliseconds after which somebody comes again who was refused: at once if nothing is known, later if it needs something new. */
const REFUSED = 1000;
const PAUSES: ReadonlyMap<string, number> = new Map([
  ['ERR_SECAGG_RETIRED', 600_000], // another version of its application
  ['ERR_SECAGG_CLIENT_VERSION', 600_000], // the same
  ['ERR_SECAGG_CERTIFICATE', 60_000], // another certificate
]);

export function reply(kind: ResponseKind, place: Place, whole: Uint8Array = NOTHING): Reply {
  return { kind, place, whole, pause: SOON, waiting: 0 };
}

/** @param pause milliseconds after which there may be something new. @param waiting how many wait for the same, if it is in a run. */
export function wait(place: Place, pause: number, waiting = 0): Reply {
  return { kind: 'wait', place, whole: NOTHING, pause, waiting };
}

/** Whether somebody is told to wait that has nothing to do in any run. */
export function isIdle({ kind, waiting }: Reply): boolean {
  return kind === 'wait' && waiting === 0;
}

/** @param seconds that a stage lasts at least. @returns milliseconds after which somebody looks again whether it has ended. */
export function pauseIn(seconds: number): number {
  return Math.min(Math.max(100 * seconds, SOON), IDLE);
}

/** Milliseconds after which somebody who is ready looks again whether training has ended. */
export function pauseInTraining({ windows }: TaskDefinition): number {
  return pauseIn(windows.training.min);
}

/** @param code with which it is refused. */
export function refusal(place: Place, code: string): Reply {
  return { kind: 'refused', place, whole: NOTHING, pause: PAUSES.get(code) ?? REFUSED, waiting: 0 };
}

/** The response to a request. A question names the offset from which on it wants the body; `accepted` tells how much has come. */
export function responseTo(
  request: ReceivedRequest,
  { kind, place, whole, have }: Reply,
  terms: Pick<Response, 'token' | 'sequence' | 'wait' | 'code'>,
): Response {
  const from = have === undefined && request.kind !== 'answer' ? Math.min(request.offset, whole.length) : 0;
  return {
    ...terms,
    request: request.digest,
    kind,
    place,
    offset: have?.offset ?? from,
    total: have?.total ?? whole.length,
    sha256: fingerprint(whole),
    body: whole.subarray(from, from + PART_BYTES),
  };
}
