// The seeds of draws, for a coordinator that has other runs to go on with: a source that fails or hangs has no seed yet.
import { seedOf, type SeedSource } from '../service/seeds.ts';

/** Milliseconds that a look waits for the source. */
const PATIENCE = 2000;
/** Milliseconds after which a source that has not answered is asked again. */
const LOST = 30_000;
/** Milliseconds after which a source that has failed is asked again. */
const PAUSE = 1000;

/** One question to the source. */
interface Asked {
  readonly at: number;
  /** The seed; null if there is none yet, if the source has failed, or if it takes too long. */
  readonly seed: Promise<Uint8Array | null>;
  /** For how long nothing else is asked, in milliseconds since `at`. */
  rest: number;
}

/** Looks at whether seeds are there. */
export class SeedWatch {
  readonly #source: SeedSource;
  readonly #failed: (error: unknown) => void;
  readonly #asked = new Map<number, Asked>();

  /** @param failed hears what the source throws. */
  constructor(source: SeedSource, failed: (error: unknown) => void) {
    this.#source = source;
    this.#failed = failed;
  }

  /** The seed of a time, if it is there. Never rejects, and takes two seconds at most. */
  of(time: number): Promise<Uint8Array | null> {
    const known = this.#asked.get(time);
    if (known !== undefined && performance.now() - known.at < known.rest) return known.seed;
    let patience: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<null>((resolve) => {
      patience = setTimeout(() => resolve(null), PATIENCE);
    });
    const answer = seedOf(this.#source, time).then(
      (seed) => {
        this.#asked.delete(time);
        return seed;
      },
      (error: unknown) => {
        asked.rest = PAUSE;
        this.#failed(error);
        return null;
      },
    );
    const seed = Promise.race([answer, late]).finally(() => clearTimeout(patience));
    const asked: Asked = { at: performance.now(), seed, rest: LOST };
    this.#asked.set(time, asked);
    return seed;
  }
}
