// The networks that the demo trains, and how.
import { DIGITS, PIXELS, SIDE } from '../data.ts';
import { Classifier, type Training } from './classifier.ts';
import { Convolution } from './convolution.ts';
import { Dense } from './dense.ts';
import type { Layer } from './layer.ts';
import { MaxPooling } from './max-pooling.ts';
import { Relu } from './relu.ts';

/** `mlp`: one hidden layer. `cnn`: two convolutions, pooling, and two dense layers. */
export const ARCHITECTURES = ['mlp', 'cnn'] as const;

export type Architecture = (typeof ARCHITECTURES)[number];

const HIDDEN_UNITS = 32;
const BATCH_SIZE = 20;

/** How participants train without noise. */
const EXACT: Readonly<Record<Architecture, Training>> = {
  mlp: { learningRate: 0.3, batchSize: BATCH_SIZE, epochs: 1 },
  cnn: { learningRate: 0.1, batchSize: BATCH_SIZE, epochs: 1 },
};

/**
 * How they train with noise, and the largest L2 norm of an update. The noise grows with that norm and with the number of training
 * rounds, so that few rounds of two epochs are better than more rounds of one. Updates are from 2 (first round) to 1 long (last round).
 */
const PRIVATE: Readonly<Record<Architecture, Training & { readonly clip: number }>> = {
  mlp: { learningRate: 0.1, batchSize: BATCH_SIZE, epochs: 2, clip: 1.5 },
  cnn: { learningRate: 0.1, batchSize: BATCH_SIZE, epochs: 2, clip: 1 },
};

export function classifierOf(architecture: Architecture, isPrivate: boolean): Classifier {
  return new Classifier(layersOf(architecture), (isPrivate ? PRIVATE : EXACT)[architecture]);
}

export function clipOf(architecture: Architecture): number {
  return PRIVATE[architecture].clip;
}

/** New layers, in the order in which an image passes them. */
export function layersOf(architecture: Architecture): Record<string, Layer> {
  return architecture === 'mlp' ? denseLayers() : convolutionalLayers();
}

function denseLayers(): Record<string, Layer> {
  return { hidden: new Dense([PIXELS], HIDDEN_UNITS), rectified: new Relu(), digits: new Dense([HIDDEN_UNITS], DIGITS) };
}

function convolutionalLayers(): Record<string, Layer> {
  const first = new Convolution({ side: SIDE, channels: 1 }, { side: 5, stride: 2, filters: 4 });
  const second = new Convolution(first.outputSize, { side: 5, stride: 1, filters: 8 });
  const pooling = new MaxPooling(second.outputSize);
  const { side, channels } = pooling.outputSize;
  return {
    ...{ first, firstRectified: new Relu() },
    ...{ second, pooling, secondRectified: new Relu() },
    ...{ hidden: new Dense([side, side, channels], HIDDEN_UNITS), rectified: new Relu() },
    digits: new Dense([HIDDEN_UNITS], DIGITS),
  };
}
