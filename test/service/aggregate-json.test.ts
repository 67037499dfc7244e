// Aggregates from JSON of anybody: what is not exactly one is refused with a code and a place, and what is has bytes of its own.
import { expect } from 'chai';
import fc from 'fast-check';
import { SecAggError, StateError } from '../../src/index.ts';
import { hex } from '../../src/leaves/bytes.ts';
import { aggregateBytes, parseAggregate, planOf, type Aggregate } from '../../src/service/aggregate.ts';
import { CASES, TIMEOUT } from '../fuzz/cases.ts';
import { refused } from '../support/errors.ts';
import { mutations, type Json } from '../support/json.ts';
import { reversed } from '../support/reversed.ts';
import { EXAMPLES, MAX_USERS, SESSION } from './examples.ts';

const INTEGERS: Aggregate = { kind: 'integers', vecLen: 3, bits: 12, modularInputs: true };
const ALL: readonly Aggregate[] = [INTEGERS, ...EXAMPLES.map(({ aggregate }) => aggregate)];
const bytesOf = (json: unknown): string => hex(aggregateBytes(json as Aggregate));

/** An object without the fields that are undefined. */
const defined = (fields: object): object => Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
const maybe = <T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> => fc.option(arbitrary, { nil: undefined });
const few = fc.integer({ min: 1, max: 4 });
const name = fc.string({ unit: 'binary', maxLength: 5 });
const dimensions = fc.oneof(
  fc.record({ length: few }),
  fc.record({ shapes: fc.dictionary(name, fc.array(few, { maxLength: 2 }), { minKeys: 1, maxKeys: 2 }) }),
);

const { aggregate: anyAggregate } = fc.letrec((tie) => ({
  aggregate: fc.oneof(
    { maxDepth: 2 },
    // The first one ends a nest, and so must be one that can be a part.
    fc.tuple(few, maybe(few)).map(([bins, maxCount]) => defined({ kind: 'histogram', bins, maxCount })),
    fc
      .record({
        kind: fc.constant('integers'),
        vecLen: few,
        bits: fc.integer({ min: 1, max: 64 }),
        modularInputs: maybe(fc.boolean()),
      })
      .map(defined),
    fc.tuple(dimensions, few).map(([values, max]) => ({ kind: 'sum', ...values, min: 0, max })),
    fc.tuple(dimensions, few).map(([values, max]) => ({ kind: 'sum', ...values, min: '0', max: String(max) })),
    fc
      .tuple(
        dimensions,
        maybe(fc.constantFrom(1, 2)),
        maybe(fc.constantFrom('float32', 'float64')),
        fc.constantFrom('fixedPoint', 'mean'),
      )
      .map(([values, clippingRange, type, kind]) => defined({ kind, ...values, clippingRange, type })),
    fc
      .tuple(few, maybe(few), fc.constantFrom(0.5, 1))
      .map(([lower, colluders, noiseMultiplier]) =>
        defined({ kind: 'privateMoments', threshold: 5, colluders, noiseMultiplier, lower, upper: 5 }),
      ),
    fc
      .array(few, { minLength: 1, maxLength: 3 })
      .map((edges) => ({ kind: 'privateQuantiles', threshold: 5, edges, probabilities: [0.5] })),
    fc
      .tuple(fc.dictionary(name, tie('part'), { minKeys: 1, maxKeys: 2 }), maybe(fc.array(name, { maxLength: 2 })))
      .map(([parts, open]) => defined({ kind: 'combine', parts, public: open })),
  ),
  part: (tie('aggregate') as fc.Arbitrary<{ readonly kind: string }>).filter(({ kind }) => kind !== 'integers'),
})) as { readonly aggregate: fc.Arbitrary<object> };

describe('JSON of an aggregate', () => {
  it('is read as it is, and gives the same bytes after any way through JSON', () => {
    fc.assert(
      fc.property(anyAggregate, (aggregate) => {
        const text = JSON.stringify(aggregate);
        const parsed = parseAggregate(JSON.parse(text));
        expect(parsed).to.deep.equal(JSON.parse(text));
        for (const same of [parsed, reversed(aggregate), JSON.parse(JSON.stringify(parsed))]) {
          expect(bytesOf(same)).to.equal(bytesOf(aggregate));
        }
      }),
      { numRuns: CASES / 4 },
    );
  }).timeout(TIMEOUT);

  it('of two aggregates has the same bytes only if they are equal', () => {
    const seen = new Map<string, string>();
    const sorted = (value: unknown): string => JSON.stringify(parseAggregate(value));
    fc.assert(
      fc.property(anyAggregate, (aggregate) => {
        const [bytes, text] = [bytesOf(aggregate), sorted(aggregate)];
        const other = seen.get(bytes);
        // The application's own names may come in another order.
        if (other !== undefined && other !== text) expect(JSON.parse(other)).to.deep.equal(JSON.parse(text));
        seen.set(bytes, text);
      }),
      { numRuns: CASES },
    );
    const texts = new Set([...seen.values()].map((text) => JSON.stringify(canonical(JSON.parse(text)))));
    expect(texts.size).to.equal(seen.size);
    expect(seen.size).to.be.above(100);
  }).timeout(TIMEOUT);

  it('is refused with the name of the field that no such aggregate has', () => {
    const misspelt = { kind: 'mean', length: 3, clippingRnge: 1 };
    expect(() => parseAggregate(misspelt)).to.throw(StateError, 'no field clippingRnge, but only clippingRange');
  });

  it('is refused if one place of it was changed to what no aggregate has, and else is another aggregate', () => {
    let [refusedCount, others] = [0, 0];
    for (const aggregate of ALL) {
      const bytes = bytesOf(aggregate);
      for (const [what, changed] of mutations(JSON.parse(JSON.stringify(aggregate)) as Json)) {
        let outcome: unknown;
        try {
          outcome = bytesOf(changed);
        } catch (error) {
          outcome = error;
        }
        if (outcome instanceof StateError) refusedCount++;
        else {
          expect(outcome, `${aggregate.kind}: ${what}`).to.be.a('string').and.not.to.equal(bytes);
          others++;
        }
      }
    }
    expect(refusedCount).to.be.above(1000);
    expect(others).to.be.above(50);
  });

  it('makes a plan or a coded error, whatever stands in it', () => {
    const terms = { maxUsers: MAX_USERS, session: SESSION };
    const numbers = [0, -1, 0.5, 2 ** 53, 1e308, -1e308, 5e-324, 2 ** 32, 65];
    // A plan with a target takes a hundred times as long, and shares its checks with those that have a multiplier.
    for (const aggregate of ALL.filter((each) => !('target' in each))) {
      for (const [path, value] of numbersIn(aggregate)) {
        for (const other of numbers.filter((each) => each !== value)) {
          const changed = replaced(aggregate, path, other) as Aggregate;
          try {
            expect(planOf(changed, terms).vecLen).to.be.above(0);
          } catch (error) {
            expect(error, `${path.join('.')} = ${other}`).to.be.instanceOf(SecAggError);
          }
        }
      }
    }
  }).timeout(TIMEOUT);

  it('is refused whatever else it is', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        try {
          parseAggregate(value);
        } catch (error) {
          expect(error).to.be.instanceOf(StateError);
          return;
        }
        throw new Error('it was read');
      }),
      { numRuns: CASES },
    );
  }).timeout(TIMEOUT);

  const histogram = { kind: 'histogram', bins: 2 };
  const privacy = { threshold: 4, noiseMultiplier: 1 };
  for (const [what, json, path] of [
    ['no kind', { bins: 2 }, 'aggregate.kind'],
    ['an unknown kind', { kind: 'median' }, 'aggregate.kind'],
    ['a kind of the prototype', { kind: 'constructor' }, 'aggregate.kind'],
    ['a missing field', { kind: 'histogram' }, 'aggregate.bins'],
    ['an unknown field', { ...histogram, bin: 2 }, 'aggregate'],
    ['a null', { ...histogram, maxCount: null }, 'aggregate.maxCount'],
    ['an undefined', { ...histogram, maxCount: undefined }, 'aggregate.maxCount'],
    ['a number as text', { ...histogram, bins: '2' }, 'aggregate.bins'],
    ['a fraction', { ...histogram, bins: 2.5 }, 'aggregate.bins'],
    ['an infinite number', { kind: 'mean', length: 1, clippingRange: Infinity }, 'aggregate.clippingRange'],
    ['a bigint', { kind: 'sum', length: 1, min: 0n, max: 1n }, 'aggregate.min'],
    ['one bound as text', { kind: 'sum', length: 1, min: 0, max: '1' }, 'aggregate.min'],
    ['digits with a leading zero', { kind: 'sum', length: 1, min: '0', max: '01' }, 'aggregate.max'],
    ['no form', { kind: 'mean' }, 'aggregate'],
    ['two forms', { kind: 'mean', length: 1, shapes: { a: [1] } }, 'aggregate'],
    ['an undefined form beside another', { kind: 'mean', length: 1, shapes: undefined }, 'aggregate'],
    ['shapes without names', { kind: 'mean', shapes: {} }, 'aggregate.shapes'],
    ['a dimension that is no integer', { kind: 'mean', shapes: { a: { b: [1, 0.5] } } }, 'aggregate.shapes.a.b[1]'],
    ['a name with half a surrogate pair', { kind: 'mean', shapes: { '\ud800': [1] } }, 'aggregate.shapes'],
    [
      'a typed array',
      { kind: 'privateQuantiles', ...privacy, edges: Float64Array.of(0, 1), probabilities: [0.5] },
      'aggregate.edges',
    ],
    [
      'half a sparse graph',
      { kind: 'privateMoments', ...privacy, lower: 0, upper: 1, graph: { neighbors: 2 } },
      'aggregate.graph.shareThreshold',
    ],
    ['a clip that is text', { kind: 'privateSum', ...privacy, length: 1, l2Clip: { a: '1' } }, 'aggregate.l2Clip.a'],
    ['parts that are a list', { kind: 'combine', parts: [histogram] }, 'aggregate.parts'],
    ['no parts', { kind: 'combine', parts: {} }, 'aggregate.parts'],
    ['a part of raw integers', { kind: 'combine', parts: { a: INTEGERS } }, 'aggregate.parts.a'],
    [
      'a wrong part',
      { kind: 'combine', parts: { a: { kind: 'combine', parts: { b: { ...histogram, bins: 'x' } } } } },
      'aggregate.parts.a.parts.b.bins',
    ],
    ['vectors that no session has', { kind: 'integers', vecLen: 1, bits: 65 }, 'aggregate'],
    ['an instance of a class', Object.assign(new Date(0), histogram), 'aggregate'],
    ['a list', [histogram], 'aggregate'],
    ['its text', JSON.stringify(histogram), 'aggregate'],
  ] as const) {
    it(`is refused with its place if it is or has ${what}`, () => {
      const { message } = refused('ERR_SECAGG_STATE', () => parseAggregate(json), StateError);
      expect(message).to.include(`${path}:`);
    });
  }

  it('is refused if it is nested without end', () => {
    const nested = (levels: number): object =>
      levels === 0 ? { kind: 'histogram', bins: 2 } : { kind: 'combine', parts: { a: nested(levels - 1) } };
    expect(parseAggregate(nested(15)).kind).to.equal('combine');
    refused('ERR_SECAGG_STATE', () => parseAggregate(nested(16)), StateError);
    const shapes = (levels: number): object => (levels === 0 ? { a: [1] } : { a: shapes(levels - 1) });
    expect(planOf({ kind: 'mean', shapes: shapes(15) } as Aggregate, { maxUsers: 2, session: '' }).vecLen).to.equal(1);
    refused('ERR_SECAGG_STATE', () => parseAggregate({ kind: 'mean', shapes: shapes(16) }), StateError);
    const ring: { shapes?: unknown } = {};
    ring.shapes = ring;
    refused('ERR_SECAGG_STATE', () => parseAggregate({ kind: 'mean', ...ring }), StateError);
  });

  it('may have names that objects have by themselves', () => {
    const json: unknown = JSON.parse('{"kind":"mean","shapes":{"__proto__":[1],"constructor":{"toString":[2]}}}');
    expect(planOf(json as Aggregate, { maxUsers: 2, session: '' }).vecLen).to.equal(3);
    expect(bytesOf(json)).not.to.equal(bytesOf({ kind: 'mean', shapes: { constructor: { toString: [2] } } }));
  });
});

/** A value with the fields of all objects in ascending order. */
function canonical(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(canonical);
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return entries.map(([field, each]) => [field, canonical(each)]);
}

type Path = readonly (string | number)[];

function numbersIn(value: unknown, path: Path = []): (readonly [Path, number])[] {
  if (typeof value === 'number') return [[path, value]];
  if (typeof value !== 'object' || value === null) return [];
  return Object.entries(value).flatMap(([field, each]) => numbersIn(each, [...path, field]));
}

function replaced(value: unknown, [first, ...rest]: Path, other: number): unknown {
  if (first === undefined) return other;
  const copy = structuredClone(value) as Record<string | number, unknown>;
  copy[first] = replaced(copy[first], rest, other);
  return copy;
}
