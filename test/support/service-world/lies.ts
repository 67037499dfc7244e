// Single responses of a coordinator that lies: each is signed with its key, and says something else than what is so.
import { readCertificate } from '../../../src/service/certificate.ts';
import { readRoster, rosterOf } from '../../../src/service/roster.ts';
import { fingerprint } from '../../../src/crypto/digest.ts';
import { enrolmentBytes, readEnrolment } from '../../../src/service/enrolment.ts';
import type { Request } from '../../../src/service/request.ts';
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
  /** Participants and runs that were told that an attempt follows. */
  readonly #promised = new Set<string>();

  constructor(draws: Draws, accomplices: readonly Person[]) {
    this.#draws = draws;
    this.#accomplices = accomplices;
  }

  /** What it can say to others, or again. */
  heard(honest: Response): void {
    this.#told.push(honest);
    if (this.#told.length > MOST_TOLD) this.#told.shift();
  }

  /** Whether the first half of a lie was told to this participant. */
  isPromised(request: Request): boolean {
    return request.kind === 'ready' && this.#promised.has(nameOf(request));
  }

  /** What is said instead of an honest response. */
  instead(request: Request, honest: Response): Response {
    if (request.kind === 'ready' && this.#promised.delete(nameOf(request))) return this.#again(request, honest);
    return saysWhoIsIn(honest) && this.#draws.chance(0.7)
      ? this.#aboutUsers(request, honest)
      : this.#aboutAnything(request, honest);
  }

  /** Other participants, another attempt, or one that was before. */
  #aboutUsers(request: Request, honest: Response): Response {
    const draws = this.#draws;
    if (draws.chance(0.2)) return this.#again(request, honest);
    if (draws.chance(0.3)) return { ...honest, place: { ...honest.place, attempt: draws.between(0, 5) } };
    return { ...honest, ...whole(this.#changed(request, honest)) };
  }

  #aboutAnything(request: Request, honest: Response): Response {
    const { place, sequence } = honest;
    const draws = this.#draws;
    switch (draws.between(0, 11)) {
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
      case 8:
      case 9:
        return this.#again(request, honest);
      default:
        return { ...honest, ...whole(this.#changed(request, honest)) };
    }
  }

  /** The same run again: first that it goes on, and to whoever is ready then, an attempt that somebody was in before. */
  #again(request: Request, honest: Response): Response {
    const kinds: readonly ResponseKind[] = request.kind === 'ready' ? ['roster', 'enrolled'] : ['run'];
    const isBefore = ({ kind, place }: Response): boolean => kinds.includes(kind) && place.run === request.place.run;
    const before = this.#told.findLast(isBefore);
    if (before === undefined) return honest;
    if (before.kind === 'run') this.#promised.add(nameOf(request));
    const { token, sequence } = honest;
    const attempt = this.#draws.chance(0.5) ? before.place.attempt : this.#draws.between(1, 3);
    return { ...before, request: honest.request, token, sequence, place: { ...before.place, attempt } };
  }

  /** Another list of participants, or another bit. */
  #changed(request: Request, { kind, body }: Response): Uint8Array {
    const draws = this.#draws;
    const asking = readCertificate(request.certificate).id;
    const [absent, absentItself] = [draws.pick([0, 0.2, 0.5]), draws.pick([0, 0.5])];
    const isThere = ({ id }: { readonly id: number }): boolean => !draws.chance(id === asking ? absentItself : absent);
    if (kind === 'roster') {
      const { certificates, revocations } = readRoster(body);
      const added = this.#accomplices.map(({ certificate }) => readCertificate(certificate));
      const others = certificates.filter((each) => isThere(each) && added.every(({ id }) => each.id !== id));
      return rosterOf([...others, ...added.filter(isThere)], revocations).bytes;
    }
    if (kind === 'enrolled') {
      const { seedAt, userIds } = readEnrolment(body);
      const ids = new Set([...userIds.filter((id) => isThere({ id })), ...this.#accomplices.map(({ id }) => id)]);
      return enrolmentBytes({ seedAt: seedAt + draws.between(-60, 60), userIds: [...ids].sort((a, b) => a - b) });
    }
    const changed = body.slice();
    if (changed.length > 0) changed[draws.between(0, changed.length - 1)]! ^= 1 << draws.between(0, 7);
    return changed;
  }
}

/** Whether a response says who is in a session, which is what a participant must not leave to the coordinator. */
export function saysWhoIsIn({ kind }: Response): boolean {
  return kind === 'roster' || kind === 'enrolled';
}

function nameOf({ certificate, place }: Request): string {
  return `${place.run}/${certificate.join()}`;
}

/** The fields of a response that carry a body of one part. */
function whole(body: Uint8Array): Pick<Response, 'offset' | 'total' | 'sha256' | 'body'> {
  return { offset: 0, total: body.length, sha256: fingerprint(body), body };
}
