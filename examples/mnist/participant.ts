// One participant: its private images, its long-term key pair, and its side of a session.
import { genKeypair, UserWrapper, type InputVector, type SignPublicKey, type SignSecretKey, type UserEvent } from 'secagg';
import { NOTHING, plus, type Cost } from './cost.ts';
import type { Images } from './data.ts';
import type { Classifier } from './models/classifier.ts';
import type { Model } from './models/tensors.ts';
import type { Task, Terms } from './terms.ts';
import { encodingOf } from './updates.ts';

export class Participant {
  readonly id: number;
  readonly publicKey: SignPublicKey;
  readonly #secretKey: SignSecretKey;
  readonly #images: Images;
  /** Stands for the device's storage, which must be protected: the state holds secrets. */
  #stored: string | null = null;
  #cost: Cost = NOTHING;

  constructor(id: number, images: Images) {
    this.id = id;
    this.#images = images;
    [this.publicKey, this.#secretKey] = genKeypair();
  }

  /** Weight of its update in the mean. */
  get weight(): number {
    return this.#images.count;
  }

  train(classifier: Classifier, model: Model): Model {
    return classifier.train(model, this.#images);
  }

  /** Trains and enters the session. @returns the encoded update, which only the demo's check may see. */
  join(terms: Terms, task: Task, classifier: Classifier): InputVector {
    const trained = this.train(classifier, task.model);
    const encoding = encodingOf(terms, task);
    const update = trained.map((parameter, i) => parameter - (task.model[i] ?? NaN));
    const vector = encoding.encode(update, this.weight);
    const { threshold, publicKeys } = terms;
    const user = new UserWrapper(this.id, threshold, this.publicKey, this.#secretKey, vector, publicKeys, encoding.options);
    this.#stored = user.serializeState();
    this.#cost = NOTHING;
    return vector;
  }

  /**
   * Answers a message of the server. A phone may close the app in the minutes between two messages, so only the stored state
   * is kept. The state is stored before the answer is sent: a participant that answered, crashed and forgot its answer could be
   * made to answer a second time, with another view of the session.
   */
  async answer(message: Uint8Array): Promise<Uint8Array> {
    if (this.#stored === null) throw new Error(`participant ${this.id} has not joined`);
    const user = UserWrapper.fromState(this.#stored, { listener: (event) => this.#meter(event) });
    const answer = await user.round(message);
    this.#stored = user.serializeState();
    return answer;
  }

  #meter(event: UserEvent): void {
    if (event.type !== 'round-answered') return;
    this.#cost = plus(this.#cost, { bytes: event.bytesIn + event.bytesOut, milliseconds: event.milliseconds });
  }

  /** What the session has cost this participant so far. */
  get cost(): Cost {
    return this.#cost;
  }
}
