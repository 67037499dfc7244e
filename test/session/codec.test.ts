// The codecs of states: what goes in comes out, every other JSON value is refused, and the place of what is refused is named.
import { expect } from 'chai';
import fc from 'fast-check';
import { StateError } from '../../src/index.ts';
import {
  bytes,
  document,
  flag,
  integer,
  list,
  mapOf,
  nullable,
  oneOf,
  oneOfKinds,
  record,
  require,
  text,
  type Codec,
} from '../../src/session/codec.ts';
import { refused } from '../support/errors.ts';

interface Point {
  readonly x: number;
  readonly name: string;
}
type Shape = { readonly kind: 'point'; readonly at: Point } | { readonly kind: 'all'; readonly of: readonly boolean[] };

const point = record<Point>({ x: integer(-2, 9), name: text });
const shape = oneOfKinds<'kind', Shape>('kind', {
  point: record<Extract<Shape, { kind: 'point' }>>({ kind: oneOf('point'), at: point }),
  all: record<Extract<Shape, { kind: 'all' }>>({ kind: oneOf('all'), of: list(flag) }),
});

/** Each codec, values of it, and JSON that is none of its values, with the place that the error names. */
const CASES: readonly (readonly [
  name: string,
  codec: Codec<unknown>,
  values: fc.Arbitrary<unknown>,
  refused: readonly (readonly [json: unknown, place: string])[],
])[] = [
  [
    'an integer',
    integer(-2, 9),
    fc.integer({ min: -2, max: 9 }),
    [-3, 10, 0.5, '5', null, true, [5], NaN, Infinity].map((json) => [json, 'it'] as const),
  ],
  ['an integer of any size', integer(0, Infinity), fc.maxSafeNat(), [[2 ** 53, 'it']]],
  ['a text', text, fc.string(), [5, null, ['a'], {}].map((json) => [json, 'it'] as const)],
  ['a flag', flag, fc.boolean(), [0, 1, 'true', null].map((json) => [json, 'it'] as const)],
  [
    'one of two words',
    oneOf('a', 'b'),
    fc.constantFrom('a', 'b'),
    ['c', '', 'A', null, ['a'], 0].map((json) => [json, 'it'] as const),
  ],
  [
    'bytes',
    bytes(),
    fc.uint8Array(),
    ['A', 'AA', 'AA=', 'AB==', ' ', 'AAAA\n', 5, null, [0]].map((json) => [json, 'it'] as const),
  ],
  [
    'two bytes',
    bytes(2),
    fc.uint8Array({ minLength: 2, maxLength: 2 }),
    ['', 'AA==', 'AAAA', 'AAB='].map((json) => [json, 'it'] as const),
  ],
  [
    'a value or none',
    nullable(integer(0, 9)),
    fc.option(fc.integer({ min: 0, max: 9 })),
    [undefined, '', false, 10].map((json) => [json, 'it'] as const),
  ],
  [
    'a list',
    list(integer(0, 9)),
    fc.array(fc.integer({ min: 0, max: 9 })),
    [
      [{}, 'it'],
      [{ length: 0 }, 'it'],
      ['', 'it'],
      [null, 'it'],
      [[1, 2, 10], 'it[2]'],
      [[null], 'it[0]'],
    ],
  ],
  [
    'a map',
    mapOf(integer(0, 9), text),
    fc
      .uniqueArray(fc.tuple(fc.integer({ min: 0, max: 9 }), fc.string()), { selector: ([key]) => key })
      .map((pairs) => new Map(pairs)),
    [
      [{}, 'it'],
      [null, 'it'],
      [[1, 'a'], 'it[0]'],
      [['1a'], 'it[0]'],
      [[[1, 'a'], [2]], 'it[1]'],
      [[[1, 'a', 'a']], 'it[0]'],
      [[[10, 'a']], 'it[0][0]'],
      [[[1, 5]], 'it[0][1]'],
      [
        [
          [1, 'a'],
          [2, 'a'],
          [1, 'a'],
        ],
        'it[2]',
      ],
    ],
  ],
  [
    'a record',
    point,
    fc.record({ x: fc.integer({ min: -2, max: 9 }), name: fc.string() }),
    [
      [null, 'it'],
      [5, 'it'],
      ['x', 'it'],
      [[1, 'a'], 'it'],
      [Object.assign([], { x: 1, name: 'a' }), 'it'],
      [{ x: 1 }, 'it'],
      [{ x: 1, name: 'a', more: 1 }, 'it'],
      [{ x: 1, Name: 'a' }, 'it'],
      // JSON.parse makes __proto__ a name like any other; an inherited name is none.
      [JSON.parse('{"x":1,"__proto__":{"name":"a"}}'), 'it'],
      [Object.assign(Object.create({ name: 'a' }) as object, { x: 1, other: 1 }), 'it'],
      [{ x: 10, name: 'a' }, 'it.x'],
      [{ x: 1, name: 1 }, 'it.name'],
    ],
  ],
  [
    'one of two kinds',
    shape,
    fc.oneof(
      fc.record({ kind: fc.constant('point'), at: fc.record({ x: fc.integer({ min: -2, max: 9 }), name: fc.string() }) }),
      fc.record({ kind: fc.constant('all'), of: fc.array(fc.boolean()) }),
    ),
    [
      [null, 'it.kind'],
      [undefined, 'it.kind'],
      ['point', 'it.kind'],
      [{}, 'it.kind'],
      [{ kind: 'none' }, 'it.kind'],
      [{ kind: ['all'], of: [] }, 'it.kind'],
      [{ kind: 'all' }, 'it'],
      [{ kind: 'point', of: [] }, 'it'],
      [{ kind: 'point', at: { x: 1, name: null } }, 'it.at.name'],
      [{ kind: 'all', of: [true, 1] }, 'it.of[1]'],
    ],
  ],
];

for (const [name, codec, values, wrong] of CASES) {
  describe(`the codec of ${name}`, () => {
    it('gives back what it was given, through a text of JSON', () => {
      fc.assert(
        fc.property(values, (value) => {
          const json = JSON.parse(JSON.stringify(codec.encode(value))) as unknown;
          expect(codec.decode(json, 'it')).to.deep.equal(value);
        }),
      );
    });

    it('refuses any other JSON, and names the place of what is wrong', () => {
      for (const [json, place] of wrong) {
        const error = refused('ERR_SECAGG_STATE', () => codec.decode(json, 'it'), StateError);
        expect(error.message.split(': ')[0]).to.equal(place);
      }
    });
  });
}

describe('a condition on several fields', () => {
  it('names its place if it does not hold', () => {
    require(true, 'it', 'nothing');
    const error = refused('ERR_SECAGG_STATE', () => require(false, 'it.sets', 'a set'), StateError);
    expect(error.message).to.equal('it.sets: expected a set');
  });
});

describe('a document', () => {
  const points = document('server', 7, point);
  const value = { x: 1, name: 'a "quoted" \\: name' };

  it('is one text with its role and version, and comes back from it', () => {
    const json = points.serialize(value);
    expect(JSON.parse(json)).to.deep.equal({ secagg: 'server', version: 7, ...value });
    expect(points.parse(json)).to.deep.equal(value);
    expect(points.parse(` ${json.replaceAll(',', ' ,\n')} `)).to.deep.equal(value);
  });

  it('is refused with its own code in another role, before its version and its fields are looked at', () => {
    for (const role of ['user', 'server-part', 'cohort-sum', 'SERVER', null, 5]) {
      const json = JSON.stringify({ secagg: role, version: 8, other: 1 });
      refused('ERR_SECAGG_STATE_ROLE', () => points.parse(json), StateError);
    }
    refused('ERR_SECAGG_STATE_ROLE', () => points.parse('{}'), StateError);
  });

  it('is refused with its own code in another version, before its fields are looked at', () => {
    for (const version of [6, 8, '7', null, [7], 7.5]) {
      const json = JSON.stringify({ secagg: 'server', version, other: 1 });
      refused('ERR_SECAGG_STATE_VERSION', () => points.parse(json), StateError);
    }
    refused('ERR_SECAGG_STATE_VERSION', () => points.parse('{"secagg":"server"}'), StateError);
  });

  it('is refused if it is no object, names a field twice, or lacks one', () => {
    for (const json of [
      'null',
      '[]',
      '5',
      '"server"',
      'x',
      '',
      '{"secagg":"server","version":7,"x":1}',
      '{"secagg":"server","version":7,"x":1,"name":"a","more":1}',
      '{"secagg":"server","version":7,"x":1,"x":1,"name":"a"}',
      '{"secagg":"user","secagg":"server","version":7,"x":1,"name":"a"}',
    ]) {
      refused('ERR_SECAGG_STATE', () => points.parse(json), StateError);
    }
    for (const given of [undefined, null, value, new Uint8Array(1)]) {
      expect(() => points.parse(given as never)).to.throw(TypeError, 'state:');
    }
  });
});
