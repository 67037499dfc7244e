// [BIK+17] Fig. 4, round 4 (Unmasking), server: check every share that is revealed, reconstruct, check, unmask.
import type { Pace } from '../masking/pace.ts';
import type { Lanes } from '../masking/ring.ts';
import { ProtocolError } from '../leaves/errors.ts';
import { neighborhoodsOf } from '../graph/graph.ts';
import type { Neighborhoods } from '../graph/neighborhoods.ts';
import { at } from '../leaves/lists.ts';
import { hasMember, positions } from '../leaves/members.ts';
import type { DroppedUser } from '../leaves/progress.ts';
import { SHARE_BYTES } from '../leaves/sizes.ts';
import { isShareOf } from '../session/binding.ts';
import { commitmentAt } from '../session/deals.ts';
import type { UnmaskShare } from '../session/notation.ts';
import { requireThreshold, requireView, silent } from './attendance.ts';
import { reconstructSecrets } from './unmasking/reconstruction.ts';
import { VERDICT, type CollectingAnswers, type Finished, type ServerContext } from './state.ts';
import { unmaskingOf, wipeUnmasking, type Unmasking } from './unmasking/masks.ts';

const round = 4;

/** The users that a holder has to answer about: those of U2 whose shares it holds, in the graph's order. */
export function ownersFor({ parameters }: ServerContext, { directory, u2 }: CollectingAnswers, holder: number): number[] {
  const owners = neighborhoodsOf(parameters.graph, directory.size).holders(holder);
  return owners.filter((owner) => hasMember(u2, owner));
}

/** @param message one share about each of `ownersFor`, of the kind that U3 asks for, as the codec has arranged. */
export function receiveAnswer(
  context: ServerContext,
  state: CollectingAnswers,
  holder: number,
  { view, answer: shares }: { readonly view: Uint8Array; readonly answer: readonly UnmaskShare[] },
): DroppedUser[] {
  const userId = state.directory.userIdAt(holder);
  requireView(view, state.view3, { round, userId });
  const graph = neighborhoodsOf(context.parameters.graph, state.directory.size);
  const verdicts = new Uint8Array(graph.groupSize).fill(VERDICT.none);
  const answer = { shares: new Uint8Array(graph.groupSize * SHARE_BYTES), verdicts };
  ownersFor(context, state, holder).forEach((owner, i) => {
    const share = at(shares, i);
    const index = graph.holderIndex(holder, owner);
    if (share.kind === 'reported') {
      if (owner === holder) {
        const message = `unmasking: user ${userId} reports itself`;
        throw new ProtocolError('ERR_SECAGG_SET', message, { round, userIds: [userId] });
      }
      answer.verdicts[index] = VERDICT.reported;
    } else if (matchesCommitment(graph, state, { owner, holder }, share)) {
      answer.shares.set(share.share, index * SHARE_BYTES);
      answer.verdicts[index] = VERDICT.good;
    } else {
      answer.verdicts[index] = VERDICT.wrong;
    }
  });
  state.answers.set(holder, answer);
  // A wrong share is left out and names its sender; what else it revealed is good and counts.
  return answer.verdicts.includes(VERDICT.wrong) ? [{ userId, round, reason: 'wrong-share' }] : [];
}

/** Whether a revealed share is the one that the owner committed to when it dealt it. */
function matchesCommitment(
  graph: Neighborhoods,
  { directory, binding, commitments }: CollectingAnswers,
  { owner, holder }: { readonly owner: number; readonly holder: number },
  { kind, share }: Exclude<UnmaskShare, { kind: 'reported' }>,
): boolean {
  const dealt = commitments.get(owner);
  if (dealt === undefined) return false;
  const commitment =
    owner === holder ? dealt.ownShareCommitment : commitmentAt(dealt.shares, graph.neighborIndex(owner, holder), kind);
  if (commitment === null) return false;
  return isShareOf(binding, kind, { owner: directory.userIdAt(owner), holder: directory.userIdAt(holder), commitment }, share);
}

/** Gives the sum without its masks, as a fresh array; how, and where, is the caller's choice. */
export type Unmask = (unmasking: Unmasking, sum: Lanes) => Promise<Lanes>;

export async function closeAnswers(
  context: ServerContext,
  state: CollectingAnswers,
  unmask: Unmask,
  pace: Pace,
): Promise<[Finished, DroppedUser[]]> {
  requireThreshold(state.answers.size, context.parameters.threshold, round);
  const secrets = await reconstructSecrets(context, state, pace);
  const unmasking = unmaskingOf(context, state, secrets);
  const sum = await unmask(unmasking, state.sum).finally(() => wipeUnmasking(unmasking));
  const { directory, u3, u4 } = state;
  return [
    { phase: 'finished', included: directory.userIds(u3), users: directory.size, sum },
    silent(directory, positions(u4), state.answers, { round, reason: 'no-answer' }),
  ];
}
