// The documents and messages of a service beside an independent implementation in Python (test/reference/coordination), which was
// written from docs/coordination.md: each makes the bytes of the other, and refuses what the other refuses.
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect } from 'chai';
import { Uploads } from '../../src/coordinator/uploads.ts';
import { signerWith } from '../../src/crypto/sign.ts';
import { SecAggError } from '../../src/index.ts';
import { equalBytes } from '../../src/leaves/bytes.ts';
import { announcementOf, isAnnouncementOf, readAnnouncement } from '../../src/service/announcement.ts';
import { authorityDigest, certificateOf, isCertificateOf, readCertificate, type Authority } from '../../src/service/certificate.ts';
import { isRequestOf, readCertificateRequest } from '../../src/service/certificate-request.ts';
import { attemptSession, requireValidRoster } from '../../src/service/certified-users.ts';
import { certificateRequest, Task, verifyCertificate } from '../../src/service/index.ts';
import { keyDigest } from '../../src/service/keypair.ts';
import { decodeRequest, encodeRequest, isRequestSignedBy, requestDigest } from '../../src/service/request.ts';
import { encodeResponse, readResponse } from '../../src/service/response.ts';
import { isRevocationListOf, readRevocationList, revocationListOf } from '../../src/service/revocation-list.ts';
import { readRoster, RosterExcerpts, rosterOf } from '../../src/service/roster.ts';
import { rejected } from '../support/errors.ts';
import { hasReference } from '../support/reference-participant.ts';
import { fromHex, toHex } from '../support/vectors.ts';
import { LIBRARY, libraryVectors } from './coordination-library.ts';

const SCRIPT = fileURLToPath(new URL('../reference/coordination_vectors.py', import.meta.url));

function read(name: string): unknown {
  return JSON.parse(readFileSync(new URL(`coordination/${name}.json`, import.meta.url), 'utf8'));
}

/** Hexadecimal digits, or those before and after a run of zeros. */
type Written = string | { readonly head: string; readonly zeros: number; readonly tail: string };

function bytesOf(written: Written): Uint8Array {
  if (typeof written === 'string') return fromHex(written);
  const [head, tail] = [fromHex(written.head), fromHex(written.tail)];
  const bytes = new Uint8Array(head.length + written.zeros + tail.length);
  bytes.set(head);
  bytes.set(tail, head.length + written.zeros);
  return bytes;
}

interface Refused {
  readonly kind: string;
  readonly why: string;
  /** Whether the form is good, so that only a signature does not hold. */
  readonly isSignature: boolean;
  readonly bytes: Written;
}

/** Bytes as hexadecimal digits, as the vectors have them. */
function digits(fields: object): object {
  const entries = Object.entries(fields) as [string, unknown][];
  return Object.fromEntries(entries.map(([name, value]) => [name, value instanceof Uint8Array ? toHex(value) : value]));
}

/** `'form'`, `'signature'` or `'accepted'`. */
async function verdict(check: () => boolean | Promise<boolean>): Promise<string> {
  try {
    return (await check()) ? 'accepted' : 'signature';
  } catch (error) {
    if (error instanceof SecAggError) return 'form';
    throw error;
  }
}

const authorityOf = ({ publicKey, scope }: { publicKey: string; scope: string }): Authority => {
  return { publicKey: fromHex(publicKey), scope };
};

describe('documents and messages of a service beside the independent reference', function () {
  this.timeout(60_000);

  it('the reference gives the committed vectors, and reads those that the library makes', function () {
    if (!hasReference()) {
      this.test!.title += ' (skipped: no python3 with the package cryptography here)';
      this.skip();
    }
    execFileSync('python3', ['-B', SCRIPT, '--check'], { stdio: ['ignore', 'ignore', 'inherit'] });
  });

  it('the library still makes the vectors that the reference reads', async () => {
    expect(await libraryVectors()).to.equal(readFileSync(LIBRARY, 'utf8'));
  });

  describe('signed documents', () => {
    interface Documents {
      readonly authority: { readonly publicKey: string; readonly scope: string; readonly digest: string };
      readonly publisher: string;
      readonly task: string;
      readonly accepted: readonly { kind: string; secretKey: string; fields: Record<string, never>; bytes: string }[];
      readonly refused: readonly Refused[];
    }
    const { authority: named, publisher, task, accepted, refused } = read('documents') as Documents;
    const authority = authorityOf(named);

    /** The fields as the vectors name them, and whether the signature holds. Whose it is is a question of form. */
    async function opened(kind: string, bytes: Uint8Array): Promise<{ fields: object; isSigned: boolean }> {
      const isOurs = (whose: Uint8Array): void => {
        if (toHex(whose) !== named.digest) throw new SecAggError('ERR_SECAGG_CERTIFICATE', 'of another authority');
      };
      if (kind === 'announcement') {
        const { payload, bytes: own, ...fields } = readAnnouncement(bytes);
        const { url = '', length = 0, sha256 = fromHex(EMPTY) } = payload ?? {};
        const isSigned = (await isAnnouncementOf(fromHex(publisher), own)) && toHex(fields.task) === task;
        return { fields: { ...fields, url, payloadBytes: length, payloadDigest: sha256 }, isSigned };
      }
      if (kind === 'certificateRequest') {
        const { authority: whose, ...fields } = readCertificateRequest(bytes);
        isOurs(whose);
        return { fields, isSigned: await isRequestOf(fields.publicKey, bytes) };
      }
      const isCertificate = kind === 'certificate';
      const { authority: whose, bytes: own, ...fields } = isCertificate ? readCertificate(bytes) : readRevocationList(bytes);
      isOurs(whose);
      const isSignedBy = isCertificate ? isCertificateOf : isRevocationListOf;
      return { fields, isSigned: await isSignedBy(authority.publicKey, own) };
    }

    it('the digest of a registrar and a scope', () => {
      expect(toHex(authorityDigest(authority))).to.equal(named.digest);
    });

    it('are read with their fields, and made again byte for byte', async () => {
      for (const { kind, secretKey, fields, bytes } of accepted) {
        const { fields: found, isSigned } = await opened(kind, fromHex(bytes));
        expect(digits(found), kind).to.deep.equal(fields);
        expect(isSigned, kind).to.equal(true);
        const key = fromHex(secretKey);
        const { publicKey, task: about, payloadDigest, payloadBytes, url, ...plain } = fields as Record<string, string>;
        const given = { ...plain, ...(publicKey !== undefined && { publicKey: fromHex(publicKey) }) } as never;
        const payload = url === '' ? null : { url, length: payloadBytes, sha256: fromHex(payloadDigest ?? '') };
        const made: Record<string, () => Promise<Uint8Array>> = {
          certificateRequest: () => certificateRequest(authority, Number(plain.id), [fromHex(publicKey ?? ''), key]),
          certificate: () => certificateOf(authority, key, given),
          revocationList: () => revocationListOf(authority, key, given),
          announcement: () => announcementOf(key, { ...plain, task: fromHex(about ?? ''), payload } as never),
        };
        expect(toHex(await made[kind]!()), kind).to.equal(bytes);
      }
      expect(accepted.length).to.equal(11);
    });

    it('are refused for their form or for their signature, as the reference refuses them', async () => {
      for (const { kind, why, isSignature, bytes } of refused) {
        const found = await verdict(async () => (await opened(kind, bytesOf(bytes))).isSigned);
        expect(found, `${kind}: ${why}`).to.equal(isSignature ? 'signature' : 'form');
      }
      expect(refused.length).to.equal(51);
    });
  });

  describe('requests and responses', () => {
    interface Messages {
      readonly registrar: string;
      readonly participant: string;
      readonly coordinator: string;
      readonly coordinatorKey: string;
      readonly serviceKey: string;
      readonly request: string;
      readonly accepted: readonly { kind: 'request' | 'response'; fields: Record<string, unknown>; bytes: Written }[];
      readonly refused: readonly Refused[];
    }
    const vectors = read('messages') as Messages;
    const terms = { publicKey: fromHex(vectors.coordinatorKey), request: fromHex(vectors.request) };

    interface Message {
      readonly place: { readonly run: number; readonly attempt: number; readonly round: number };
      readonly offset: number;
      readonly total: number;
    }

    function listed(message: Message): object {
      const { place, offset, total, ...fields } = message;
      return digits({ ...fields, place: [place.run, place.attempt, place.round], extent: [offset, total] });
    }

    const isSigned = async (bytes: Uint8Array): Promise<boolean> => {
      const request = decodeRequest(bytes);
      if (!(await isCertificateOf(fromHex(vectors.registrar), request.certificate))) return false;
      return isRequestSignedBy(readCertificate(request.certificate).publicKey, request);
    };

    it('the digest of the coordinator’s key', () => {
      expect(toHex(keyDigest(terms.publicKey))).to.equal(vectors.serviceKey);
    });

    it('are read with their fields, and made again byte for byte', async () => {
      for (const { kind, fields, bytes } of vectors.accepted) {
        const given = bytesOf(bytes);
        const { body, ...others } = fields;
        if (kind === 'request') {
          const { signature, ...request } = decodeRequest(given);
          expect(signature.length).to.equal(64);
          expect(await isSigned(given)).to.equal(true);
          const { body: found, ...rest } = request;
          expect(listed(rest)).to.deep.equal(others);
          expect(equalBytes(found, bytesOf(body as Written))).to.equal(true);
          expect(toHex(requestDigest(request))).to.equal(fields.digest);
          expect(equalBytes(await encodeRequest(request, signerWith(fromHex(vectors.participant))), given)).to.equal(true);
        } else {
          const response = (await readResponse(given, terms))!;
          const { body: found, wait, ...rest } = response;
          const { digest, ...named } = others;
          expect(digest).to.be.a('string');
          expect({ ...listed(rest), wait: [wait.from, wait.to] }).to.deep.equal(named);
          expect(equalBytes(found, bytesOf(body as Written))).to.equal(true);
          expect(equalBytes(await encodeResponse(response, signerWith(fromHex(vectors.coordinator))), given)).to.equal(true);
        }
      }
      expect(vectors.accepted.length).to.equal(20);
    });

    it('are refused for their form or for their signature, as the reference refuses them', async () => {
      for (const { kind, why, isSignature, bytes } of vectors.refused) {
        const given = bytesOf(bytes);
        const found = await verdict(() => {
          return kind === 'request' ? isSigned(given) : readResponse(given, terms).then((response) => response !== null);
        });
        expect(found, `${kind}: ${why}`).to.equal(isSignature ? 'signature' : 'form');
      }
      expect(vectors.refused.length).to.equal(80);
    });
  });

  describe('rosters', () => {
    interface Rosters {
      readonly authority: { readonly publicKey: string; readonly scope: string };
      readonly attempts: readonly Readonly<Record<'task' | 'announcement' | 'roster' | 'context', string> & { attempt: number; ids: number[] }>[];
      readonly excerpts: Readonly<Record<'task' | 'announcement' | 'whole' | 'context', string>> & {
        readonly attempt: number;
        readonly parts: readonly { readonly places: readonly number[]; readonly ids: readonly number[]; readonly roster: string }[];
      };
      readonly refused: readonly { readonly why: string; readonly bytes: string }[];
      readonly times: readonly { roster: string; now: number; maxRevocationAge: number; isValid: boolean }[];
    }
    const { authority: named, attempts, excerpts, refused, times } = read('rosters') as Rosters;
    const authority = authorityOf(named);
    const NEW_YEAR = 1_767_225_600;

    it('have their participants, and give the context of the session', () => {
      for (const { task, announcement, attempt, ids, roster: text, context } of attempts) {
        const roster = readRoster(fromHex(text));
        const { certificates, revocations } = roster;
        expect(certificates.map(({ id }) => id)).to.deep.equal(ids);
        expect(toHex(rosterOf([...certificates].reverse(), revocations).bytes)).to.equal(text);
        const about = { task: fromHex(task), announcement: fromHex(announcement), attempt, roster };
        expect(attemptSession(about)).to.equal(context);
      }
      expect(attempts.length).to.equal(4);
    });

    it('are shown in parts, each of which gives the context of the whole session', () => {
      const { task, announcement, attempt, whole, context, parts } = excerpts;
      const excerptsOf = new RosterExcerpts(fromHex(whole));
      for (const { places, ids, roster: text } of parts) {
        expect(toHex(excerptsOf.of(ids)!)).to.equal(text);
        const roster = readRoster(fromHex(text));
        expect([roster.places, roster.certificates.map(({ id }) => id)]).to.deep.equal([places, ids]);
        const about = { task: fromHex(task), announcement: fromHex(announcement), attempt, roster };
        expect(attemptSession(about)).to.equal(context);
      }
      expect(excerptsOf.of([1, 2])).to.equal(null);
      expect(parts.length).to.equal(5);
    });

    it('are refused if one of their documents is not good', async () => {
      const floor = { authority, now: NEW_YEAR + 100, clockSkew: 300, maxRevocationAge: 86_400, maxUsers: 100 };
      for (const { why, bytes } of refused) {
        expect(await verdict(() => requireValidRoster(fromHex(bytes), floor).then(() => true)), why).to.equal('form');
      }
      expect(refused.length).to.equal(19);
    });

    it('are good for the time of their certificates and of their list, and 300 seconds more on either side', async () => {
      for (const { roster, now, maxRevocationAge, isValid } of times) {
        const floor = { authority, now, clockSkew: 300, maxRevocationAge, maxUsers: 100 };
        const found = await verdict(() => requireValidRoster(fromHex(roster), floor).then(() => true));
        expect(found, `at ${now}`).to.equal(isValid ? 'accepted' : 'form');
      }
      expect(times.length).to.equal(10);
    });
  });

  it('tasks have their digests, however their fields are ordered, or are none', () => {
    interface Tasks {
      readonly accepted: readonly { readonly task: string; readonly digest: string }[];
      readonly refused: readonly { readonly why: string; readonly task: string }[];
    }
    const { accepted, refused } = read('tasks') as Tasks;
    for (const { task, digest } of accepted) {
      const found = Task.fromJSON(JSON.parse(task));
      expect(found.id).to.equal(digest);
      expect(Task.fromJSON(JSON.parse(JSON.stringify(found))).id).to.equal(digest);
    }
    for (const { why, task } of refused) {
      expect(() => Task.fromJSON(JSON.parse(task)), why).to.throw(SecAggError).with.property('code', 'ERR_SECAGG_STATE');
    }
    expect([accepted.length, refused.length]).to.deep.equal([8, 8]);
  });

  it('parts are put together, or refused, as the reference does it', () => {
    interface Step {
      readonly extent: readonly [number, number];
      readonly sha256: string;
      readonly body: string;
      readonly whole?: string;
      readonly have?: number | null;
    }
    const cases = read('uploads') as readonly { readonly why: string; readonly longest: number; readonly steps: readonly Step[] }[];
    for (const { why, longest, steps } of cases) {
      const uploads = new Uploads(1000);
      for (const [i, { extent, sha256, body, ...expected }] of steps.entries()) {
        const part = { offset: extent[0], total: extent[1], sha256: fromHex(sha256), body: fromHex(body) };
        let found: object;
        try {
          found = digits(uploads.add('a', part, longest));
        } catch (error) {
          expect(error).to.be.instanceOf(SecAggError).with.property('code', 'ERR_SECAGG_PART');
          found = { have: null };
        }
        expect(found, `${why}, part ${i}`).to.deep.equal(expected);
      }
    }
    expect(cases.length).to.equal(15);
  });

  it('run certificates show what the reference sees in them, and do not hold if it refuses them', async () => {
    interface Audits {
      readonly registrar: { readonly publicKey: string; readonly scope: string };
      readonly publisher: string;
      readonly accepted: readonly { readonly text: string; readonly verified: object }[];
      readonly refused: readonly { readonly why: string; readonly text: string }[];
    }
    const { registrar, publisher, accepted, refused } = read('run-certificates') as Audits;
    const terms = { registrar: authorityOf(registrar), publisher: fromHex(publisher) };
    for (const { text, verified } of accepted) expect(await verifyCertificate(text, terms)).to.deep.include(verified);
    for (const { why, text } of refused) {
      expect(await verdict(() => verifyCertificate(text, terms).then(() => true)), why).to.equal('form');
    }
    const [first] = accepted;
    await rejected('ERR_SECAGG_CERTIFICATE', verifyCertificate(first!.text, { ...terms, publisher: terms.registrar.publicKey }));
    expect([accepted.length, refused.length]).to.deep.equal([3, 28]);
  });
});

/** SHA-256 of no bytes. */
const EMPTY = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
