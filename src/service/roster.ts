// Whose certificates stand behind a session: the roster, of which a participant on a sparse graph sees its own part, with a proof. Read
// and written here; certified-users.ts says which rosters hold.
import { digest } from '../crypto/digest.ts';
import { HashTree, rootFrom } from '../crypto/hash-tree.ts';
import { LABELS } from '../crypto/labels.ts';
import { concat, u32, u64s } from '../leaves/bytes.ts';
import { DecodeError } from '../leaves/errors.ts';
import { at } from '../leaves/lists.ts';
import { DIGEST_BYTES } from '../leaves/sizes.ts';
import { proofLength } from '../leaves/tree-shape.ts';
import { MAX_USERS } from '../session/parameters.ts';
import { CERTIFICATE_BYTES, readCertificate, type Certificate } from './certificate.ts';
import { FixedFields } from '../leaves/fixed-fields.ts';
import { readRevocationList, type RevocationList } from './revocation-list.ts';

/** What stands for all certificates of a session, whether or not they are at hand. */
export interface RosterDigest {
  /** How many there are. */
  readonly users: number;
  /** Root of the hash tree over them, ascending by id; no bytes if there are none. */
  readonly root: Uint8Array;
}

/** The roster of no session: what all cohorts of a draw share is bound to no certificates. */
export const NOBODY: RosterDigest = { users: 0, root: new Uint8Array() };

/** All certificates of a session, or some of them with a proof, and the revocation list at its begin. */
export interface Roster extends RosterDigest {
  /** Those that are at hand, ascending by id. */
  readonly certificates: readonly Certificate[];
  /** The place of each of them among all, from 0, ascending. */
  readonly places: readonly number[];
  readonly revocations: RevocationList;
  readonly bytes: Uint8Array;
}

const LINE_BYTES = 4 + CERTIFICATE_BYTES;

function leafOf({ bytes }: Pick<Certificate, 'bytes'>): Uint8Array {
  return digest(LABELS.attemptRosterLine, [bytes]);
}

function treeOver(certificates: readonly Certificate[]): HashTree {
  return new HashTree(LABELS.attemptRosterNode, certificates.map(leafOf));
}

/** The roster of all these participants, of whom there is one or more. */
export function rosterOf(certificates: readonly Certificate[], revocations: RevocationList): Roster {
  const ascending = [...certificates].sort((a, b) => a.id - b.id);
  const places = ascending.map((_, place) => place);
  const { root } = treeOver(ascending);
  const parts = { users: ascending.length, certificates: ascending, places, revocations };
  return { ...parts, root, bytes: written(parts, []) };
}

function written(
  { users, certificates, places, revocations }: Omit<Roster, 'root' | 'bytes'>,
  proof: readonly Uint8Array[],
): Uint8Array {
  const lines = certificates.flatMap(({ bytes }, i) => [u32(at(places, i)), bytes]);
  return concat([u32(users), u32(certificates.length), ...lines, ...proof, revocations.bytes]);
}

/** Reads a roster without looking at signatures. @throws DecodeError */
export function readRoster(bytes: Uint8Array): Roster & { readonly authorities: readonly Uint8Array[] } {
  const fields = new FixedFields('roster', bytes);
  const [users, shown] = [fields.integer(4), fields.integer(4)];
  if (users < 2 || users > MAX_USERS || shown < 1 || shown > users || fields.left < shown * LINE_BYTES) {
    throw new DecodeError(`roster: expected 1 or more certificates of 2 to ${MAX_USERS}, got ${bytes.length} bytes`);
  }
  const lines = Array.from({ length: shown }, () => {
    return { place: fields.integer(4), certificate: readCertificate(fields.bytes(CERTIFICATE_BYTES)) };
  });
  const places = lines.map(({ place }) => place);
  const certificates = lines.map(({ certificate }) => certificate);
  const isAscending = certificates.every(({ id }, i) => i === 0 || id > at(certificates, i - 1).id);
  const isOrdered = places.every((place, i) => place < users && (i === 0 || place > at(places, i - 1)));
  if (!isAscending || !isOrdered) throw new DecodeError('roster: expected ascending ids at ascending places');
  const proof = Array.from({ length: proofLength(users, places) }, () => fields.bytes(DIGEST_BYTES));
  const root = rootFrom(
    LABELS.attemptRosterNode,
    users,
    new Map(lines.map((line) => [line.place, leafOf(line.certificate)])),
    proof,
  );
  const revocations = readRevocationList(fields.bytes(fields.left));
  const authorities = [revocations, ...certificates].map(({ authority }) => authority);
  return { users, root: root ?? new Uint8Array(), certificates, places, revocations, bytes, authorities };
}

/** The parts of one whole roster that participants are shown. */
export class RosterExcerpts {
  readonly #roster: Roster;
  readonly #tree: HashTree;
  readonly #placeOf: ReadonlyMap<number, number>;

  /** @param bytes of a whole roster. */
  constructor(bytes: Uint8Array) {
    this.#roster = readRoster(bytes);
    const { certificates } = this.#roster;
    this.#tree = treeOver(certificates);
    this.#placeOf = new Map(certificates.map(({ id }, place) => [id, place]));
  }

  /** The certificates of these participants, with a proof. @param ids ascending. @returns null if one of them is not in the roster. */
  of(ids: readonly number[]): Uint8Array | null {
    const places = ids.flatMap((id) => this.#placeOf.get(id) ?? []);
    if (places.length !== ids.length) return null;
    const certificates = places.map((place) => at(this.#roster.certificates, place));
    return written({ ...this.#roster, certificates, places }, this.#tree.proof(places));
  }
}

/** The body of a request for the certificates of these participants. */
export function wantedBytes(ids: readonly number[]): Uint8Array {
  return u64s(ids);
}

/** @param most ids that may be asked for together. @throws DecodeError */
export function readWanted(bytes: Uint8Array, most: number): number[] {
  const fields = new FixedFields('wanted certificates', bytes);
  if (bytes.length === 0 || bytes.length % 8 !== 0 || bytes.length > 8 * most) {
    throw new DecodeError(`wanted certificates: expected 1 to ${most} ids, got ${bytes.length} bytes`);
  }
  const ids = Array.from({ length: bytes.length / 8 }, () => fields.integer(8));
  if (ids.some((id, i) => i > 0 && id <= at(ids, i - 1))) throw new DecodeError('wanted certificates: expected ascending ids');
  return ids;
}
