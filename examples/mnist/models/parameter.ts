// The numbers of a layer that training changes.
import { sizeOf } from './tensors.ts';

/** A tensor, its values in row-major order. */
export class Parameter {
  readonly shape: readonly number[];
  readonly values: Float32Array;
  /** The derivatives of the loss by the values, added up over the images of a batch. */
  readonly gradient: Float32Array;

  constructor(shape: readonly number[]) {
    this.shape = shape;
    this.values = new Float32Array(sizeOf(shape));
    this.gradient = new Float32Array(this.values.length);
  }
}
