// Vectors of the messages of a service that the library makes, for test/reference to read. Everything follows from names, so that a test
// can make them again. To write them to library.json:
//
//     node --import tsx --conditions secagg-source test/vectors/coordination-library.ts --write
import { createHash } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { fingerprint } from '../../src/crypto/digest.ts';
import { generateSignKeyPair, signerWith } from '../../src/crypto/sign.ts';
import { announcementOf } from '../../src/service/announcement.ts';
import { certificateOf, type Certificate } from '../../src/service/certificate.ts';
import { attemptSession, publicKeysOf } from '../../src/service/certified-users.ts';
import { NOWHERE } from '../../src/service/exchange.ts';
import { certificateRequest, Task, verifyCertificate, type TaskDefinition } from '../../src/service/index.ts';
import { keyDigest, type Keypair } from '../../src/service/keypair.ts';
import { encodeRequest, requestDigest, type Request, type RequestKind } from '../../src/service/request.ts';
import { encodeResponse, type Response, type ResponseKind } from '../../src/service/response.ts';
import { readRevocationList, revocationListOf } from '../../src/service/revocation-list.ts';
import { rosterOf } from '../../src/service/roster.ts';
import { runCertificateOf } from '../../src/service/run-certificate.ts';
import { serverWith, userWith } from '../support/injected.ts';
import { Session } from '../support/session.ts';
import { toHex } from '../support/vectors.ts';

export const LIBRARY: URL = new URL('coordination/library.json', import.meta.url);

const NEW_YEAR = 1_767_225_600;
const MOST = Number.MAX_SAFE_INTEGER;
const IDS = [3, 2 ** 33, MOST, 4, 0];

function drawn(name: string, length = 32): Uint8Array {
  return new Uint8Array(createHash('shake256', { outputLength: length }).update(`secagg library\0${name}`).digest());
}

/** Draws other bytes at each call, in an order that the name determines. */
function drawing(name: string): (length: number) => Uint8Array {
  let calls = 0;
  return (length) => drawn(`${name} ${String(calls++)}`, length);
}

const keypairOf = (name: string): Keypair => generateSignKeyPair(drawing(name));
const [REGISTRAR, PUBLISHER, COORDINATOR] = [keypairOf('registrar'), keypairOf('publisher'), keypairOf('coordinator')];
const AUTHORITY = { publicKey: REGISTRAR[0], scope: 'the library’s own' };
const ASKED = drawn('request');
const WINDOW = { min: 0, max: 3600, grace: 60 };

const DEFINITION: TaskDefinition = {
  name: 'größte Zahl',
  aggregate: { kind: 'integers', vecLen: 5, bits: 33 },
  group: { threshold: 4, maxUsers: 6, adversary: 'malicious', colluders: 1, cohorts: null, graph: null },
  minUsers: 5,
  windows: { checkIn: WINDOW, training: WINDOW, round: { ...WINDOW, enough: 100 } },
  attempts: 2,
  retention: 86_400,
  publisher: PUBLISHER[0],
  registrar: AUTHORITY,
  development: false,
};
const TASK = new Task(DEFINITION);
/** On a sparse graph, which is drawn: U1 is not in the order of ids. */
const SPARSE = new Task({
  ...DEFINITION,
  group: {
    ...{ threshold: 5, maxUsers: 6, adversary: 'semi-malicious', colluders: 0, cohorts: null },
    graph: { neighbors: 4, shareThreshold: 4, security: 40 },
  },
});

interface Case {
  readonly kind: string;
  readonly fields: object;
  readonly bytes: string;
}

/** Bytes as hexadecimal digits, in all fields. */
function written(kind: string, fields: object, bytes: Uint8Array): Case {
  const digits = Object.entries(fields).map(([name, value]: [string, unknown]) => [
    name,
    value instanceof Uint8Array ? toHex(value) : value,
  ]);
  return { kind, fields: Object.fromEntries(digits) as object, bytes: toHex(bytes) };
}

async function certificate(id: number): Promise<Certificate> {
  const [publicKey] = keypairOf(`participant ${id}`);
  const fields = { id, publicKey, serial: 17 + (id % 1000), validFrom: NEW_YEAR, validUntil: NEW_YEAR + 86_400 };
  return { ...fields, bytes: await certificateOf(AUTHORITY, REGISTRAR[1], fields) };
}

async function documents(): Promise<Case[]> {
  const cases: Case[] = [];
  for (const id of IDS) {
    const keypair = keypairOf(`participant ${id}`);
    const request = await certificateRequest(AUTHORITY, id, keypair);
    cases.push(written('certificateRequest', { id, publicKey: keypair[0] }, request));
    const { bytes, ...fields } = await certificate(id);
    cases.push(written('certificate', fields, bytes));
  }
  for (const serials of [[], [0], [5, 6, 2 ** 40, MOST]]) {
    const fields = { number: serials.length, issuedAt: NEW_YEAR + serials.length, serials };
    cases.push(written('revocationList', fields, await revocationListOf(AUTHORITY, REGISTRAR[1], fields)));
  }
  for (const source of ['', 'Wohnung 7', '\u{1f600}'.repeat(25)]) {
    const payload = source === '' ? null : { url: `https://example.org/${source}`, length: 7, sha256: drawn('payload') };
    const about = { task: TASK.digest, source, run: source.length, expires: MOST };
    const { url = '', length = 0, sha256 = fingerprint(new Uint8Array()) } = payload ?? {};
    const bytes = await announcementOf(PUBLISHER[1], { ...about, payload });
    cases.push(written('announcement', { ...about, url, payloadBytes: length, payloadDigest: sha256 }, bytes));
  }
  return cases;
}

async function messages(): Promise<Case[]> {
  const { bytes: own } = await certificate(4);
  const [, secretKey] = keypairOf('participant 4');
  const place = { run: 300, attempt: 2, round: 3 };
  const part = (text: string): Pick<Request, 'offset' | 'total' | 'sha256' | 'body'> => {
    const body = drawn(text, text.length);
    return { offset: 0, total: body.length, sha256: fingerprint(body), body };
  };
  const cases: Case[] = [];
  const kinds: readonly RequestKind[] = ['hello', 'check-in', 'ready', 'next', 'answer', 'outcome', 'leave', 'certificates'];
  for (const [i, kind] of kinds.entries()) {
    const token = i === 0 ? new Uint8Array() : drawn('token', 40);
    const about = { kind, coordinator: keyDigest(COORDINATOR[0]), task: TASK.digest, certificate: own, token };
    const request: Request = { ...about, place: i < 2 ? NOWHERE : place, sequence: Math.min(2 ** (8 * i) - 1, MOST), ...part('x'.repeat(i * i * 10)) };
    const { place: of, offset, total, ...fields } = request;
    const listed = { ...fields, place: [of.run, of.attempt, of.round], extent: [offset, total], digest: requestDigest(request) };
    cases.push(written('request', listed, await encodeRequest(request, signerWith(secretKey))));
  }
  const answers: readonly ResponseKind[] = ['wait', 'task', 'run', 'enrolled', 'roster', 'message', 'accepted', 'outcome', 'refused'];
  for (const [i, kind] of answers.entries()) {
    const code = kind === 'refused' ? 'ERR_SECAGG_PART' : '';
    const about = { request: ASKED, kind, token: drawn('token', 40), wait: { from: 2 ** (5 * i), to: 2 ** (6 * i) } };
    const response: Response = { ...about, place, sequence: i * 37, code, ...part('y'.repeat(i * 40)) };
    const { place: of, offset, total, wait, ...fields } = response;
    const listed = { ...fields, wait: [wait.from, wait.to], place: [of.run, of.attempt, of.round], extent: [offset, total] };
    cases.push(written('response', listed, await encodeResponse(response, signerWith(COORDINATOR[1]))));
  }
  return cases;
}

/** An attempt of these participants, and the certificate of its run: some fall silent, the last ones in round 3. */
async function attempt(task: Task, number: number, ids: readonly number[]): Promise<{ attempt: object; runCertificate: object }> {
  const fields = { number: 3, issuedAt: NEW_YEAR, serials: [1, 2] };
  const revocations = readRevocationList(await revocationListOf(AUTHORITY, REGISTRAR[1], fields));
  const roster = rosterOf(await Promise.all(ids.map(certificate)), revocations);
  const about = { task: task.digest, source: 'a', run: number, expires: NEW_YEAR, payload: null };
  const announcement = await announcementOf(PUBLISHER[1], about);
  const context = attemptSession({ task: task.digest, announcement, attempt: number, roster });
  const { vecLen, options } = task.planFor(context);
  const registered = { ids, keys: new Map(ids.map((id) => [id, keypairOf(`participant ${id}`)])), pki: publicKeysOf(roster) };
  const { threshold, adversary } = task.definition.group;
  const session = new Session({ ids, threshold, vecLen, options: { ...options, adversary }, registered });
  session.server = serverWith(session.server, drawing(context));
  for (const [id, user] of session.users) session.users.set(id, userWith(user, { random: drawing(`${context} ${id}`) }));
  const [silent = -1] = ids;
  await session.before(4, ids.length > 5 ? [[], [], [silent], [silent]] : []);
  const evidence = session.server.evidence();
  if (evidence === null) throw new Error('no evidence');
  const text = runCertificateOf({ task, announcement, attempt: number, roster: roster.bytes, draw: null }, evidence);
  const shown = await verifyCertificate(text, { registrar: AUTHORITY, publisher: PUBLISHER[0] });
  const { source, run, included, vouching } = shown;
  return {
    attempt: { announcement: toHex(announcement), attempt: number, ids: [...ids].sort((a, b) => a - b), roster: toHex(roster.bytes), context },
    runCertificate: { text, verified: { source, run, attempt: shown.attempt, included, vouching } },
  };
}

/** The text of library.json. */
export async function libraryVectors(): Promise<string> {
  const attempts = [await attempt(TASK, 1, IDS), await attempt(TASK, 2, [8, ...IDS])];
  const sparse = await attempt(SPARSE, 1, IDS);
  const vectors = {
    registrar: { publicKey: toHex(REGISTRAR[0]), scope: AUTHORITY.scope },
    publisher: toHex(PUBLISHER[0]),
    coordinator: toHex(COORDINATOR[0]),
    request: toHex(ASKED),
    task: TASK,
    taskDigest: TASK.id,
    documents: [...(await documents()), ...(await messages())],
    attempts: attempts.map((each) => each.attempt),
    runCertificates: [...attempts, sparse].map((each) => each.runCertificate),
  };
  return `${JSON.stringify(vectors, null, 1)}\n`;
}

// No await at the top: a module with one is loaded in another form, in which its coverage does not add up with that of other tests.
if (process.argv[1] === fileURLToPath(import.meta.url) && process.argv[2] === '--write') {
  void libraryVectors().then((vectors) => {
    writeFileSync(LIBRARY, vectors);
  });
}
