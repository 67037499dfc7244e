// Round 4: from the revealed shares to each user's secret, and who is to blame where that cannot be done.
import { publicKeyOf } from '../../crypto/agree.ts';
import { Reconstruction } from '../../crypto/shamir.ts';
import { equalBytes } from '../../bytes.ts';
import { DisputeError, ProtocolError, ThresholdError, type DisputedDeal } from '../../errors.ts';
import { completeGraph } from '../../graph/complete.ts';
import { at } from '../../lists.ts';
import type { Pace } from '../../masking/pace.ts';
import { countMembers, hasMember, positions } from '../../members.ts';
import { SHARE_BYTES } from '../../sizes.ts';
import { commitToSeed } from '../binding.ts';
import { userIdAt } from './roster.ts';
import { VERDICT, type CollectingAnswers, type ServerContext } from './state.ts';

const round = 4;

/** A reconstructed secret: b_v of a user in U3, s_v^SK of one in U2∖U3. */
export interface Secret {
  readonly owner: number;
  readonly secret: Uint8Array;
}

/** Who said what about one owner; holders ascending. */
interface Evidence {
  readonly owner: number;
  /** Holders whose share matches the owner's commitment, and their shares. */
  readonly holders: readonly number[];
  readonly shares: readonly Uint8Array[];
  /** Holders that could not use what the owner dealt, by their word. */
  readonly accusers: readonly number[];
}

function evidenceOf({ u2, answers }: CollectingAnswers): Evidence[] {
  const heard = [...answers].sort(([a], [b]) => a - b);
  return positions(u2).map((owner, i) => {
    const good = heard.filter(([, { verdicts }]) => verdicts[i] === VERDICT.good);
    const reported = heard.filter(([, { verdicts }]) => verdicts[i] === VERDICT.reported);
    return {
      owner,
      holders: good.map(([holder]) => holder),
      shares: good.map(([, { shares }]) => shares.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES)),
      accusers: reported.map(([holder]) => holder),
    };
  });
}

/** Whether every owner has t good shares: then only an inconsistent dealer can stop the reconstruction. */
export function enoughShares({ parameters }: ServerContext, { u2, answers }: CollectingAnswers): boolean {
  const good = new Uint32Array(countMembers(u2));
  for (const { verdicts } of answers.values()) {
    for (let i = 0; i < good.length; i++) good[i] = (good[i] ?? 0) + (verdicts[i] === VERDICT.good ? 1 : 0);
  }
  return good.every((count) => count >= parameters.threshold);
}

/**
 * [BIK+17] Fig. 4, round 4: SS.recon of b_v for v ∈ U3 and of s_v^SK for v ∈ U2∖U3, from any t good shares. DEVIATION: a
 * secret is used only if it is the one that its owner advertised or committed to, so that a wrong sum never leaves.
 *
 * @throws ProtocolError ERR_SECAGG_INCONSISTENT_DEAL names owners whose own shares do not give their secret;
 * DisputeError where too many holders reported a deal; ThresholdError where wrong shares leave too few.
 */
export async function reconstructSecrets(context: ServerContext, state: CollectingAnswers, pace: Pace): Promise<Secret[]> {
  const { threshold } = context.parameters;
  const evidence = evidenceOf(state);
  const lacking = evidence.filter(({ holders }) => holders.length < threshold);
  if (lacking.length > 0) throw lackOfShares(context, state, lacking);

  const graph = completeGraph(state.directory.length);
  const reconstructions = new Map<string, Reconstruction>();
  const secrets: Secret[] = [];
  const inconsistent: number[] = [];
  for (const { owner, holders, shares } of evidence) {
    const chosen = holders.slice(0, threshold).map((holder) => graph.holderIndex(owner, holder));
    const key = chosen.join();
    const reconstruction = reconstructions.get(key) ?? new Reconstruction(graph.holders(owner), chosen);
    reconstructions.set(key, reconstruction);
    const secret = reconstruction.secret(shares.slice(0, threshold));
    if (await isSecretOf(state, owner, secret)) secrets.push({ owner, secret });
    else inconsistent.push(userIdAt(state.directory, owner));
    await pace.maybePause();
  }
  if (inconsistent.length > 0) throw inconsistentDeal(inconsistent, 'shares that they committed to do not give their secrets');
  return secrets;
}

async function isSecretOf(
  { directory, binding, u3, commitments }: CollectingAnswers,
  owner: number,
  secret: Uint8Array,
): Promise<boolean> {
  const { userId, maskKey } = at(directory, owner);
  if (!hasMember(u3, owner)) return equalBytes(await publicKeyOf(secret), maskKey);
  const dealt = commitments.get(owner);
  return dealt !== undefined && equalBytes(commitToSeed(binding, userId, secret), dealt.seedCommitment);
}

/**
 * Fewer than t good shares of some owners. A report is one user's word against another's: the owner is named only on the
 * word of t users. Where so many lie together, nothing that the protocol promises holds any more.
 */
function lackOfShares(context: ServerContext, state: CollectingAnswers, lacking: readonly Evidence[]): Error {
  const { directory } = state;
  const { threshold } = context.parameters;
  const toIds = (list: readonly number[]): number[] => list.map((position) => userIdAt(directory, position));

  const guilty = lacking.filter(({ accusers }) => accusers.length >= threshold);
  if (guilty.length > 0) return inconsistentDeal(toIds(guilty.map(({ owner }) => owner)), 'nobody can use what they dealt');

  const disputed = lacking.filter(({ accusers }) => accusers.length > 0);
  if (disputed.length > 0) {
    const disputes = disputed.map(({ owner, accusers }): DisputedDeal => ({
      owner: userIdAt(directory, owner),
      accusers: toIds(accusers),
    }));
    const message = `round 4: of ${String(disputes.length)} users too few shares can be used; either they or those who reported them are at fault`;
    return new DisputeError(message, { round: 1, disputes });
  }
  const have = Math.min(...lacking.map(({ holders }) => holders.length));
  const message = `round 4: expected ${String(threshold)} good shares of each secret, got ${String(have)}`;
  return new ThresholdError(message, { have, need: threshold, round });
}

function inconsistentDeal(userIds: readonly number[], what: string): ProtocolError {
  const message = `round 1: users ${userIds.join(', ')} dealt inconsistently: ${what}`;
  return new ProtocolError('ERR_SECAGG_INCONSISTENT_DEAL', message, { round: 1, userIds });
}
