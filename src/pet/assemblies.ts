// Messages of which parts are missing, in the memory of one process. A participant has one of them at a time.
import { PetError } from './pet-error.ts';
import { Assembly, type Part } from './wire/parts.ts';

/** Milliseconds without a new part after which a message makes room for others. */
const IDLE = 30_000;

/** Where and when a part comes. */
export interface Arrival {
  /** Most bytes of the whole payload. */
  readonly mostBytes: number;
  /** Milliseconds of service time. */
  readonly now: number;
}

interface Pending {
  readonly assembly: Assembly;
  /** Bytes of it that are in the total. */
  counted: number;
  /** When its newest part came. */
  since: number;
}

/** Keeps parts until their messages are whole. */
export class Assemblies {
  readonly #mostBytes: number;
  /** By participant, in the order in which their first parts came. */
  readonly #begun = new Map<string, Pending>();
  /** The same, in the order in which their newest parts came. */
  readonly #heard = new Map<string, Pending>();
  #bytes = 0;

  /** @param mostBytes of all messages together, with what it takes to keep them. */
  constructor(mostBytes: number) {
    this.#mostBytes = mostBytes;
  }

  /**
   * Keeps a part. If a part is refused, the others of its message are forgotten.
   *
   * If there is no room, the message that has waited longest for a part is forgotten, once that is 30 seconds. If none has waited so long, only
   * the message that began first takes the room of others, so that one of those that come at once always becomes whole.
   *
   * @returns the payload if all of its parts are there, else null.
   * @throws PetError ERR_SECAGG_PET_PENDING if there is no room, or if the first part of the message is not there; ERR_SECAGG_PET_PART.
   */
  add(participant: string, part: Part, { mostBytes, now }: Arrival): Uint8Array | null {
    const pending = this.#pendingOf(participant, part, mostBytes);
    try {
      const payload = pending.assembly.add(part);
      if (payload === null) this.#keep(participant, pending, now);
      else this.forget(participant);
      return payload;
    } catch (error) {
      this.forget(participant);
      throw error;
    }
  }

  /** Forgets the parts of a participant. */
  forget(participant: string): void {
    this.#bytes -= this.#begun.get(participant)?.counted ?? 0;
    this.#begun.delete(participant);
    this.#heard.delete(participant);
  }

  /** Forgets all of them. */
  clear(): void {
    this.#begun.clear();
    this.#heard.clear();
    this.#bytes = 0;
  }

  #pendingOf(participant: string, { number, messageId }: Part, mostBytes: number): Pending {
    const before = this.#begun.get(participant);
    if (before?.assembly.messageId === messageId) return before;
    if (number > 0) throw new PetError('ERR_SECAGG_PET_PENDING', 'part of a message: expected the first part before the others');
    this.forget(participant);
    return { assembly: new Assembly(messageId, mostBytes), counted: 0, since: 0 };
  }

  #keep(participant: string, pending: Pending, now: number): void {
    const { cost } = pending.assembly;
    // A part that came before is no sign of life.
    if (cost === pending.counted) return;
    this.#bytes += cost - pending.counted;
    pending.counted = cost;
    pending.since = now;
    this.#begun.set(participant, pending);
    this.#heard.delete(participant);
    this.#heard.set(participant, pending);
    this.#makeRoom(participant, now);
  }

  #makeRoom(participant: string, now: number): void {
    while (this.#bytes > this.#mostBytes) {
      const [[longest, { since }] = [participant, { since: now }]] = this.#heard;
      const [first] = this.#begun.keys();
      if (longest === participant || (now - since < IDLE && first !== participant)) {
        throw new PetError('ERR_SECAGG_PET_PENDING', 'message: too many others are incomplete');
      }
      this.forget(longest);
    }
  }
}
