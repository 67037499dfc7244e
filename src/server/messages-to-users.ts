// What the server sends to its users when a round opens. Messages are made when they are asked for: together they can be as
// large as all the rest of the state.
import type { Position } from '../leaves/positions.ts';
import type { Round } from '../session/notation.ts';
import { encodeServerMessage } from '../wire/envelope.ts';
import type { Field } from '../wire/msgpack.ts';
import type { Roster } from './roster.ts';

/** The messages that open one round. */
export interface Outgoing {
  readonly round: Round;
  readonly recipients: readonly Position[];
  /** Whether all recipients are sent the same, which is then encoded once. */
  readonly same: boolean;
  readonly fieldsFor: (position: Position) => readonly Field[];
}

/** Messages by user id: a map, or an object that makes them when they are asked for. */
export type Messages = Pick<ReadonlyMap<number, Uint8Array<ArrayBuffer>>, 'keys' | 'get'>;

/** The messages as bytes; without any, none. Users that are sent the same share the bytes. */
export function encoded(tag: Uint8Array, roster: Roster, outgoing: Outgoing | null): Messages {
  if (outgoing === null) return new Map();
  const { round, recipients, same, fieldsFor } = outgoing;
  const positionOf = new Map<number, Position>(recipients.map((position) => [roster.userIdAt(position), position]));
  let shared: Uint8Array<ArrayBuffer> | null = null;
  const messageFor = (position: Position): Uint8Array<ArrayBuffer> =>
    encodeServerMessage(tag, { round, fields: fieldsFor(position) });
  return {
    keys: () => positionOf.keys(),
    get(id) {
      const position = positionOf.get(id);
      if (position === undefined) return undefined;
      return same ? (shared ??= messageFor(position)) : messageFor(position);
    },
  };
}
