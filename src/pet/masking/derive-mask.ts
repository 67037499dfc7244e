// The mask of a seed. [xaynet-core 0.2.0] src/mask/seed.rs, `derive_mask`: key stream of ChaCha20 under the seed, from which first the mask of the
// weight is drawn and then the masks of the numbers.
import { checkBytes, checkInteger } from '../../leaves/checks.ts';
import { KEY_BYTES } from '../../leaves/sizes.ts';
import { Pace } from '../../masking/pace.ts';
import { arithmeticsOf } from './arithmetics.ts';
import { checkMaskConfigPair, type MaskConfigPair } from './mask-config.ts';
import { maskKeystream, type MaskKeystream } from './mask-keystream.ts';
import { maskLoops, MOST_KEYSTREAM } from './mask-loops.ts';
import { MAX_LENGTH, MaskObject } from './mask-object.ts';
import type { WordArithmetic, Words } from './words.ts';

/** Draws that are made beyond those that are needed on average, so that a second block is seldom needed. */
const SPARE = 1.05;

/**
 * The mask that belongs to a seed.
 *
 * @param seed 32 bytes, secret and random.
 * @param length numbers of the model.
 * @param config the configurations of the round.
 * @throws TypeError, RangeError for arguments of another kind.
 *
 * @example
 * ```js
 * import { deriveMask } from 'secagg/pet';
 *
 * const config = { groupType: 'Prime', dataType: 'F32', boundType: 'B0', modelType: 'M3' };
 * const mask = await deriveMask(new Uint8Array(32), 4, { vect: config, unit: config });
 * console.log(mask.length); // prints: 4
 * ```
 */
export async function deriveMask(seed: Uint8Array, length: number, config: MaskConfigPair): Promise<MaskObject> {
  const pair = checkMaskConfigPair(config, 'config');
  checkInteger(length, 'length', 1, MAX_LENGTH);
  const key = checkBytes(seed, 'seed');
  if (key.length !== KEY_BYTES) throw new RangeError(`seed: expected ${KEY_BYTES} bytes, got ${key.length}`);
  const { vect, unit } = arithmeticsOf(pair);
  const stream = await maskKeystream(key);
  try {
    const weight = oneElement(stream, unit);
    return new MaskObject(pair, { unit: weight, vect: await lastElements(stream, vect, length) });
  } finally {
    stream.end();
    maskLoops()?.wipe();
  }
}

/** One draw at a time, so that the key stream goes on right after the one that is taken. */
function oneElement(stream: MaskKeystream, arithmetic: WordArithmetic): Words {
  const { words } = arithmetic.group;
  const element = new Uint32Array(words);
  while (takeDraws(arithmetic, stream.next(4 * words), element, 0) === 0);
  return element;
}

/** In blocks. What is left of the last block is lost. */
async function lastElements(stream: MaskKeystream, arithmetic: WordArithmetic, count: number): Promise<Words> {
  const { words, order, drawnBits } = arithmetic.group;
  const drawsForOne = Number((1024n << BigInt(drawnBits)) / order) / 1024;
  const mostDraws = Math.floor(MOST_KEYSTREAM / (4 * words));
  const elements = new Uint32Array(count * words);
  const pace = new Pace();
  for (let at = 0; at < elements.length;) {
    const wanted = Math.ceil(((elements.length - at) / words) * drawsForOne * SPARE);
    const block = stream.next(4 * words * Math.min(mostDraws, wanted));
    at = takeDraws(arithmetic, block, elements, at);
    await pace.maybePause();
  }
  return elements;
}

function takeDraws(arithmetic: WordArithmetic, draws: Uint8Array, elements: Words, at: number): number {
  const loops = maskLoops();
  if (loops !== null) return loops.takeDraws(arithmetic, draws, elements, at);
  return arithmetic.takeDraws(new Uint32Array(draws.buffer as ArrayBuffer, draws.byteOffset, draws.length / 4), elements, at);
}
