// One spelling for each message: a byte of a head that is changed gives another message or none, and never the same one twice.
import { expect } from 'chai';
import { concat } from '../../src/leaves/bytes.ts';
import { DecodeError } from '../../src/index.ts';
import { decodeFields, encodeFields, type Field } from '../../src/wire/msgpack.ts';
import { resolveParameters } from '../../src/session/parameters.ts';
import { decodeMaskedInput, maskedInputBytes } from '../../src/wire/r2-masked-input.ts';
import { flip } from '../support/forge.ts';
import { fromHex, toHex } from '../support/vectors.ts';

const LIMITS = { bytes: 1_000_000, listLength: 100_000 };

/** The fields of bytes that are accepted; null if they are refused with a DecodeError. */
function accepted(bytes: Uint8Array): Field[] | null {
  try {
    return decodeFields(bytes, 'test', LIMITS);
  } catch (error) {
    expect(error).to.be.instanceOf(DecodeError);
    return null;
  }
}

/** That bytes are refused, or are the one spelling of what they are taken for. */
function expectCanonical(bytes: Uint8Array): void {
  const fields = accepted(bytes);
  if (fields === null) return;
  const again = encodeFields(fields);
  if (again.length !== bytes.length || again.some((byte, i) => byte !== bytes[i])) {
    throw new Error(`${toHex(bytes.subarray(0, 40))}… is taken for ${toHex(again.subarray(0, 40))}…`);
  }
}

const EVERY_CHANGE = Array.from({ length: 255 }, (_, i) => i + 1);
const EVERY_BIT = Array.from({ length: 8 }, (_, i) => 1 << i);

/** Each kind of field at the ends of each width. */
const FIELDS: readonly (readonly [what: string, fields: readonly Field[]])[] = [
  ['integers', [0, 127, 128, 255, 256, 65_535, 65_536, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1]],
  ['byte strings', [0, 1, 255, 256].map((length) => new Uint8Array(length).fill(1))],
  ['lists', [0, 1, 15, 16].map((length) => new Array<number>(length).fill(1))],
];
/** Those of which only the first byte is changed, because all of such a message is read before it is refused. */
const LONG: readonly Field[] = [new Uint8Array(65_536).fill(1), new Array<number>(65_536).fill(1)];

describe('a message with one byte of a head changed', () => {
  for (const [what, fields] of FIELDS) {
    it(`is another message or none: ${what} of each width, alone and between others`, () => {
      for (const field of fields) {
        for (const [message, token] of [
          [[field], 1],
          [[7, field, 5], 2],
        ] as const) {
          const bytes = encodeFields(message);
          expectCanonical(bytes);
          for (let at = 0; at < Math.min(bytes.length, token + 9); at++) {
            for (const mask of at === 0 || at === token ? EVERY_CHANGE : EVERY_BIT) expectCanonical(flip(bytes, at, mask));
          }
        }
      }
    });
  }

  it('is another message or none: long byte strings and lists', () => {
    for (const field of LONG) {
      const bytes = encodeFields([field]);
      for (const mask of EVERY_CHANGE) expectCanonical(flip(bytes, 1, mask));
    }
  });

  it('is another message or none, whatever its first bytes are', () => {
    for (const count of [0x8f, 0x90, 0x91, 0x92, 0xa0]) {
      for (let token = 0; token < 256; token++) {
        for (const rest of ['', '00', '0000', '0100', '00000000']) {
          expectCanonical(concat([Uint8Array.of(count, token), fromHex(rest)]));
        }
      }
    }
  });
});

describe('a message at the limit', () => {
  it('of fifteen fields is taken, and of sixteen is none', () => {
    const fifteen = new Array<number>(15).fill(3);
    expect(accepted(encodeFields(fifteen))).to.deep.equal(fifteen);
    expect(accepted(encodeFields([...fifteen, 3]))).to.equal(null);
  });

  it('of as many bytes as are allowed is taken, and of one more is none', () => {
    const bytes = encodeFields([new Uint8Array(300), 5]);
    const within = (most: number): Field[] => decodeFields(bytes, 'test', { bytes: most, listLength: 0 });
    expect(within(bytes.length)).to.deep.equal([new Uint8Array(300), 5]);
    expect(() => within(bytes.length - 1)).to.throw(DecodeError);
  });

  it('with a list as long as is allowed is taken, and with one longer is none', () => {
    const bytes = encodeFields([[1, 2, 3]]);
    const within = (listLength: number): Field[] => decodeFields(bytes, 'test', { bytes: 100, listLength });
    expect(within(3)).to.deep.equal([[1, 2, 3]]);
    expect(() => within(2)).to.throw(DecodeError);
  });

  it('is not copied: a long byte string is a view of it', () => {
    const bytes = encodeFields([new Uint8Array(300).fill(1)]);
    const [view] = accepted(bytes) as [Uint8Array];
    expect(view.buffer).to.equal(bytes.buffer);
    const within = new Uint8Array(bytes.length + 7);
    within.set(bytes, 7);
    expect(accepted(within.subarray(7))).to.deep.equal([new Uint8Array(300).fill(1)]);
  });
});

describe('a masked input', () => {
  it('has zeros in the bits that no component takes, and any bits in those that one takes', () => {
    for (const bits of [1, 7, 8, 13]) {
      for (let vecLen = 1; vecLen <= 8; vecLen++) {
        const parameters = resolveParameters(2, vecLen, { bits });
        const body = new Uint8Array(maskedInputBytes(parameters));
        const used = (vecLen * bits) % 8 || 8;
        for (let bit = 0; bit < 8; bit++) {
          const taken = flip(body, body.length - 1, 1 << bit);
          const decode = (): unknown => decodeMaskedInput(taken, parameters).vector.at(-1);
          if (bit < used) expect(decode(), `${vecLen} of ${bits} bits`).to.equal(1 << bit);
          else expect(decode, `${vecLen} of ${bits} bits`).to.throw(DecodeError);
        }
      }
    }
  });
});
