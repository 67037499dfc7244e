// The classifier: one hidden layer, trained by TensorFlow.js on its WebAssembly backend. For the rest of the demo, a model is one
// flat array of floats, its parameters.
import '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { initializers, layers, sequential, type Sequential } from '@tensorflow/tfjs-layers';
import { DIGITS, PIXELS, type Images } from './data.ts';

const HIDDEN_UNITS = 32;
const LEARNING_RATE = 0.3;
const BATCH_SIZE = 20;

export type Model = Float32Array;

export class Classifier {
  readonly #network: Sequential;

  private constructor(network: Sequential) {
    this.#network = network;
  }

  /** @param seed fixes the parameters that training starts from. */
  static async create(seed: number): Promise<Classifier> {
    await tf.setBackend('wasm');
    const kernelInitializer = initializers.heNormal({ seed });
    const network = sequential({
      layers: [
        layers.dense({ units: HIDDEN_UNITS, activation: 'relu', inputShape: [PIXELS], kernelInitializer }),
        layers.dense({ units: DIGITS, activation: 'softmax', kernelInitializer }),
      ],
    });
    network.compile({ optimizer: tf.train.sgd(LEARNING_RATE), loss: 'sparseCategoricalCrossentropy' });
    return new Classifier(network);
  }

  get model(): Model {
    const flat = tf.tidy(() => tf.concat1d(this.#network.getWeights().map((tensor) => tf.reshape(tensor, [-1]))));
    const model = flat.dataSync<'float32'>().slice();
    flat.dispose();
    return model;
  }

  #load(model: Model): void {
    tf.tidy(() => {
      const tensors = this.#network.getWeights();
      const parts = tf.split(
        tf.tensor1d(model),
        tensors.map(({ size }) => size),
      );
      this.#network.setWeights(parts.map((part, i) => tf.reshape(part, tensors[i]?.shape ?? [])));
    });
  }

  /** The model after one pass over the images. The order of the images is fixed, so that the result can be repeated. */
  async train(model: Model, { count, pixels, labels }: Images): Promise<Model> {
    this.#load(model);
    const x = tf.tensor2d(pixels, [count, PIXELS]);
    const y = tf.tensor1d(labels);
    await this.#network.fit(x, y, { batchSize: BATCH_SIZE, shuffle: false });
    tf.dispose([x, y]);
    return this.model;
  }

  /** The share of the images whose digit the model tells. */
  async accuracy(model: Model, { count, pixels, labels }: Images): Promise<number> {
    this.#load(model);
    const likeliest = tf.tidy(() => {
      // In one batch: for each batch, the backend reads all images.
      const scores = this.#network.predict(tf.tensor2d(pixels, [count, PIXELS]), { batchSize: count });
      return tf.argMax(scores as tf.Tensor2D, 1);
    });
    const digits = await likeliest.data();
    likeliest.dispose();
    return labels.filter((label, i) => label === digits[i]).length / count;
  }
}
