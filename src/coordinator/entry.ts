// Who is let in: what an operator says of new participants and new runs.
import { checkInteger } from '../leaves/checks.ts';
import { UsageError } from '../leaves/errors.ts';
import { isAnnouncementOf, type Announcement } from '../service/announcement.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Task } from '../service/task.ts';

export class Entry {
  readonly #retired: ReadonlySet<string>;
  readonly #minClientVersion: number;
  readonly #paused = new Set<string>();
  #isDraining = false;

  /** @throws TypeError, RangeError that name the option. */
  constructor(retired: readonly Task[], minClientVersion: unknown) {
    this.#retired = new Set(retired.map(({ id }) => id));
    this.#minClientVersion = checkInteger(minClientVersion ?? 0, 'options.minClientVersion', 0, 2 ** 32 - 1);
  }

  pause(task: Task): void {
    this.#paused.add(task.id);
  }

  resume(task: Task): void {
    this.#paused.delete(task.id);
  }

  drain(): void {
    this.#isDraining = true;
  }

  get isDraining(): boolean {
    return this.#isDraining;
  }

  /** Whether a task takes new participants. */
  isOpen(task: Task): boolean {
    return !this.#isDraining && !this.#paused.has(task.id);
  }

  /** @throws ServiceError ERR_SECAGG_RETIRED if another task has taken the place of this one. */
  requireNotRetired(task: Task): void {
    if (this.#retired.has(task.id)) throw new ServiceError('ERR_SECAGG_RETIRED', 'another task has taken the place of this one');
  }

  /** @throws UsageError ERR_SECAGG_USAGE after {@link drain}. */
  requireNotDrained(): void {
    if (!this.#isDraining) return;
    throw new UsageError('ERR_SECAGG_USAGE', 'openRun: the coordinator is drained, so that nobody could take part in a new run');
  }

  /** @param now seconds since 1970. @throws ServiceError ERR_SECAGG_ANNOUNCEMENT, ERR_SECAGG_RETIRED if the run cannot be opened. */
  async requireAnnounced(announcement: Announcement, task: Task, now: number): Promise<void> {
    this.requireNotRetired(task);
    if (!(await isAnnouncementOf(task.definition.publisher, announcement.bytes))) {
      throw new ServiceError('ERR_SECAGG_ANNOUNCEMENT', 'announcement: not signed by the publisher of the task');
    }
    if (announcement.expires > now) return;
    throw new ServiceError('ERR_SECAGG_ANNOUNCEMENT', 'announcement: it has expired');
  }

  /** @throws ServiceError as {@link requireNotRetired}, and ERR_SECAGG_CLIENT_VERSION if the participant's application is too old. */
  requireCurrent(task: Task, clientVersion: number): void {
    this.requireNotRetired(task);
    if (clientVersion >= this.#minClientVersion) return;
    throw new ServiceError('ERR_SECAGG_CLIENT_VERSION', `version ${clientVersion} of the application is too old`);
  }
}
