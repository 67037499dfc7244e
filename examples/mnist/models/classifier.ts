// A network of layers that tells digits apart. It is trained by stochastic gradient descent on the cross-entropy of its softmax.
import type { Images } from '../data.ts';
import type { Seeded } from '../seeded.ts';
import type { Layer } from './layer.ts';
import { matrix, type Matrix } from './matrix.ts';
import type { Parameter } from './parameter.ts';
import type { Model, ModelShapes } from './tensors.ts';

/** How a participant trains in one training round. */
export interface Training {
  readonly learningRate: number;
  readonly batchSize: number;
  /** How often it goes through its images. */
  readonly epochs: number;
}

export class Classifier {
  readonly shapes: ModelShapes;
  readonly #layers: readonly Layer[];
  readonly #parameters: readonly Parameter[];
  readonly #training: Training;

  /** @param layers in the order in which an image passes them. */
  constructor(layers: Readonly<Record<string, Layer>>, training: Training) {
    const trained = Object.entries(layers).flatMap(([name, { parameters }]) =>
      parameters === null ? [] : [{ name, ...parameters }],
    );
    this.shapes = Object.fromEntries(trained.map(({ name, kernel, bias }) => [name, { kernel: kernel.shape, bias: bias.shape }]));
    this.#layers = Object.values(layers);
    this.#parameters = trained.flatMap(({ kernel, bias }) => [kernel, bias]);
    this.#training = training;
  }

  /** A model to start from: kernels are random, as He et al. (2015) have it, and biases are 0. */
  initial(random: Seeded): Model {
    for (const { parameters } of this.#layers) {
      if (parameters === null) continue;
      const { kernel, bias } = parameters;
      const inputs = kernel.values.length / bias.values.length;
      for (let i = 0; i < kernel.values.length; i++) kernel.values[i] = Math.sqrt(2 / inputs) * random.normal();
      bias.values.fill(0);
    }
    return this.#model;
  }

  get #model(): Model {
    const model = new Float32Array(this.#parameters.reduce((sum, { values }) => sum + values.length, 0));
    let from = 0;
    for (const { values } of this.#parameters) {
      model.set(values, from);
      from += values.length;
    }
    return model;
  }

  #load(model: Model): void {
    let from = 0;
    for (const { values } of this.#parameters) values.set(model.subarray(from, (from += values.length)));
  }

  /** The model after training with some images. The order of the images is fixed, so that the result can be repeated. */
  train(model: Model, images: Images): Model {
    const { epochs, batchSize, learningRate } = this.#training;
    this.#load(model);
    for (let epoch = 0; epoch < epochs; epoch++) {
      for (let from = 0; from < images.count; from += batchSize) {
        const to = Math.min(from + batchSize, images.count);
        this.#descend(images, from, to, learningRate / (to - from));
      }
    }
    return this.#model;
  }

  #descend(images: Images, from: number, to: number, rate: number): void {
    const scores = this.#scores(batchOf(images, from, to));
    this.#backpropagate(lossOf(scores, images.labels.subarray(from, to)).gradient);
    for (const { values, gradient } of this.#parameters) {
      for (let i = 0; i < values.length; i++) values[i] = (values[i] ?? NaN) - rate * (gradient[i] ?? NaN);
      gradient.fill(0);
    }
  }

  #scores(batch: Matrix): Matrix {
    return this.#layers.reduce((values, layer) => layer.forward(values), batch);
  }

  #backpropagate(ofScores: Matrix): void {
    let gradient = ofScores;
    for (const layer of [...this.#layers].reverse()) {
      layer.learn(gradient);
      // Nobody needs the gradient of the pixels.
      if (layer !== this.#layers[0]) gradient = layer.backward(gradient);
    }
  }

  /** The share of the images whose digit has the largest score. */
  accuracy(model: Model, images: Images): number {
    this.#load(model);
    let right = 0;
    for (let from = 0; from < images.count; from += 100) {
      const { rows, columns, values } = this.#scores(batchOf(images, from, Math.min(from + 100, images.count)));
      for (let row = 0; row < rows; row++) {
        const scores = values.subarray(row * columns, (row + 1) * columns);
        if (scores.indexOf(Math.max(...scores)) === images.labels[from + row]) right++;
      }
    }
    return right / images.count;
  }

  /** The mean cross-entropy of the images. Training makes it smaller. */
  loss(model: Model, images: Images): number {
    this.#load(model);
    return lossOf(this.#scores(batchOf(images, 0, images.count)), images.labels).loss / images.count;
  }
}

function batchOf({ count, pixels }: Images, from: number, to: number): Matrix {
  const size = pixels.length / count;
  return matrix(to - from, size, pixels.subarray(from * size, to * size));
}

/** The cross-entropy of the softmax of each row of scores, added up, and its gradient. */
function lossOf(scores: Matrix, labels: Float32Array): { readonly loss: number; readonly gradient: Matrix } {
  const gradient = matrix(scores.rows, scores.columns);
  let loss = 0;
  for (let row = 0; row < scores.rows; row++) {
    const from = row * scores.columns;
    const ofRow = scores.values.subarray(from, from + scores.columns);
    const most = Math.max(...ofRow);
    const total = ofRow.reduce((sum, score) => sum + Math.exp(score - most), 0);
    const label = labels[row] ?? NaN;
    ofRow.forEach((score, i) => (gradient.values[from + i] = Math.exp(score - most) / total - (i === label ? 1 : 0)));
    loss += Math.log(total) + most - (ofRow[label] ?? NaN);
  }
  return { loss, gradient };
}
