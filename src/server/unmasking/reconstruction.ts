// Round 4: from the revealed shares to each user's secret. If that cannot be done, it says who is to blame.
import { publicKeyOf } from '../../crypto/agree.ts';
import { Reconstruction } from '../../crypto/shamir.ts';
import { equalBytes, wipedOnError } from '../../leaves/bytes.ts';
import { DisputeError, ProtocolError, ThresholdError, type DisputedDeal } from '../../leaves/errors.ts';
import { neighborhoodsOf } from '../../graph/graph.ts';
import type { Neighborhoods } from '../../graph/neighborhoods.ts';
import type { Pace } from '../../masking/pace.ts';
import { hasMember, positions } from '../../leaves/members.ts';
import type { UserId } from '../../leaves/ids.ts';
import type { Position } from '../../leaves/positions.ts';
import { shareThresholdOf } from '../../session/parameters.ts';
import { SHARE_BYTES } from '../../leaves/sizes.ts';
import { commitToSeed } from '../../session/binding.ts';
import { VERDICT, type Answer, type CollectingAnswers, type ServerContext } from '../state.ts';

const round = 4;

/** A reconstructed secret: b_v of a user in U3, s_v^SK of one in U2∖U3. */
export interface Secret {
  readonly owner: Position;
  readonly secret: Uint8Array;
}

/** A reconstruction for holders at these indices of a group. */
interface ReconstructionAt {
  readonly indices: string;
  readonly reconstruction: Reconstruction;
}

/** Who said what about one owner; holders in the graph's order. */
interface Evidence {
  readonly owner: Position;
  /** Holders whose share matches the owner's commitment. */
  readonly holders: readonly Position[];
  /** Holders that say they could not use what the owner dealt. */
  readonly accusers: readonly Position[];
}

function evidenceAbout(graph: Neighborhoods, answers: CollectingAnswers['answers'], owner: Position): Evidence {
  const holders: Position[] = [];
  const accusers: Position[] = [];
  for (const holder of graph.holders(owner)) {
    const answer = answers.get(holder);
    if (answer === undefined) continue;
    const verdict = answer.verdicts[graph.holderIndex(holder, owner)];
    if (verdict === VERDICT.reported) accusers.push(holder);
    if (verdict === VERDICT.good) holders.push(holder);
  }
  return { owner, holders, accusers };
}

/** The share of an owner's secret that a holder revealed, as a view. */
function shareOf(graph: Neighborhoods, answers: CollectingAnswers['answers'], owner: Position, holder: Position): Uint8Array {
  const at = graph.holderIndex(holder, owner) * SHARE_BYTES;
  return answers.get(holder)?.shares.subarray(at, at + SHARE_BYTES) ?? new Uint8Array();
}

/** Whether every owner has enough good shares: then only an inconsistent dealer can stop the reconstruction. */
export function enoughShares(
  { parameters }: Pick<ServerContext, 'parameters'>,
  {
    directory,
    u2,
    answers,
  }: Pick<CollectingAnswers, 'u2'> & {
    readonly directory: Pick<CollectingAnswers['directory'], 'size'>;
    readonly answers: ReadonlyMap<Position, Pick<Answer, 'verdicts'>>;
  },
): boolean {
  const graph = neighborhoodsOf(parameters.graph, directory.size);
  const good = new Uint32Array(directory.size);
  for (const [holder, { verdicts }] of answers) {
    graph.holders(holder).forEach((owner, i) => {
      good[owner] = (good[owner] ?? 0) + (verdicts[i] === VERDICT.good ? 1 : 0);
    });
  }
  const need = shareThresholdOf(parameters);
  return positions(u2).every((owner) => (good[owner] ?? 0) >= need);
}

/**
 * [BIK+17] Fig. 4, round 4: SS.recon of b_v for v ∈ U3 and of s_v^SK for v ∈ U2∖U3, from any t good shares. DEVIATION: a
 * secret is used only if it is the one that its owner advertised or committed to, so that a wrong sum is never returned.
 *
 * @throws ProtocolError ERR_SECAGG_INCONSISTENT_DEAL names owners whose own shares do not give their secret;
 * DisputeError if too many holders reported a deal; ThresholdError if wrong shares leave too few.
 */
export async function reconstructSecrets(context: ServerContext, state: CollectingAnswers, pace: Pace): Promise<Secret[]> {
  const threshold = shareThresholdOf(context.parameters);
  const graph = neighborhoodsOf(context.parameters.graph, state.directory.size);
  const owners = positions(state.u2);
  // The evidence is collected for one owner at a time: that about all owners has an entry for each two users.
  const lacking: Evidence[] = [];
  for (const owner of owners) {
    const evidence = evidenceAbout(graph, state.answers, owner);
    if (evidence.holders.length < threshold) lacking.push(evidence);
  }
  if (lacking.length > 0) throw lackOfShares(context, state, lacking);

  return wipedOnError((note) => reconstructed(threshold, graph, state, owners, { pace, note }));
}

async function reconstructed(
  threshold: number,
  graph: Neighborhoods,
  state: CollectingAnswers,
  owners: readonly Position[],
  { pace, note }: { readonly pace: Pace; readonly note: (secret: Uint8Array) => void },
): Promise<Secret[]> {
  // Mostly the holders at the same indices answer for one owner as for the one before; on the complete graph for all.
  let known: ReconstructionAt | undefined;
  const secrets: Secret[] = [];
  const inconsistent: Position[] = [];
  const byTrust = trustOrder(state.answers);
  for (const owner of owners) {
    const holders = byTrust([...evidenceAbout(graph, state.answers, owner).holders]).slice(0, threshold);
    const chosen = holders.map((holder) => graph.holderIndex(owner, holder));
    const indices = chosen.join();
    if (known?.indices !== indices) known = { indices, reconstruction: new Reconstruction(graph.groupSize, chosen) };
    const secret = known.reconstruction.secret(holders.map((holder) => shareOf(graph, state.answers, owner, holder)));
    note(secret);
    if (await isSecretOf(state, owner, secret)) secrets.push({ owner, secret });
    else inconsistent.push(owner);
    await pace.maybePause();
  }
  const guilty = state.directory.userIds(inconsistent);
  if (guilty.length > 0) throw inconsistentDeal(guilty, 'shares that they committed to do not give their secrets');
  return secrets;
}

/**
 * Puts holders with the fewest wrong shares and reports first. Otherwise one liar among the first holders, who spoils its
 * share of every second owner, would make each owner need coefficients of its own: O(t²) instead of O(t).
 */
function trustOrder(answers: CollectingAnswers['answers']): (holders: Position[]) => Position[] {
  const spoilt = new Map<Position, number>();
  for (const [holder, { verdicts }] of answers) {
    const count = verdicts.reduce((sum, verdict) => sum + (verdict === VERDICT.wrong || verdict === VERDICT.reported ? 1 : 0), 0);
    if (count > 0) spoilt.set(holder, count);
  }
  if (spoilt.size === 0) return (holders) => holders;
  return (holders) => holders.sort((a, b) => (spoilt.get(a) ?? 0) - (spoilt.get(b) ?? 0)); // a stable sort
}

async function isSecretOf(
  { directory, directoryDigest, u3, commitments }: CollectingAnswers,
  owner: Position,
  secret: Uint8Array,
): Promise<boolean> {
  const { userId, maskKey } = directory.line(owner);
  if (!hasMember(u3, owner)) return equalBytes(await publicKeyOf(secret), maskKey);
  const dealt = commitments.get(owner);
  return dealt !== undefined && equalBytes(commitToSeed(directoryDigest, userId, secret), dealt.seedCommitment);
}

/**
 * The error if some owners have fewer than t good shares. A report is one user's word against another's, so an owner is named
 * only if t users report it. If t users lie together, none of the protocol's guarantees hold.
 */
function lackOfShares(context: ServerContext, state: CollectingAnswers, lacking: readonly Evidence[]): Error {
  const { directory } = state;
  const threshold = shareThresholdOf(context.parameters);

  const guilty = lacking.filter(({ accusers }) => accusers.length >= threshold);
  if (guilty.length > 0)
    return inconsistentDeal(directory.userIds(guilty.map(({ owner }) => owner)), 'nobody can use what they dealt');

  const disputed = lacking.filter(({ accusers }) => accusers.length > 0);
  if (disputed.length > 0) {
    const disputes = disputed.map(({ owner, accusers }): DisputedDeal => ({
      owner: directory.userIdAt(owner),
      accusers: directory.userIds(accusers),
    }));
    const message = `round 4: of ${disputes.length} users too few shares can be used; either they or those who reported them are at fault`;
    return new DisputeError(message, { round: 1, disputes });
  }
  const have = lacking.reduce((least, { holders }) => Math.min(least, holders.length), threshold);
  const message = `round 4: expected ${threshold} good shares of each secret, got ${have}`;
  const userIds = context.parameters.graph === 'complete' ? [] : directory.userIds(lacking.map(({ owner }) => owner));
  return new ThresholdError(message, { have, need: threshold, round, userIds });
}

function inconsistentDeal(userIds: readonly UserId[], what: string): ProtocolError {
  const others = userIds.length === 1 ? '' : ` and ${userIds.length - 1} more`; // which may be hundreds of thousands
  const message = `round 1: user ${userIds[0]}${others} dealt inconsistently: ${what}`;
  return new ProtocolError('ERR_SECAGG_INCONSISTENT_DEAL', message, { round: 1, userIds });
}
