// On a sparse graph: round 1 tells the participant who its neighbors are. It gets their certificates, and theirs alone, looks at them
// itself, and gives its user the keys in them.
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { equalBytes, utf8 } from '../leaves/bytes.ts';
import { sessionPlan } from '../service/attempt-plan.ts';
import { publicKeysOf } from '../service/certified-users.ts';
import { wantedBytes } from '../service/roster.ts';
import type { UserWrapper } from '../user/user-wrapper.ts';
import { requireAcceptable } from './acceptable-roster.ts';
import type { InSession } from './agent-state.ts';
import type { Answer } from './connection.ts';
import type { AgentContext } from './context.ts';
import { belowFloors } from './floors.ts';

/** Asks for the certificates of those in the server's message of round 1. */
export function askForNeighbors(
  { connection, longestMessage }: AgentContext,
  { run, attempt }: InSession,
  ids: readonly number[],
  signal?: PlatformSignal,
): Promise<Answer> {
  const place = { run, attempt, round: 1 };
  return connection.ask({ kind: 'certificates', place, body: wantedBytes(ids) }, longestMessage, signal);
}

/**
 * Gives the user the keys of its neighbors, if their certificates are in the roster that its session is bound to, and hold.
 *
 * @returns the number of the revocation list.
 * @throws ServiceError ERR_SECAGG_CERTIFICATE, ERR_SECAGG_FLOOR; DecodeError.
 */
export async function meetNeighbors(
  context: AgentContext,
  work: InSession,
  { user, ids, excerpt }: { readonly user: UserWrapper; readonly ids: readonly number[]; readonly excerpt: Uint8Array },
  signal?: PlatformSignal,
): Promise<number> {
  const { task } = context;
  const { announcement, attempt } = work;
  const roster = await requireAcceptable(context, excerpt, signal);
  const { certificates } = roster;
  if (certificates.length !== ids.length || !certificates.every((certificate, i) => certificate.id === ids[i])) {
    throw belowFloors('certificates of others than its neighbors');
  }
  const { plan } = sessionPlan(task, { announcement, attempt, roster }, null);
  if (!equalBytes(utf8(plan.options.session), user.sessionContext)) {
    throw belowFloors('certificates that are not in the roster of its session');
  }
  user.setPublicKeys(publicKeysOf(roster));
  return roster.revocations.number;
}
