// How updates become integers, and their sum becomes the next model: exactly, or with noise that gives differential privacy.
import type { InputVector, SessionOptions } from 'secagg';
import { privateMean, receiptOf, worstCostOf, type Receipt, type ReleaseCost } from 'secagg/dp';
import { weightedMean } from 'secagg/encoding';
import { IMAGES_PER_SHARD } from './data.ts';
import { modelOf, tensorsOf, type Model } from './models/tensors.ts';
import { contextOf, type Privacy, type Task, type Terms } from './terms.ts';

/** Largest change of a parameter in one training round. Larger changes are clipped; observed changes are well below. */
const LARGEST_CHANGE = 1;

/** Participants that may tell the server their noise, so that it does not count. */
export const COLLUDERS = 1;

/** Least number of steps from −LARGEST_CHANGE to LARGEST_CHANGE: with twenty participants, as many as fit into 24 bits. */
const STEPS = 2 ** 19;

/** As `ServerOutputWrapper.getVector` gives it. */
export type SumVector = Int32Array | BigInt64Array;

/** What encodes the updates of one session. Its options bind the session to the encoding and to the task. */
export interface UpdateEncoding {
  readonly vecLen: number;
  readonly bits: number;
  readonly options: SessionOptions;
  encode(update: Model, weight: number): InputVector;
  /** The mean of the updates in a sum, and how many images are behind it, if the sum tells. */
  decode(sum: SumVector, users: number): { readonly update: Model; readonly images: number | null };
  /** What a sum costs its participants in privacy; null if updates have no noise. */
  readonly privacy: Noised | null;
}

interface Noised {
  readonly worst: ReleaseCost;
  receipt(users: number): Receipt;
  /** The length (L2 norm) that the noise of a mean over so many users is likely to have. */
  noiseLength(users: number): number;
}

export function encodingOf(terms: Terms, task: Task): UpdateEncoding {
  return terms.privacy === null ? exact(terms, task) : noised(terms, task, terms.privacy);
}

/** The mean is weighted by the number of images of each participant. */
function exact({ publicKeys, shapes }: Terms, task: Task): UpdateEncoding {
  const encoding = weightedMean({
    maxUsers: publicKeys.size,
    shapes,
    clippingRange: LARGEST_CHANGE,
    quantizationRange: STEPS,
    maxWeight: IMAGES_PER_SHARD,
    session: contextOf(task),
  });
  const { vecLen, bits, options } = encoding;
  return {
    ...{ vecLen, bits, options },
    encode: (update, weight) => encoding.encode(tensorsOf(update, shapes), weight).vector,
    decode(sum, users) {
      const { mean, totalWeight } = encoding.decode(sum, { users });
      return { update: modelOf(mean, shapes), images: totalWeight };
    },
    privacy: null,
  };
}

/** Every participant counts once: weights would need noise too, and all participants have equally many images. */
function noised({ threshold, publicKeys, shapes }: Terms, task: Task, { target, clip }: Privacy): UpdateEncoding {
  const encoding = privateMean({
    maxUsers: publicKeys.size,
    threshold,
    colluders: COLLUDERS,
    shapes,
    l2Clip: clip,
    target,
    session: contextOf(task),
  });
  const { vecLen, bits, options } = encoding;
  return {
    ...{ vecLen, bits, options },
    encode: (update) => encoding.encode(tensorsOf(update, shapes)).vector,
    decode: (sum, users) => ({ update: modelOf(encoding.decode(sum, { users }).mean, shapes), images: null }),
    privacy: {
      worst: worstCostOf(encoding),
      receipt: (users) => receiptOf(encoding, { included: [users] }),
      noiseLength: (users) => encoding.errorBound({ users }).rms * Math.sqrt(task.model.length),
    },
  };
}
