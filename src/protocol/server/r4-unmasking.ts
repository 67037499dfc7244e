// [BIK+17] Fig. 4, round 4 (Unmasking), server: check every share that is revealed, reconstruct, check, unmask.
import type { Pace } from '../../masking/pace.ts';
import type { Lanes } from '../../masking/ring.ts';
import { ProtocolError } from '../../errors.ts';
import { completeGraph } from '../../graph/complete.ts';
import { at } from '../../lists.ts';
import { positions } from '../../members.ts';
import type { DroppedUser } from '../../progress.ts';
import { SHARE_BYTES } from '../../sizes.ts';
import { isShareOf, viewOfRound3 } from '../binding.ts';
import { commitmentsAt } from '../deals.ts';
import type { UnmaskShare } from '../notation.ts';
import { requireThreshold, requireView, silent, userIdAt } from './roster.ts';
import { reconstructSecrets } from './reconstruction.ts';
import { VERDICT, type CollectingAnswers, type Finished, type ServerContext } from './state.ts';
import { unmaskingOf, wipeUnmasking, type Unmasking } from './unmask.ts';

const round = 4;

/** @param message one share about each user of U2, ascending, of the kind that U3 asks for, as the codec has arranged. */
export function receiveAnswer(
  state: CollectingAnswers,
  holder: number,
  { view, answer: shares }: { readonly view: Uint8Array; readonly answer: readonly UnmaskShare[] },
): DroppedUser[] {
  requireView(view, viewOfRound3(state.view2, state.u3), { round, userId: userIdAt(state.directory, holder) });
  const owners = positions(state.u2);
  const answer = { shares: new Uint8Array(owners.length * SHARE_BYTES), verdicts: new Uint8Array(owners.length) };
  if (at(shares, owners.indexOf(holder)).kind === 'reported') {
    const message = `unmasking: user ${String(userIdAt(state.directory, holder))} reports itself`;
    throw new ProtocolError('ERR_SECAGG_SET', message, { round, userIds: [userIdAt(state.directory, holder)] });
  }
  owners.forEach((owner, i) => {
    const share = at(shares, i);
    if (share.kind === 'reported') {
      answer.verdicts[i] = VERDICT.reported;
    } else if (matchesCommitment(state, owner, holder, share)) {
      answer.shares.set(share.share, i * SHARE_BYTES);
    } else {
      answer.verdicts[i] = VERDICT.wrong;
    }
  });
  state.answers.set(holder, answer);
  // A wrong share is left out and names its sender; what else it revealed is good and counts.
  return answer.verdicts.includes(VERDICT.wrong)
    ? [{ userId: userIdAt(state.directory, holder), round, reason: 'wrong-share' }]
    : [];
}

/** Whether a revealed share is the one that the owner committed to when it dealt it. */
function matchesCommitment(
  { directory, binding, commitments }: CollectingAnswers,
  owner: number,
  holder: number,
  { kind, share }: Exclude<UnmaskShare, { kind: 'reported' }>,
): boolean {
  const dealt = commitments.get(owner);
  if (dealt === undefined) return false;
  const ids = { owner: userIdAt(directory, owner), holder: userIdAt(directory, holder) };
  if (owner === holder) return isShareOf(binding, kind, { ...ids, commitment: dealt.ownShareCommitment }, share);
  const index = completeGraph(directory.length).neighbourIndex(owner, holder);
  const pair = commitmentsAt(dealt.shares, index);
  return isShareOf(binding, kind, { ...ids, commitment: kind === 'self-mask' ? pair.selfMask : pair.pairwiseKey }, share);
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
  const included = positions(u3).map((position) => userIdAt(directory, position));
  return [
    { phase: 'finished', included, users: directory.length, sum },
    silent(directory, positions(u4), state.answers, { round, reason: 'no-answer' }),
  ];
}
