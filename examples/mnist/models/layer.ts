// What a network is made of. Rows of matrices are images, or their gradients.
import type { Matrix } from './matrix.ts';
import type { Parameter } from './parameter.ts';

export interface Layer {
  readonly parameters: { readonly kernel: Parameter; readonly bias: Parameter } | null;
  /** The outputs for a batch, which the layer remembers. */
  forward(inputs: Matrix): Matrix;
  /** Adds to the gradients of the parameters, from the gradient of the loss by the last outputs. */
  learn(gradient: Matrix): void;
  /** The gradient by the last inputs, from the gradient by the last outputs. */
  backward(gradient: Matrix): Matrix;
}
