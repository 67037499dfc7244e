// Documents of a fixed layout: byte strings and big-endian integers one after the other, without lengths or tags between them.
import { DecodeError } from './errors.ts';

/** Reads the fields of one document in order. Byte strings are copies. */
export class FixedFields {
  readonly #name: string;
  readonly #bytes: Uint8Array;
  #at = 0;

  /** @param name of the document, for errors. */
  constructor(name: string, bytes: Uint8Array) {
    this.#name = name;
    this.#bytes = bytes;
  }

  /** The next `length` bytes. @throws DecodeError if there are fewer. */
  bytes(length: number): Uint8Array {
    const end = this.#at + length;
    if (end > this.#bytes.length) {
      throw new DecodeError(`${this.#name}: expected ${end} bytes or more, got ${this.#bytes.length}`);
    }
    return this.#bytes.slice(this.#at, (this.#at = end));
  }

  /** A big-endian integer of up to eight bytes. @throws DecodeError if it is 2^53 or more. */
  integer(length: 1 | 2 | 4 | 8): number {
    let value = 0;
    for (const byte of this.bytes(length)) value = value * 256 + byte;
    if (!Number.isSafeInteger(value)) throw new DecodeError(`${this.#name}: expected integers below 2^53`);
    return value;
  }

  /** @throws DecodeError unless the next byte is `version`. */
  version(version: number): void {
    const found = this.integer(1);
    if (found !== version) throw new DecodeError(`${this.#name}: expected version ${version}, got ${found}`);
  }

  /** How many bytes are not read yet. */
  get left(): number {
    return this.#bytes.length - this.#at;
  }

  /** @throws DecodeError unless all has been read. */
  end(): void {
    if (this.left > 0) throw new DecodeError(`${this.#name}: expected ${this.#at} bytes, got ${this.#bytes.length}`);
  }
}
