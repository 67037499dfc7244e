// Images of digits, a quarter as large as those of the demo, so that a page gets and trains them at once.
import type { Images } from '../mnist/data.ts';

export type { Images };

/** Of an image, in pixels. */
export const SIDE = 14;
export const PIXELS = SIDE * SIDE;
export const DIGITS = 10;

/** A digit with its image, one byte for each pixel. */
export interface LabelledImage {
  readonly label: number;
  readonly pixels: Uint8Array;
}

export function imagesOf(digits: readonly LabelledImage[]): Images {
  const pixels = new Float32Array(digits.length * PIXELS);
  digits.forEach((digit, i) =>
    pixels.set(
      Float32Array.from(digit.pixels, (value) => value / 255),
      i * PIXELS,
    ),
  );
  return { count: digits.length, pixels, labels: Float32Array.from(digits, ({ label }) => label) };
}

/** Images as one text of bytes: the label of each, and then its pixels. */
export function bytesOfImages({ count, pixels, labels }: Images): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(count * (1 + PIXELS));
  for (let i = 0; i < count; i++) {
    bytes[i * (1 + PIXELS)] = labels[i] ?? NaN;
    const image = pixels.subarray(i * PIXELS, (i + 1) * PIXELS);
    bytes.set(
      Uint8Array.from(image, (value) => Math.round(255 * value)),
      i * (1 + PIXELS) + 1,
    );
  }
  return bytes;
}

export function imagesOfBytes(bytes: Uint8Array): Images {
  const size = 1 + PIXELS;
  const digits = Array.from({ length: Math.floor(bytes.length / size) }, (_, i) => ({
    label: bytes[i * size] ?? NaN,
    pixels: bytes.subarray(i * size + 1, (i + 1) * size),
  }));
  return imagesOf(digits);
}

/** Images of half the width and height: each pixel is the mean of four. */
export function halved({ count, pixels, labels }: Images): Images {
  const wide = 2 * SIDE;
  const small = new Float32Array(count * PIXELS);
  for (let i = 0; i < count * PIXELS; i++) {
    const [row, column] = [Math.floor(i / SIDE) * 2, (i % SIDE) * 2]; // rows of all images below each other
    const at = row * wide + column;
    const four = [at, at + 1, at + wide, at + wide + 1];
    small[i] = four.reduce((sum, position) => sum + (pixels[position] ?? NaN), 0) / 4;
  }
  return { count, pixels: small, labels };
}
