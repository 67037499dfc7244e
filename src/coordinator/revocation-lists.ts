// The newest revocation list of each registrar. The store has it for all processes; each process checks its signature, and remembers it.
import { copyOf, equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { authorityDigest, type Authority } from '../service/certificate.ts';
import { isRevocationListOf, readRevocationList, type RevocationList } from '../service/revocation-list.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Task } from '../service/task.ts';
import type { CoordinatorStore } from './store.ts';

/** Milliseconds after which a process that answers looks again for a list that another process was given. */
const LOOK_AGAIN = 1000;

export class RevocationLists {
  readonly #store: CoordinatorStore;
  /** By registrar and scope. */
  readonly #lists = new Map<string, RevocationList>();
  /** The last look in the store for each of them, and its service time. */
  readonly #looks = new Map<string, { readonly at: number; readonly done: Promise<unknown> }>();

  constructor(store: CoordinatorStore) {
    this.#store = store;
  }

  /** @throws DecodeError, ServiceError ERR_SECAGG_CERTIFICATE. */
  async set(list: unknown, tasks: readonly Task[]): Promise<void> {
    const { authority, ...revocations } = readRevocationList(copyOf(checkBytes(list, 'list')));
    const task = tasks.find(({ definition }) => equalBytes(authorityDigest(definition.registrar), authority));
    if (task === undefined || !(await isRevocationListOf(task.definition.registrar.publicKey, revocations.bytes))) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'list: not signed by a registrar of these tasks');
    }
    const { number, bytes } = revocations;
    await this.#store.raiseRevocationList(hex(authority), number, bytes);
    const newest = await this.newest(task);
    if (newest !== null && newest.number > number) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', `list: number ${newest.number} is there, got ${number}`);
    }
  }

  /**
   * The newest list that any process was given, or was given a second ago: few of those who ask at a time look in the store.
   *
   * @param now service time, in milliseconds.
   * @param failed is told once if the store has no list that can be read. Then it is the newest that this process knows.
   */
  async recent(task: Task, now: number, failed: (error: unknown) => void): Promise<RevocationList | null> {
    const name = hex(authorityDigest(task.definition.registrar));
    let look = this.#looks.get(name);
    if (look === undefined || now - look.at >= LOOK_AGAIN) {
      look = { at: now, done: this.newest(task).catch(failed) };
      this.#looks.set(name, look);
    }
    await look.done;
    return this.#lists.get(name) ?? null;
  }

  /**
   * The newest list that any process was given.
   *
   * @throws ServiceError ERR_SECAGG_CERTIFICATE, DecodeError if somebody else has written into the store.
   */
  async newest({ definition: { registrar } }: Task): Promise<RevocationList | null> {
    const name = hex(authorityDigest(registrar));
    const bytes = await this.#store.revocationList(name, this.#lists.get(name)?.number ?? -1);
    const newer = bytes === null ? null : await listOf(registrar, bytes);
    const known = this.#lists.get(name); // maybe newer than before: other calls go on at the same time
    if (newer === null || (known !== undefined && known.number >= newer.number)) return known ?? null;
    this.#lists.set(name, newer);
    return newer;
  }

  /** Learns of the lists that other processes were given. @param failed is told for each registrar whose list cannot be read. */
  async refresh(tasks: readonly Task[], failed: (error: unknown) => void): Promise<void> {
    const registrars = new Map(tasks.map((task) => [hex(authorityDigest(task.definition.registrar)), task]));
    for (const task of registrars.values()) await this.newest(task).catch(failed);
  }
}

async function listOf(registrar: Authority, bytes: Uint8Array): Promise<RevocationList> {
  const { authority, ...list } = readRevocationList(bytes);
  const isSigned = await isRevocationListOf(registrar.publicKey, bytes);
  if (isSigned && equalBytes(authority, authorityDigest(registrar))) return list;
  throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'the store has a revocation list that the registrar has not signed');
}
