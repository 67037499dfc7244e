// U1 as the server keeps it: the directory, and where in it each user is.
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { positions, type Members } from '../leaves/members.ts';
import type { Advertisement, Directory } from '../session/notation.ts';

export class Roster {
  /** By position. */
  readonly lines: Directory;
  readonly #positions: ReadonlyMap<UserId, number>;

  /** @param lines of distinct users. */
  constructor(lines: Directory) {
    this.lines = lines;
    this.#positions = new Map(lines.map(({ userId }, position) => [userId, position]));
  }

  /** |U1|. */
  get size(): number {
    return this.lines.length;
  }

  line(position: number): Advertisement {
    return at(this.lines, position);
  }

  userIdAt(position: number): UserId {
    return this.line(position).userId;
  }

  /** -1 for a user that is not in U1. */
  positionOf(userId: UserId): number {
    return this.#positions.get(userId) ?? -1;
  }

  /** Ascending ids. */
  userIds(members: Members | Iterable<number>): UserId[] {
    const chosen = members instanceof Uint8Array ? positions(members) : members;
    return Array.from(chosen, (position) => this.userIdAt(position)).sort((a, b) => a - b);
  }
}
