// The messages for users. None is stored: each is made when it is asked for, from the user's row and the pieces of chunks and tiles
// that it needs.
import { concat } from '../leaves/bytes.ts';
import { StateError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { hasMember, isMembers, membersLength, membersOf, type Members } from '../leaves/members.ts';
import { positionAt, type Position } from '../leaves/positions.ts';
import { SIGNATURE_BYTES } from '../leaves/sizes.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { ServerContext } from '../server/state.ts';
import type { Round } from '../session/notation.ts';
import { encodeServerMessage } from '../wire/envelope.ts';
import type { Field } from '../wire/msgpack.ts';
import { encodeJoinedDirectory } from '../wire/r1-share-keys.ts';
import { encodeShares } from '../wire/r2-masked-input.ts';
import { encodeSurvivors } from '../wire/r3-consistency-check.ts';
import { encodeSignatures } from '../wire/r4-unmasking.ts';
import { round0Msg } from '../user/start.ts';
import { readSlices, type Slice } from './chunks.ts';
import { rangesAround, readExcerpt, readJoinedDirectory } from './directory.ts';
import { requireNotFailed } from './end.ts';
import * as messages from './message-statements.ts';
import { readRecords } from './records.ts';
import { requireLive } from './session-status.ts';
import type { SessionReads } from './session-reads.ts';
import type { Query } from './statement.ts';
import { closingOf, contextOf } from './stored-session.ts';

/** A user that is sent something, and the session that it is in. */
interface Recipient {
  readonly reads: SessionReads;
  readonly query: Query;
  readonly sessionId: string;
  readonly row: Pick<messages.RecipientRow, 'round' | 'admitted' | 'closings' | 'members'>;
  readonly context: Omit<ServerContext, 'publicKeys'>;
  readonly user: UserId;
}

/** What there is for a user in the present round. */
export type NextMessage =
  | {
      /** The user has not been heard in this round. */
      readonly kind: 'message';
      /** The round, 0 to 4. */
      readonly round: number;
      /** Fresh bytes, for `UserWrapper.round`. */
      readonly bytes: Uint8Array<ArrayBuffer>;
    }
  | {
      /** The user was heard in this round, and its next message comes once the round is closed. */
      readonly kind: 'waiting';
      /** The round, 0 to 4. */
      readonly round: number;
    }
  | {
      /** The user is out, or it is not registered: no message will come. */
      readonly kind: 'out';
    }
  | {
      /** The session has its sum. */
      readonly kind: 'finished';
    };

const OUT: NextMessage = { kind: 'out' };

/** What there is for one user in the present round. */
export async function readMessage(reads: SessionReads, sessionId: string, user: UserId): Promise<NextMessage> {
  const { query } = reads;
  const [found] = await query(messages.readRecipient, [sessionId, user]);
  const row = requireLive(found, sessionId);
  await requireNotFailed(query, sessionId, row);
  const { round } = row;
  if (row.status !== 'collecting') return { kind: 'finished' };
  if (row.is_heard) return { kind: 'waiting', round };
  if (round === 0) return row.may_take_part ? { kind: 'message', round, bytes: round0Msg() } : OUT;
  if (!row.was_heard) return OUT;
  const context = contextOf(row);
  const recipient = { reads, query, sessionId, row, context, user };
  const fields = await fieldsFor(recipient, row.position);
  if (fields === null) return OUT;
  return { kind: 'message', round, bytes: encodeServerMessage(context.tag, { round: round as Round, fields }) };
}

/** @param position null in round 1, for messages of round 0 have none. */
async function fieldsFor(recipient: Recipient, position: number | null): Promise<readonly Field[] | null> {
  const { row } = recipient;
  if (row.round === 1) return directoryFor(recipient);
  const place = positionAt(position ?? -1, row.admitted);
  switch (row.round) {
    case 2:
      return sharesFor(recipient, place);
    case 3:
      return encodeSurvivors(membersIn(row));
    case 4:
      return signaturesFor(recipient, place);
    default:
      throw new StateError(`session: there is no round ${row.round}`);
  }
}

async function directoryFor({ query, sessionId, row, context, user }: Recipient): Promise<readonly Field[] | null> {
  const { graph } = context.parameters;
  const [set, users] = [closingOf(row, 0), row.admitted];
  const excerpt =
    graph === 'complete'
      ? await readJoinedDirectory(query, sessionId, set, users)
      : await readExcerpt(query, sessionId, { set, users, graph }, user);
  return excerpt === null ? null : encodeJoinedDirectory(excerpt, graph);
}

async function sharesFor(recipient: Recipient, position: Position): Promise<readonly Field[]> {
  const { reads, sessionId, row, context, user } = recipient;
  const u2 = membersIn(row);
  const dealt = { graph: context.parameters.graph, users: row.admitted, u2 };
  const records = await readRecords(reads.records, { sessionId, dealt, holders: [position], onlyCommitments: false });
  return encodeShares({ u2, receiver: user, sealed: concat([...(records.get(position)?.values() ?? [])]) });
}

/** Which holders of the user's shares are in U4, and what they signed. */
async function signaturesFor(recipient: Recipient, position: Position): Promise<readonly Field[]> {
  const { row, context } = recipient;
  const { graph } = context.parameters;
  const users = row.admitted;
  const everybody = [{ first: 0, count: users }];
  const { u4, signed } = await readSigned(recipient, graph === 'complete' ? everybody : rangesAround(position, graph, users));
  const holders = neighborhoodsOf(graph, users).holders(position);
  const signing = holders.flatMap((holder, i) => (hasMember(u4, holder) ? [{ holder, i }] : []));
  const signers = membersOf(
    signing.map(({ i }) => i),
    holders.length,
  );
  return encodeSignatures({ signers, signatures: signing.map(({ holder }) => signed(holder)) });
}

interface Signed {
  /** As far as it was read. */
  readonly u4: Members;
  readonly signed: (position: Position) => Uint8Array;
}

/** U4 and its signatures in some ranges of positions. */
async function readSigned(
  { query, sessionId, row }: Recipient,
  ranges: readonly { readonly first: number; readonly count: number }[],
): Promise<Signed> {
  const set = closingOf(row, 3);
  const asked = ranges.flatMap(({ first, count }): Slice[] => {
    const from = Math.floor(first / 8);
    return [
      { set, kind: 'u4', from, length: Math.ceil((first + count) / 8) - from },
      { set, kind: 'signed', from: first * SIGNATURE_BYTES, length: count * SIGNATURE_BYTES },
    ];
  });
  const pieces = await readSlices(query, sessionId, asked);
  const u4 = new Uint8Array(membersLength(row.admitted));
  const signatures = new Map<number, Uint8Array>();
  asked.forEach(({ kind, from }, i) => {
    const piece = pieces[i] ?? new Uint8Array();
    if (kind === 'u4') u4.set(piece, from);
    else {
      for (let at = 0; at < piece.length; at += SIGNATURE_BYTES) {
        signatures.set((from + at) / SIGNATURE_BYTES, piece.subarray(at, at + SIGNATURE_BYTES));
      }
    }
  });
  if (!isMembers(u4, row.admitted)) throw new StateError('session: somebody has changed the rows of the u4');
  return { u4, signed: (position) => signatures.get(position) ?? new Uint8Array() };
}

function membersIn({ round, admitted, members }: Recipient['row']): Members {
  if (members === null || !isMembers(members, admitted))
    throw new StateError(`session: somebody has changed the rows of the u${round}`);
  return members;
}
