// Every output is a sum of all inputs, each times a parameter of its own.
import type { Layer } from './layer.ts';
import { addProduct, matrix, transposed, type Matrix } from './matrix.ts';
import { Parameter } from './parameter.ts';
import { sizeOf } from './tensors.ts';

export class Dense implements Layer {
  readonly parameters: { readonly kernel: Parameter; readonly bias: Parameter };
  readonly #kernel: Matrix;
  readonly #kernelGradient: Matrix;
  #inputs: Matrix = matrix(0, 0);

  constructor(inputs: readonly number[], outputs: number) {
    const kernel = new Parameter([...inputs, outputs]);
    this.parameters = { kernel, bias: new Parameter([outputs]) };
    this.#kernel = matrix(sizeOf(inputs), outputs, kernel.values);
    this.#kernelGradient = matrix(sizeOf(inputs), outputs, kernel.gradient);
  }

  forward(inputs: Matrix): Matrix {
    const outputs = matrix(inputs.rows, this.#kernel.columns);
    for (let row = 0; row < outputs.rows; row++) outputs.values.set(this.parameters.bias.values, row * outputs.columns);
    addProduct(outputs, inputs, this.#kernel);
    this.#inputs = inputs;
    return outputs;
  }

  learn(gradient: Matrix): void {
    addProduct(this.#kernelGradient, transposed(this.#inputs), gradient);
    const bias = this.parameters.bias.gradient;
    for (let i = 0; i < gradient.values.length; i++) {
      const output = i % gradient.columns;
      bias[output] = (bias[output] ?? NaN) + (gradient.values[i] ?? NaN);
    }
  }

  backward(gradient: Matrix): Matrix {
    const result = matrix(gradient.rows, this.#kernel.rows);
    addProduct(result, gradient, transposed(this.#kernel));
    return result;
  }
}
