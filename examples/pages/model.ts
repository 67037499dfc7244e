// What is trained: ten scores for an image, each a sum of its pixels with weights. Server and pages use the same code.
import { Classifier } from '../mnist/models/classifier.ts';
import { Dense } from '../mnist/models/dense.ts';
import type { Model } from '../mnist/models/tensors.ts';
import { DIGITS, PIXELS, type Images } from './digits.ts';

/** The number of parameters: a weight for each pixel and a bias, for each digit. */
export const PARAMETERS = (PIXELS + 1) * DIGITS;

/** The largest L2 norm of an update. Longer ones are scaled down, so that nobody changes the model by more than others. */
export const CLIP = 2;

const TRAINING = { learningRate: 0.1, batchSize: 10, epochs: 2 };

/** The scores are linear in the parameters, so that training may begin with zeros. */
export function firstModel(): Model {
  return new Float32Array(PARAMETERS);
}

export function digitClassifier(): Classifier {
  return new Classifier({ scores: new Dense([PIXELS], DIGITS) }, TRAINING);
}

/** By how much training with some images changes a model. */
export function updateOf(model: Model, images: Images): Model {
  return digitClassifier()
    .train(model, images)
    .map((parameter, i) => parameter - (model[i] ?? NaN));
}
