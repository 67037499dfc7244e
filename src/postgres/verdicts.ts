// Judges a batch of messages, outside of any transaction: which of them a server accepts as new, what is to be written of these, and
// what the callers of the others are told. The server is made for the batch, from what the round's sets and the senders' rows say.
import { platform } from '#platform';
import { copyOf } from '../leaves/bytes.ts';
import { SecAggError, StoreError } from '../leaves/errors.ts';
import type { UserId } from '../leaves/ids.ts';
import { hasMember } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import type { Lanes } from '../masking/ring.ts';
import { collectingState, entryOf, filedDealOf } from '../server/entries.ts';
import { enterMessage } from '../server/receiving.ts';
import type { CollectingState, FiledDeal, ServerSnapshot } from '../server/state.ts';
import { claimedRound } from '../wire/envelope.ts';
import { requireNotFailed } from './end.ts';
import type { Acceptance, WaitingMessage } from './message-queue.ts';
import { readRecords, type OwnersRecords } from './records.ts';
import type { AskedMessage, SessionReads } from './session-reads.ts';
import { readPublicKeys, type StoredSession } from './stored-session.ts';

/** Judging a message with more bytes takes long enough to delay other work of the process. */
const LONG = 2 ** 18;
const NOTHING = new Uint8Array();
const NO_SETS = { directory: null, u2: null, u4: null };

/** What the call that waits for each message is told once the transaction is committed; an error if it was refused. */
export type Verdicts = Map<WaitingMessage, Acceptance | SecAggError>;

/** What is to be written of a message that is new. */
export interface NewMessage {
  readonly user: UserId;
  /** Null in round 0. */
  readonly position: Position | null;
  readonly digest: Uint8Array;
  readonly entry: Uint8Array | null;
  /** The records of round 1; else null. */
  readonly records: OwnersRecords | null;
}

export interface Judged {
  readonly verdicts: Verdicts;
  /** In the order of the batch. */
  readonly accepted: readonly NewMessage[];
}

/**
 * Judges the messages of a batch by what is durable.
 *
 * @param sum what inputs of round 2 are added to, in place.
 */
export async function judge(
  reads: SessionReads,
  session: StoredSession,
  batch: readonly WaitingMessage[],
  sum: Lanes,
): Promise<Judged> {
  const { id, row, context } = session;
  await requireNotFailed(reads.query, id, row);
  const users = [...new Set(batch.map(({ user }) => user))];
  await readPublicKeys(reads, session, users);
  const said = await reads.said(id, questionsOf(session, batch));
  const received = Array.from({ length: 5 }, () => new Map<UserId, Uint8Array>());
  for (const { round, user_id: user, digest } of said) received[round]?.set(user as UserId, digest);
  const deals = await dealsFor(reads, session, users, said);
  const state = stateOf(session, deals, sum);
  const verdicts: Verdicts = new Map();
  const accepted: NewMessage[] = [];
  for (const message of batch) {
    const { user, bytes } = message;
    if (bytes.length > LONG) await platform.pause();
    // In round 0 a message is admitted beside those of all processes, by the transaction that writes it, and here by itself.
    const own = state.phase === 'advertise-keys' ? collectingState(null) : state;
    try {
      const snapshot = { revision: 0, context, received, dropped: [], state: own };
      const heard = enterMessage(context, snapshot, { sender: user, bytes, closing: false });
      verdicts.set(message, heard === null ? 'repeated' : 'accepted');
      if (heard !== null) accepted.push(newMessage(own as CollectingState, user, heard.digest));
    } catch (error) {
      if (!(error instanceof SecAggError) || error instanceof StoreError) throw error;
      verdicts.set(message, error);
    }
  }
  return { verdicts, accepted };
}

/** What judging a batch needs to know: whether each message was heard, and in rounds 2 and 4 what its sender has dealt. */
function questionsOf({ row }: StoredSession, batch: readonly WaitingMessage[]): AskedMessage[] {
  const needsDeal = row.round === 2 || row.round === 4;
  const asked = new Map<string, AskedMessage>();
  for (const { user, bytes } of batch) {
    const claimed = claimedRound(bytes);
    for (const round of [claimed, needsDeal ? 1 : null] as const) {
      if (round !== null) asked.set(`${user} ${round}`, { user, round });
    }
  }
  return [...asked.values()];
}

function stateOf({ row, sets }: StoredSession, deals: ReadonlyMap<Position, FiledDeal>, sum: Lanes): ServerSnapshot['state'] {
  if (row.status === 'finished') return { phase: 'finished', included: [], users: row.admitted, sum: NOTHING };
  return collectingState(sets, deals, sum);
}

function newMessage(state: CollectingState, user: UserId, digest: Uint8Array): NewMessage {
  const position = state.phase === 'advertise-keys' ? null : state.directory.positionOf(user);
  const deal = state.phase === 'share-keys' && position !== null ? state.deals.get(position) : undefined;
  // Copied, because they are a view of the message, which is the caller's memory.
  const records =
    deal !== undefined && 'sealed' in deal && position !== null ? { owner: position, sealed: copyOf(deal.sealed) } : null;
  return { user, position, digest, entry: entryOf(state, user), records };
}

/** The deals that judging messages needs: in round 2 that of each sender, in round 4 all that the senders hold shares of. */
async function dealsFor(
  reads: SessionReads,
  { id, row, context, sets }: StoredSession,
  users: readonly UserId[],
  said: readonly { readonly round: number; readonly user_id: number; readonly entry: Uint8Array | null }[],
): Promise<ReadonlyMap<Position, FiledDeal>> {
  const { directory, u2, u4 } = sets ?? NO_SETS;
  if (directory === null || u2 === null || row.round === 3 || row.status !== 'collecting') return new Map();
  const { parameters } = context;
  const commitments = new Map<Position, ReadonlyMap<Position, Uint8Array>>();
  const commitmentsTo: FiledDeal['commitmentsTo'] = (owner, holder) => commitments.get(holder)?.get(owner);
  const deals = new Map<Position, FiledDeal>();
  if (row.round === 4 && u4 !== null) {
    const holders = directory.positionsOf(users).filter((holder) => hasMember(u4, holder));
    const dealt = { graph: parameters.graph, users: directory.size, u2 };
    // What an owner keeps is asked for only when it answers itself.
    const filed = { digest: NOTHING, seedCommitment: NOTHING, ownShareCommitment: null, commitmentsTo };
    for (const [holder, found] of await readRecords(reads.records, { sessionId: id, dealt, holders, onlyCommitments: true })) {
      commitments.set(holder, found);
      for (const owner of found.keys()) deals.set(owner, filed);
    }
  }
  for (const { user_id: user, entry } of said) {
    const owner = entry === null ? null : directory.positionOf(user as UserId);
    if (owner !== null && entry !== null) deals.set(owner, filedDealOf(parameters, entry, commitmentsTo));
  }
  return deals;
}
