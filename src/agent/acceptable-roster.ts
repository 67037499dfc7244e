// What a participant asks of the certificates that the coordinator brings: of all that are in its session, or of its neighbors.
import { CLOCK_SKEW } from '../service/clock.ts';
import { copyOf, equalBytes } from '../leaves/bytes.ts';
import type { PlatformSignal } from '../leaves/platform-signal.ts';
import { requireValidRoster } from '../service/certified-users.ts';
import type { Roster } from '../service/roster.ts';
import type { AgentContext } from './context.ts';
import { belowFloors } from './floors.ts';

/**
 * A roster that holds and keeps the floors, with the participant itself in it.
 *
 * @throws ServiceError ERR_SECAGG_CERTIFICATE, ERR_SECAGG_FLOOR; DecodeError.
 */
export async function requireAcceptable(context: AgentContext, bytes: Uint8Array, signal?: PlatformSignal): Promise<Roster> {
  const { floors, task, id, memory } = context;
  const { registrar: authority, maxRevocationAge, maxCertificateAge } = floors.keys;
  const now = context.now();
  const { maxUsers } = task.definition.group;
  const roster = await requireValidRoster(bytes, { authority, now, clockSkew: CLOCK_SKEW, maxRevocationAge, maxUsers });
  const { users, certificates, revocations } = roster;
  if (revocations.number < memory.state.history.revocationNumber) throw belowFloors('an older revocation list than before');
  if (certificates.some(({ validFrom }) => validFrom < now - maxCertificateAge - CLOCK_SKEW))
    throw belowFloors('an old certificate');
  if (users < floors.group.minEnrolled || users < task.definition.minUsers) {
    throw belowFloors(`a session of ${users} participants`);
  }
  const own = certificates.find((certificate) => certificate.id === id);
  // By key: the certificate may have been renewed since the participant checked in.
  if (own === undefined || !equalBytes(own.publicKey, context.keypair[0])) {
    throw belowFloors('a session without the participant itself');
  }
  const keys = certificates.map(({ id: user, publicKey, serial }) => ({ id: user, publicKey: copyOf(publicKey), serial }));
  const isVerified = await context.verifyKeys(keys, signal === undefined ? {} : { signal });
  if (!isVerified) throw belowFloors('a key that verifyKeys does not confirm');
  return roster;
}
