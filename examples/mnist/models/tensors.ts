// A model is one flat array for those who compute with it, and named tensors for the encoding.
import type { Tensor } from 'secagg/encoding';

/** All parameters of a network, layer by layer, the kernel before the bias. */
export type Model = Float32Array;

/** The shapes of the parameters of each layer that has some. */
export type ModelShapes = Readonly<Record<string, { readonly kernel: readonly number[]; readonly bias: readonly number[] }>>;

export type ModelTensors<Values extends ArrayLike<number> = Float32Array> = Readonly<
  Record<string, { readonly kernel: Tensor<Values>; readonly bias: Tensor<Values> }>
>;

/** The number of values in a tensor. */
export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

/** The number of all parameters. */
export function parametersOf(shapes: ModelShapes): number {
  return Object.values(shapes).reduce((sum, { kernel, bias }) => sum + sizeOf(kernel) + sizeOf(bias), 0);
}

/** The tensors of a model. They share its memory. */
export function tensorsOf(model: Model, shapes: ModelShapes): ModelTensors {
  let from = 0;
  const next = (shape: readonly number[]): Tensor<Float32Array> => ({
    shape,
    data: model.subarray(from, (from += sizeOf(shape))),
  });
  const layers = Object.entries(shapes).map(([name, { kernel, bias }]) => [name, { kernel: next(kernel), bias: next(bias) }]);
  return Object.fromEntries(layers) as ModelTensors;
}

/** The model of some tensors, in whatever order their names are. */
export function modelOf(tensors: ModelTensors<ArrayLike<number>>, shapes: ModelShapes): Model {
  const model = new Float32Array(parametersOf(shapes));
  for (const [name, { kernel, bias }] of Object.entries(tensorsOf(model, shapes))) {
    kernel.data.set(tensors[name]?.kernel.data ?? []);
    bias.data.set(tensors[name]?.bias.data ?? []);
  }
  return model;
}
