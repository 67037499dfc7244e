// What users have dealt, by position, with all records in a few large pieces of memory. Records are most of what a server
// holds in rounds 1 and 2. An allocator gives a large piece back to the system when it is freed; what is freed in the middle of
// much else stays with the process, which would hold it until the session ends.
import type { Position } from '../leaves/positions.ts';
import type { Deal } from '../session/messages.ts';

/** Of a piece, in bytes. What is not used of it takes no memory. */
const MOST = 2 ** 26;

export class DealMap extends Map<Position, Deal> {
  #size = 0;
  #room: Uint8Array = new Uint8Array();

  static of(entries: Iterable<readonly [Position, Deal]>): DealMap {
    const deals = new DealMap();
    for (const [position, deal] of entries) deals.set(position, deal);
    return deals;
  }

  /** Copies the records. */
  override set(position: Position, deal: Deal): this {
    const { length } = deal.sealed;
    if (this.#room.length < length) {
      this.#size = Math.max(length, Math.min(2 * this.#size, MOST));
      this.#room = new Uint8Array(this.#size);
    }
    const sealed = this.#room.subarray(0, length);
    sealed.set(deal.sealed);
    this.#room = this.#room.subarray(length);
    return super.set(position, { ...deal, sealed });
  }
}
