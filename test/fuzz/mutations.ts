// Changes to bytes that a bad network, a bad peer or an attacker could make, as fast-check arbitraries.
import fc from 'fast-check';
import { concat } from '../../src/leaves/bytes.ts';
import { decodeFields, encodeFields, type Field } from '../../src/wire/msgpack.ts';

type Change = (bytes: Uint8Array, others: readonly Uint8Array[]) => Uint8Array;

const place = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true });
const at = (bytes: Uint8Array, where: number): number => Math.floor(where * bytes.length);

/** One change of the bytes themselves. */
const ofBytes: fc.Arbitrary<Change> = fc.oneof(
  fc.tuple(place, fc.integer({ min: 1, max: 255 })).map(([where, mask]): Change => (bytes) => {
    const copy = Uint8Array.from(bytes);
    if (copy.length > 0) copy[at(copy, where)]! ^= mask;
    return copy;
  }),
  place.map(
    (where): Change =>
      (bytes) =>
        bytes.slice(0, at(bytes, where)),
  ),
  fc.uint8Array({ minLength: 1, maxLength: 40 }).map(
    (more): Change =>
      (bytes) =>
        concat([bytes, more]),
  ),
  fc.tuple(place, fc.uint8Array({ maxLength: 40 })).map(([where, more]): Change => (bytes) => {
    return concat([bytes.slice(0, at(bytes, where)), more, bytes.slice(at(bytes, where))]);
  }),
  fc.tuple(place, place).map(
    ([from, to]): Change =>
      (bytes) =>
        concat([bytes.slice(0, at(bytes, from)), bytes.slice(at(bytes, to))]),
  ),
  fc.tuple(place, place, fc.nat()).map(([from, to, which]): Change => (bytes, others) => {
    const other = others[which % others.length] ?? bytes;
    return concat([bytes.slice(0, at(bytes, from)), other.slice(at(other, to))]);
  }),
  fc.nat().map(
    (which): Change =>
      (bytes, others) =>
        others[which % others.length] ?? bytes,
  ),
  fc.uint8Array({ maxLength: 300 }).map(
    (bytes): Change =>
      () =>
        bytes,
  ),
);

/** One change of a message's fields: what is spelt well and says something else. */
const ofFields: fc.Arbitrary<Change> = fc
  .tuple(
    fc.nat(),
    fc.nat(),
    fc.oneof(fc.nat({ max: Number.MAX_SAFE_INTEGER }), fc.uint8Array({ maxLength: 200 }), fc.array(fc.nat(), { maxLength: 20 })),
    ofBytes,
  )
  .map(([kind, which, value, change]): Change => (bytes, others) => {
    let fields: Field[];
    try {
      fields = decodeFields(bytes, 'fuzz', { bytes: Infinity, listLength: Infinity });
    } catch {
      return bytes;
    }
    const index = which % Math.max(1, fields.length);
    const field = fields[index];
    if (kind % 4 === 0) fields[index] = value;
    else if (kind % 4 === 1) fields.splice(index, 1);
    else if (kind % 4 === 2 && fields.length < 15) fields.splice(index, 0, value);
    else if (field instanceof Uint8Array) fields[index] = change(field, others);
    return encodeFields(fields);
  });

/** One to three changes, one after the other. */
export const mutation: fc.Arbitrary<Change> = fc.array(fc.oneof(ofBytes, ofFields), { minLength: 1, maxLength: 3 }).map(
  (changes): Change =>
    (bytes, others) =>
      changes.reduce((changed, change) => change(changed, others), bytes),
);
