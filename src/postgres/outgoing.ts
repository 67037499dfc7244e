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
import { readSlices, readString, type ChunkKind, type Slice } from './chunks.ts';
import { readExcerpt, readJoinedDirectory } from './directory.ts';
import { requireNotFailed } from './end.ts';
import * as messages from './message-statements.ts';
import { readRecords } from './records.ts';
import { requireLive } from './session-status.ts';
import type { Query } from './statement.ts';
import { closingOf, contextOf, type LiveRow } from './stored-session.ts';

/** A user that is sent something, and the session that it is in. */
interface Recipient {
  readonly query: Query;
  readonly sessionId: string;
  readonly row: LiveRow;
  readonly context: Omit<ServerContext, 'publicKeys'>;
  readonly user: UserId;
}

/** The message for one user in the present round; null if there is none. */
export async function readMessage(query: Query, sessionId: string, user: UserId): Promise<Uint8Array | null> {
  const [found] = await query(messages.readRecipient, [sessionId, user]);
  const row = requireLive(found, sessionId);
  await requireNotFailed(query, sessionId, row);
  if (row.status !== 'collecting') return null;
  if (row.round === 0) return row.registers ? round0Msg() : null;
  if (!row.was_heard) return null;
  const context = contextOf(row);
  const recipient = { query, sessionId, row, context, user };
  const fields = await fieldsFor(recipient, row.position);
  return fields === null ? null : encodeServerMessage(context.tag, { round: row.round as Round, fields });
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
      return encodeSurvivors(await readSet(recipient, 'u3', 2));
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
  const { query, sessionId, row, context, user } = recipient;
  const u2 = await readSet(recipient, 'u2', 1);
  const dealt = { graph: context.parameters.graph, users: row.admitted, u2 };
  const records = await readRecords(query, sessionId, dealt, [position]);
  return encodeShares({ u2, receiver: user, sealed: concat([...(records.get(position)?.values() ?? [])]) });
}

/** Which holders of the user's shares are in U4, and what they signed. */
async function signaturesFor(recipient: Recipient, position: Position): Promise<readonly Field[]> {
  const { query, sessionId, row, context } = recipient;
  const [set, users] = [closingOf(row, 3), row.admitted];
  const graph = neighborhoodsOf(context.parameters.graph, users);
  const holders = graph.holders(position);
  if (context.parameters.graph === 'complete') {
    const u4 = await readSet(recipient, 'u4', 3);
    const signed = await readString(query, sessionId, { set, kind: 'signed' }, users * SIGNATURE_BYTES);
    return signaturesOf(holders, (holder) => (hasMember(u4, holder) ? signatureAt(signed, holder) : null));
  }
  // A signature that is all zeros is of no user of U4: no key verifies it.
  const asked = holders.map((holder): Slice => ({
    set,
    kind: 'signed',
    from: holder * SIGNATURE_BYTES,
    length: SIGNATURE_BYTES,
  }));
  const found = new Map((await readSlices(query, sessionId, asked)).map((signature, i) => [holders[i], signature]));
  return signaturesOf(holders, (holder) => {
    const signature = found.get(holder);
    return signature?.some((byte) => byte !== 0) === true ? signature : null;
  });
}

function signatureAt(signed: Uint8Array, position: Position): Uint8Array {
  return signed.subarray(position * SIGNATURE_BYTES, (position + 1) * SIGNATURE_BYTES);
}

function signaturesOf(holders: readonly Position[], signatureOf: (holder: Position) => Uint8Array | null): readonly Field[] {
  const signing = holders.flatMap((holder, i) => {
    const signature = signatureOf(holder);
    return signature === null ? [] : [{ i, signature }];
  });
  const signers = membersOf(
    signing.map(({ i }) => i),
    holders.length,
  );
  return encodeSignatures({ signers, signatures: signing.map(({ signature }) => signature) });
}

async function readSet({ query, sessionId, row }: Recipient, kind: ChunkKind, round: number): Promise<Members> {
  const set = await readString(query, sessionId, { set: closingOf(row, round), kind }, membersLength(row.admitted));
  if (!isMembers(set, row.admitted)) throw new StateError(`session: somebody has changed the rows of the ${kind}`);
  return set;
}
