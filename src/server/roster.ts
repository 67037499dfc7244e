// U1 as the server keeps it: the directory, and the position of each user in it.
import type { UserId } from '../leaves/ids.ts';
import { at } from '../leaves/lists.ts';
import { positions, type Members } from '../leaves/members.ts';
import { allPositions, type Position } from '../leaves/positions.ts';
import type { Advertisement, Directory } from '../session/messages.ts';

export class Roster {
  /** By position. */
  readonly lines: Directory;
  /** All of U1. */
  readonly positions: readonly Position[];
  readonly #positionOf: ReadonlyMap<UserId, Position>;

  /** @param lines of distinct users. */
  constructor(lines: Directory) {
    this.lines = lines;
    this.positions = allPositions(lines.length);
    this.#positionOf = new Map(this.positions.map((position) => [at(lines, position).userId, position]));
  }

  /** |U1|. */
  get size(): number {
    return this.lines.length;
  }

  line(position: Position): Advertisement {
    return at(this.lines, position);
  }

  userIdAt(position: Position): UserId {
    return this.line(position).userId;
  }

  /** Null for a user that is not in U1. */
  positionOf(userId: UserId): Position | null {
    return this.#positionOf.get(userId) ?? null;
  }

  /** The positions of those users that are in U1. */
  positionsOf(userIds: readonly UserId[]): Position[] {
    return userIds.flatMap((userId) => this.positionOf(userId) ?? []);
  }

  /** The ids of some users, ascending. */
  userIds(members: Members | Iterable<Position>): UserId[] {
    const chosen = members instanceof Uint8Array ? positions(members) : members;
    return Array.from(chosen, (position) => this.userIdAt(position)).sort((a, b) => a - b);
  }
}
