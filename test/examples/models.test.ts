// The networks of the demo: every gradient against finite differences.
import { expect } from 'chai';
import { PIXELS } from '../../examples/mnist/data.ts';
import { ARCHITECTURES, layersOf } from '../../examples/mnist/models/architectures.ts';
import { Classifier } from '../../examples/mnist/models/classifier.ts';
import { Convolution } from '../../examples/mnist/models/convolution.ts';
import { Dense } from '../../examples/mnist/models/dense.ts';
import type { Layer } from '../../examples/mnist/models/layer.ts';
import { addProduct, matrix, transposed, type Matrix } from '../../examples/mnist/models/matrix.ts';
import { MaxPooling } from '../../examples/mnist/models/max-pooling.ts';
import { Relu } from '../../examples/mnist/models/relu.ts';
import { modelOf, tensorsOf } from '../../examples/mnist/models/tensors.ts';
import { Seeded } from '../../examples/mnist/seeded.ts';

const random = new Seeded(7);

function randomMatrix(rows: number, columns: number): Matrix {
  return matrix(
    rows,
    columns,
    Float32Array.from({ length: rows * columns }, () => random.normal()),
  );
}

function dot(a: Float32Array, b: Float32Array): number {
  return a.reduce((sum, value, i) => sum + value * b[i]!, 0);
}

/** Compares a gradient with central differences of a loss. The layers are linear between kinks, so that the step may be long. */
function expectGradient(gradient: Float32Array, values: Float32Array, loss: () => number): void {
  const step = 2 ** -6;
  for (const [i, value] of values.entries()) {
    values[i] = value + step;
    const above = loss();
    values[i] = value - step;
    const below = loss();
    values[i] = value;
    expect(gradient[i], `component ${i}`).to.be.closeTo((above - below) / (2 * step), 1e-3);
  }
}

describe('networks of the demo', () => {
  for (const [rows, inner, columns] of [
    [2, 3, 4],
    [5, 70, 7],
    [1, 1, 1],
    [4, 128, 8],
  ] as const) {
    it(`a product of ${rows} × ${inner} and ${inner} × ${columns} is added up, also of transposed factors`, () => {
      const [a, b] = [randomMatrix(inner, rows), randomMatrix(columns, inner)];
      const sums = matrix(rows, columns, new Float32Array(rows * columns).fill(1));
      addProduct(sums, transposed(a), transposed(b));
      for (let row = 0; row < rows; row++) {
        for (let column = 0; column < columns; column++) {
          let sum = 1;
          for (let k = 0; k < inner; k++) sum += a.values[k * rows + row]! * b.values[column * inner + k]!;
          expect(sums.values[row * columns + column]).to.be.closeTo(sum, 1e-4);
        }
      }
    });
  }

  const image = { side: 6, channels: 2 };
  const layers: Readonly<Record<string, Layer>> = {
    'a dense layer': new Dense([72], 5),
    'a convolution': new Convolution(image, { side: 3, stride: 1, filters: 3 }),
    'a convolution in steps of two': new Convolution(image, { side: 3, stride: 2, filters: 4 }),
    'a pooling': new MaxPooling(image),
    'a rectifier': new Relu(),
  };
  for (const [name, layer] of Object.entries(layers)) {
    it(`the gradients of ${name} are those of finite differences`, () => {
      // No two inputs of a square are closer to each other, and none closer to 0, than the step of the differences.
      const inputs = matrix(3, 72);
      const order = random.shuffled(Array(216).keys());
      inputs.values.forEach((_, i) => (inputs.values[i] = (order[i]! - 107.5) / 16));
      const { kernel, bias } = layer.parameters ?? {};
      for (const parameter of [kernel, bias]) parameter?.values.forEach((_, i) => (parameter.values[i] = random.normal()));
      const outputs = layer.forward(inputs);
      const weights = randomMatrix(outputs.rows, outputs.columns);
      const loss = (): number => dot(layer.forward(inputs).values, weights.values);
      layer.learn(weights);
      expectGradient(layer.backward(weights).values, inputs.values, loss);
      for (const parameter of [kernel, bias]) {
        if (parameter !== undefined) expectGradient(parameter.gradient, parameter.values, loss);
      }
    });
  }

  for (const architecture of ARCHITECTURES) {
    it(`one step of training ${architecture} goes down the gradient of the loss in each tensor`, () => {
      const classifier = new Classifier(layersOf(architecture), { learningRate: 1, batchSize: 20, epochs: 1 });
      const model = classifier.initial(random);
      const images = {
        count: 20,
        pixels: new Float32Array(20 * PIXELS),
        labels: Float32Array.from({ length: 20 }, (_, i) => i % 10),
      };
      images.pixels.forEach((_, i) => (images.pixels[i] = Math.max(0, random.normal())));
      const trained = classifier.train(model, images);
      const gradient = model.map((value, i) => value - trained[i]!);
      for (const [layer, tensors] of Object.entries(tensorsOf(gradient, classifier.shapes))) {
        for (const [name, { data }] of Object.entries(tensors)) {
          const from = data.byteOffset / 4;
          const moved = (by: number): number => {
            const copy = model.slice();
            data.forEach((value, i) => (copy[from + i]! += by * value));
            return classifier.loss(copy, images);
          };
          const step = 1e-3 / Math.sqrt(dot(data, data));
          const slope = (moved(step) - moved(-step)) / (2 * step);
          expect(slope / dot(data, data), `${layer}.${name}`).to.be.closeTo(1, 0.01);
        }
      }
    });

    it(`the tensors of ${architecture} give the model back, in whatever order they come`, () => {
      const classifier = new Classifier(layersOf(architecture), { learningRate: 1, batchSize: 1, epochs: 1 });
      const model = classifier.initial(random);
      const tensors = tensorsOf(model, classifier.shapes);
      const turned = Object.fromEntries(Object.entries(tensors).reverse());
      expect([...modelOf(turned, classifier.shapes)]).to.deep.equal([...model]);
    });
  }
});
