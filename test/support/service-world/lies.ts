// Single responses of a coordinator that lies: each is signed with its key, and says something else than what is so.
import { readCertificate } from '../../../src/service/certificate.ts';
import { readRoster, rosterOf } from '../../../src/service/certified-users.ts';
import { fingerprint } from '../../../src/crypto/digest.ts';
import { enrolmentBytes, readEnrolment } from '../../../src/service/enrolment.ts';
import type { Response, ResponseKind } from '../../../src/service/response.ts';
import type { Draws } from './draws.ts';
import type { Person } from './parties.ts';

const KINDS: readonly ResponseKind[] = [
  ...(['wait', 'task', 'run', 'enrolled', 'roster', 'message', 'accepted', 'outcome', 'refused'] as const),
];
const CODES = ['ERR_SECAGG_RUN', 'ERR_SECAGG_STORE', 'ERR_SECAGG_TOKEN', 'ERR_SECAGG_STATE', ''];
const WAITS = [
  { from: 0, to: 0 },
  { from: 5000, to: 1 },
  { from: 2 ** 52, to: 2 ** 53 - 1 },
];
/** Responses that are remembered, to be given to somebody else. */
const MOST_TOLD = 200;

export class Lies {
  readonly #draws: Draws;
  readonly #accomplices: readonly Person[];
  readonly #told: Response[] = [];

  constructor(draws: Draws, accomplices: readonly Person[]) {
    this.#draws = draws;
    this.#accomplices = accomplices;
  }

  /** What is said instead of an honest response. */
  instead(honest: Response): Response {
    const { place, sequence } = honest;
    const draws = this.#draws;
    this.#told.push(honest);
    if (this.#told.length > MOST_TOLD) this.#told.shift();
    switch (draws.between(0, 9)) {
      case 0:
        return { ...honest, place: { ...place, attempt: draws.between(0, 5) } };
      case 1:
        return { ...honest, place: { ...place, round: draws.between(0, 5) } };
      case 2:
        return { ...honest, place: { ...place, run: Math.max(place.run + draws.between(-1, 1), 0) } };
      case 3:
        return { ...honest, kind: draws.pick(KINDS) };
      case 4: {
        const { kind, place: other, body, offset, total, sha256 } = draws.pick(this.#told);
        return { ...honest, kind, body, offset, total, sha256, place: draws.chance(0.5) ? place : other };
      }
      case 5:
        return { ...honest, wait: draws.pick(WAITS) };
      case 6:
        // An echo that is too low hides what it knows; one that is too high makes the participant stop for good.
        return { ...honest, sequence: draws.chance(0.05) ? sequence + 2 ** 30 : 0 };
      case 7:
        return { ...honest, kind: 'refused', code: draws.pick(CODES) };
      default:
        return { ...honest, ...whole(this.#changed(honest)) };
    }
  }

  /** Another list of participants, or another bit. */
  #changed({ kind, body }: Response): Uint8Array {
    const draws = this.#draws;
    const isThere = (): boolean => !draws.chance(0.2);
    if (kind === 'roster') {
      const { certificates, revocations } = readRoster(body);
      const added = this.#accomplices.map(({ certificate }) => readCertificate(certificate));
      const others = certificates.filter(({ id }) => isThere() && added.every((each) => each.id !== id));
      return rosterOf([...others, ...added.filter(isThere)], revocations).bytes;
    }
    if (kind === 'enrolled') {
      const { seedAt, userIds } = readEnrolment(body);
      const ids = new Set([...userIds.filter(isThere), ...this.#accomplices.map(({ id }) => id)]);
      return enrolmentBytes({ seedAt: seedAt + draws.between(-60, 60), userIds: [...ids].sort((a, b) => a - b) });
    }
    const changed = body.slice();
    if (changed.length > 0) changed[draws.between(0, changed.length - 1)]! ^= 1 << draws.between(0, 7);
    return changed;
  }
}

/** The fields of a response that carry a body of one part. */
function whole(body: Uint8Array): Pick<Response, 'offset' | 'total' | 'sha256' | 'body'> {
  return { offset: 0, total: body.length, sha256: fingerprint(body), body };
}
