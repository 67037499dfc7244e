// JSON documents with one place changed.
import { StateError } from '../../src/index.ts';

export type Json = null | boolean | number | string | Json[] | { [name: string]: Json };

/** Every way to change one place of a document; each gives a changed copy of the whole. */
export function* mutations(json: Json): Generator<[what: string, changed: Json]> {
  for (const other of otherValues(json))
    yield [`${JSON.stringify(json).slice(0, 40)} → ${JSON.stringify(other).slice(0, 40)}`, other];
  if (Array.isArray(json)) {
    for (const [i, element] of json.entries()) {
      for (const [what, changed] of mutations(element)) yield [`[${i}] ${what}`, json.with(i, changed)];
      if (i > 3) break;
    }
  } else if (typeof json === 'object' && json !== null) {
    for (const [name, value] of Object.entries(json)) {
      const rest = Object.fromEntries(Object.entries(json).filter(([other]) => other !== name));
      yield [`without ${name}`, rest];
      yield [`${name} renamed`, { ...rest, [`${name}2`]: value }];
      for (const [what, changed] of mutations(value)) yield [`.${name} ${what}`, { ...json, [name]: changed }];
    }
    yield ['a field more', { ...json, more: 1 }];
    yield [
      'a field of the prototype',
      JSON.parse(JSON.stringify(json).replace('{', '{"__proto__":1,').replace(',}', '}')) as Json,
    ];
  }
}

function otherValues(json: Json): Json[] {
  if (json === null) return [0, 'AAAA', {}, [], false];
  if (typeof json === 'boolean') return [0, 'true', null];
  if (typeof json === 'number') return [json + 0.5, -1, 2 ** 53, String(json), null, [json]];
  if (typeof json === 'string') return [`${json} `, `${json}AAAA`, json.slice(1), ...otherLengths(json), 5, null, { text: json }];
  if (Array.isArray(json)) return [{}, null, [...json, null], ...(json.length > 0 ? [json.slice(1), [...json, json[0]!]] : [])];
  return [[], null, 'object', 1];
}

/** Where a text is base64: of one byte more and of one less, canonical like the text itself. */
function otherLengths(text: string): string[] {
  const bytes = Buffer.from(text, 'base64');
  if (bytes.length === 0 || bytes.toString('base64') !== text) return [];
  return [Buffer.concat([bytes, Buffer.of(1)]), bytes.subarray(1)].map((other) => other.toString('base64'));
}

/**
 * Recovers each state with one place changed.
 *
 * @param admitted changes that give another valid state.
 * @returns how many changes were tried, and those that were not refused as they must be.
 */
export function wronglyRecovered(
  states: readonly string[],
  recover: (text: string) => string,
  admitted: readonly RegExp[],
): { readonly tried: number; readonly wrong: readonly string[] } {
  let tried = 0;
  const wrong = new Set<string>();
  for (const state of states) {
    for (const [what, changed] of mutations(JSON.parse(state) as Json)) {
      tried++;
      let outcome: unknown;
      try {
        outcome = recover(JSON.stringify(changed));
      } catch (error) {
        outcome = error;
      }
      if (outcome instanceof StateError || admitted.some((pattern) => pattern.test(what))) continue;
      const shown = what.replace(/"[^"]{30,}/g, '…').slice(0, 160);
      wrong.add(`${shown}: ${outcome instanceof Error ? String(outcome.stack) : 'recovered'}`);
    }
  }
  return { tried, wrong: [...wrong] };
}
