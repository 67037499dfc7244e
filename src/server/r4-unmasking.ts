// [BIK+17] Fig. 4, round 4 (Unmasking), server: check every share that is revealed, reconstruct, check, unmask.
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Neighborhoods } from '../graph/neighborhoods.ts';
import { concat } from '../leaves/bytes.ts';
import { ProtocolError, StateError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { hasMember, positions } from '../leaves/members.ts';
import type { Position } from '../leaves/positions.ts';
import { SHARE_BYTES } from '../leaves/sizes.ts';
import { Pace } from '../masking/pace.ts';
import { isShareOf } from '../session/binding.ts';
import { commitmentAt } from '../session/deals.ts';
import type { UnmaskMessage, UnmaskShare } from '../session/messages.ts';
import { requireThreshold, requireView, silent } from './attendance.ts';
import { union, type DirectoryRound } from './round-interface.ts';
import {
  VERDICT,
  type Answer,
  type CollectingAnswers,
  type DealtCommitments,
  type FiledDeal,
  type Finished,
  type ServerContext,
} from './state.ts';
import { unmaskingOf, wipeUnmasking, type Unmasking } from './unmasking/masks.ts';
import { enoughShares, reconstructSecrets } from './unmasking/reconstruction.ts';
import { sumWithoutMasks } from './unmasking/sum-without-masks.ts';

const round = 4;

export const unmasking: DirectoryRound<CollectingAnswers, UnmaskMessage> = {
  number: round,
  speakers: ({ u4 }) => u4,
  view: ({ view3 }) => view3,

  /** The codec has arranged one share about each of `ownersFor`, of the kind that U3 asks for. */
  receive(context, state, holder, { view, answer: shares }) {
    const userId = state.directory.userIdAt(holder);
    requireView(view, state.view3, { round, userId });
    const answer = judged(context, state, holder, shares);
    state.answers.set(holder, answer);
    // A wrong share is left out and names its sender; what else it revealed is good and counts.
    return answer.verdicts.includes(VERDICT.wrong) ? [{ userId, round, reason: 'wrong-share' }] : [];
  },

  heard: ({ answers }) => answers.keys(),

  /** Depends on what the answers say, and not only on who has answered. */
  ready: (context, state) => enoughShares(context, state),

  async close(context, state, work) {
    const masks = await masksOf(context, state, new Pace(work.signal));
    const sum = await sumWithoutMasks(masks, state.sum, work).finally(() => wipeUnmasking(masks));
    const { directory, u3, u4, answers } = state;
    const finished: Finished = { phase: 'finished', included: directory.userIds(u3), users: directory.size, sum };
    return { state: finished, dropped: silent(directory, positions(u4), answers, { round, reason: 'no-answer' }) };
  },

  base: (_, { view3, u4 }) => concat([view3, u4]),
  part: ({ phase, answers }) => ({ phase, answers }),
  merged: (_, state, { answers }) => ({ ...state, answers: union(answers, state.answers) }),
};

/** The masks in the sum, after every check of what was revealed. CONTAINS SECRETS: wipe them with `wipeUnmasking`. */
export async function masksOf(context: ServerContext, state: CollectingAnswers, pace: Pace): Promise<Unmasking> {
  requireThreshold(state.answers.size, context.parameters.threshold, round);
  return unmaskingOf(context, state, await reconstructSecrets(context, state, pace));
}

/** The users that a holder has to answer about: those of U2 whose shares it holds, in the graph's order. */
export function ownersFor({ parameters }: ServerContext, { directory, u2 }: CollectingAnswers, holder: Position): Position[] {
  const owners = neighborhoodsOf(parameters.graph, directory.size).holders(holder);
  return owners.filter((owner) => hasMember(u2, owner));
}

/** What a holder reveals, each share beside whether it is the one that its owner committed to. */
function judged(context: ServerContext, state: CollectingAnswers, holder: Position, shares: readonly UnmaskShare[]): Answer {
  const userId = state.directory.userIdAt(holder);
  const graph = neighborhoodsOf(context.parameters.graph, state.directory.size);
  const verdicts = new Uint8Array(graph.groupSize).fill(VERDICT.none);
  const answer = { shares: new Uint8Array(graph.groupSize * SHARE_BYTES), verdicts };
  ownersFor(context, state, holder).forEach((owner, i) => {
    const share = at(shares, i);
    const index = graph.holderIndex(holder, owner);
    if (share.kind === 'reported') {
      if (owner === holder) {
        const message = `unmasking: user ${userId} reports itself`;
        throw new ProtocolError('ERR_SECAGG_SELF_REPORT', message, { round, userIds: [userId] });
      }
      verdicts[index] = VERDICT.reported;
    } else if (matchesCommitment(graph, state, { owner, holder }, share)) {
      answer.shares.set(share.share, index * SHARE_BYTES);
      verdicts[index] = VERDICT.good;
    } else {
      verdicts[index] = VERDICT.wrong;
    }
  });
  return answer;
}

/** Whether a revealed share is the one that the owner committed to when it dealt it. */
function matchesCommitment(
  graph: Neighborhoods,
  { directory, directoryDigest, commitments }: CollectingAnswers,
  { owner, holder }: { readonly owner: Position; readonly holder: Position },
  { kind, share }: Exclude<UnmaskShare, { kind: 'reported' }>,
): boolean {
  const dealt = commitments.get(owner);
  if (dealt === undefined) throw notRead(owner);
  const commitment = owner === holder ? dealt.ownShareCommitment : commitmentTo(graph, dealt, { owner, holder }, kind);
  if (commitment === null) return false;
  const ids = { owner: directory.userIdAt(owner), holder: directory.userIdAt(holder), commitment };
  return isShareOf(directoryDigest, kind, ids, share);
}

/** What an owner committed to about a share of another holder. */
function commitmentTo(
  graph: Neighborhoods,
  dealt: DealtCommitments | FiledDeal,
  { owner, holder }: { readonly owner: Position; readonly holder: Position },
  kind: 'self-mask' | 'pairwise-key',
): Uint8Array {
  if ('shares' in dealt) return commitmentAt(dealt.shares, graph.neighborIndex(owner, holder), kind);
  const pair = dealt.commitmentsTo(owner, holder);
  if (pair === undefined) throw notRead(owner);
  return commitmentAt(pair, 0, kind);
}

/** Without the commitments of all owners, a good share would look wrong, and its honest sender would be named. */
function notRead(owner: Position): StateError {
  return new StateError(`state: the commitments of the user at position ${owner} are missing`);
}
