// A coordinator that lies about the neighbors of a participant on a sparse graph, or about who else is in its session. It has drawn the graph
// fairly: with one that does not, no participant has a sparse graph (SECURITY.md, assumption 6).
import { expect } from 'chai';
import { fingerprint } from '../../src/crypto/digest.ts';
import { signerWith } from '../../src/crypto/sign.ts';
import { genKeypair } from '../../src/index.ts';
import { certificateRequest } from '../../src/service/certificate-request.ts';
import { readCertificate, type Certificate } from '../../src/service/certificate.ts';
import type { Group } from '../../src/service/group.ts';
import { decodeRequest } from '../../src/service/request.ts';
import { encodeResponse, readResponse, type Response } from '../../src/service/response.ts';
import { readRevocationList } from '../../src/service/revocation-list.ts';
import { readRoster, readWanted, RosterExcerpts, rosterOf, type Roster } from '../../src/service/roster.ts';
import { useLightEngine } from '../support/service-world/light-engine.ts';
import { SmallService } from '../support/service-world/small-service.ts';

const PEOPLE = 9;
const GROUP: Group = {
  ...{ threshold: 7, maxUsers: PEOPLE, adversary: 'semi-malicious', colluders: 0, cohorts: null },
  graph: { neighbors: 6, shareThreshold: 5, security: 40 },
};

/** What a test says instead of an honest roster. */
interface Told {
  readonly service: SmallService;
  /** The whole roster of the session. */
  readonly whole: Roster;
  /** Whose certificates the victim asked for. */
  readonly wanted: readonly number[];
  readonly honest: Uint8Array;
}

/** Plays a run in which the victim is lied to. @returns what it told, and the run of the others. */
async function playLie(kind: 'ready' | 'certificates', lie: (told: Told) => Uint8Array | Promise<Uint8Array>) {
  const service = await SmallService.open({ users: PEOPLE, definition: { group: GROUP, minUsers: 7, attempts: 1 } });
  const key = await service.openRun();
  const [publicKey, secretKey] = service.parties.coordinator;
  const [person, ...others] = service.parties.people;
  const exchange = async (bytes: Uint8Array): Promise<Uint8Array> => {
    const request = decodeRequest(bytes);
    const answer = await service.coordinator.answer(bytes);
    if (request.kind !== kind) return answer;
    const response = (await readResponse(answer, { publicKey, request: request.digest }))!;
    if (response.kind !== 'roster') return answer;
    const roster = (await service.store.roster({ ...key, index: 0, attempt: 1 }))!;
    const wanted = kind === 'ready' ? [person!.id] : readWanted(request.body, 7);
    const body = await lie({ service, whole: readRoster(roster), wanted, honest: response.body });
    const told: Response = { ...response, offset: 0, total: body.length, sha256: fingerprint(body), body };
    return encodeResponse(told, signerWith(secretKey));
  };
  const victim = service.participant(person!, { exchange });
  const participants = [victim, ...others.map((other) => service.participant(other))];
  const { included, result } = await service.finish(participants);
  expect(included).to.deep.equal(others.map(({ id }) => id));
  const sum = included.reduce((total, id) => total + id, 0);
  expect(result).to.deep.equal(Int32Array.of(sum, included.length, -sum));
  return {
    refusals: victim.events.flatMap((event) => (event.type === 'refused' ? [event.code] : [])),
    rounds: victim.events.flatMap((event) => (event.type === 'sent' ? [event.round] : [])),
  };
}

/** A certificate of the registrar for somebody, under another key: the coordinator has it, too. */
async function another({ registrar }: SmallService['parties'], id: number): Promise<Certificate> {
  return readCertificate(await registrar.certify(await certificateRequest(registrar.authority, id, genKeypair()), { id }));
}

const neighborOf = ({ wanted, service }: Told): number => wanted.find((id) => id !== service.parties.people[0]!.id)!;

describe('a participant on a sparse graph gives nothing to its neighbors', () => {
  useLightEngine();

  for (const [attack, code, lie] of [
    [
      'if one of them has a key that is not in the roster of its session, although the registrar has certified it',
      'ERR_SECAGG_FLOOR',
      async (told) => {
        const other = await another(told.service.parties, neighborOf(told));
        const certificates = told.whole.certificates.map((each) => (each.id === other.id ? other : each));
        return new RosterExcerpts(rosterOf(certificates, told.whole.revocations).bytes).of(told.wanted)!;
      },
    ],
    [
      'if one of them is in the place of somebody else in the roster',
      'ERR_SECAGG_FLOOR',
      async (told) => {
        const [other, body] = [await another(told.service.parties, neighborOf(told)), told.honest.slice()];
        const { certificates } = readRoster(body);
        body.set(other.bytes, 8 + 165 * certificates.findIndex(({ id }) => id === other.id) + 4);
        return body;
      },
    ],
    [
      'if it is shown others than these, all of them in the roster',
      'ERR_SECAGG_FLOOR',
      ({ whole, wanted, service }) => {
        const own = service.parties.people[0]!.id;
        const outside = whole.certificates.map(({ id }) => id).filter((id) => !wanted.includes(id) || id === own);
        return new RosterExcerpts(whole.bytes).of(outside)!;
      },
    ],
    [
      'if one of them is left out',
      'ERR_SECAGG_FLOOR',
      (told) => new RosterExcerpts(told.whole.bytes).of(told.wanted.filter((id) => id !== neighborOf(told)))!,
    ],
    [
      'if it is not among them itself',
      'ERR_SECAGG_FLOOR',
      ({ whole, wanted, service }) =>
        new RosterExcerpts(whole.bytes).of(wanted.filter((id) => id !== service.parties.people[0]!.id))!,
    ],
    [
      'if the registrar has not certified one of them',
      'ERR_SECAGG_CERTIFICATE',
      ({ honest }) => {
        const body = honest.slice();
        body[8 + 4 + 161 - 1]! ^= 1; // of the signature
        return body;
      },
    ],
    [
      'if the registrar has taken one of them back meanwhile',
      'ERR_SECAGG_CERTIFICATE',
      async (told) => {
        const { registrar } = told.service.parties;
        registrar.revoke(neighborOf(told));
        const list = readRevocationList(await registrar.revocationList());
        return new RosterExcerpts(rosterOf(told.whole.certificates, list).bytes).of(told.wanted)!;
      },
    ],
    ['if what it is shown is cut short', 'ERR_SECAGG_DECODE', ({ honest }) => honest.slice(0, 200)],
  ] as const satisfies readonly (readonly [string, string, (told: Told) => Uint8Array | Promise<Uint8Array>])[]) {
    it(attack, async () => {
      const { refusals, rounds } = await playLie('certificates', lie);
      expect(refusals).to.deep.equal([code]);
      expect(rounds).to.deep.equal([0]);
    });
  }
});

describe('a participant on a sparse graph enters no session', () => {
  useLightEngine();

  for (const [attack, code, lie] of [
    [
      'of fewer participants than it asks for',
      'ERR_SECAGG_FLOOR',
      ({ whole, wanted }) => new RosterExcerpts(rosterOf(whole.certificates.slice(0, 6), whole.revocations).bytes).of(wanted)!,
    ],
    [
      'of more participants than its task allows',
      'ERR_SECAGG_CERTIFICATE',
      ({ whole, wanted }) => {
        const more = withId(whole.certificates[0]!, 2 ** 40);
        return new RosterExcerpts(rosterOf([...whole.certificates, more], whole.revocations).bytes).of(wanted)!;
      },
    ],
    ['without itself', 'ERR_SECAGG_FLOOR', ({ whole }) => new RosterExcerpts(whole.bytes).of([whole.certificates.at(-1)!.id])!],
    [
      'in which another key is called its own',
      'ERR_SECAGG_FLOOR',
      async ({ service, whole, wanted }) => {
        const own = await another(service.parties, wanted[0]!);
        const certificates = whole.certificates.map((each) => (each.id === own.id ? own : each));
        return new RosterExcerpts(rosterOf(certificates, whole.revocations).bytes).of(wanted)!;
      },
    ],
  ] as const satisfies readonly (readonly [string, string, (told: Told) => Uint8Array | Promise<Uint8Array>])[]) {
    it(attack, async () => {
      const { refusals, rounds } = await playLie('ready', lie);
      expect(refusals[0]).to.equal(code);
      expect(rounds).to.deep.equal([]);
    });
  }
});

/** A certificate that the registrar has not signed. */
function withId({ bytes }: Certificate, id: number): Certificate {
  const changed = bytes.slice();
  new DataView(changed.buffer).setBigUint64(33, BigInt(id));
  return readCertificate(changed);
}
