// The newest revocation list of each registrar.
import { copyOf, equalBytes, hex } from '../leaves/bytes.ts';
import { checkBytes } from '../leaves/checks.ts';
import { authorityDigest } from '../service/certificate.ts';
import { isRevocationListOf, readRevocationList, type RevocationList } from '../service/revocation-list.ts';
import { ServiceError } from '../service/service-error.ts';
import type { Task } from '../service/task.ts';

export class RevocationLists {
  /** By registrar and scope. */
  readonly #lists = new Map<string, RevocationList>();

  /** @throws DecodeError, ServiceError ERR_SECAGG_CERTIFICATE. */
  async set(list: unknown, tasks: readonly Task[]): Promise<void> {
    const { authority, ...revocations } = readRevocationList(copyOf(checkBytes(list, 'list')));
    const task = tasks.find(({ definition }) => equalBytes(authorityDigest(definition.registrar), authority));
    if (task === undefined || !(await isRevocationListOf(task.definition.registrar.publicKey, revocations.bytes))) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', 'list: not signed by a registrar of these tasks');
    }
    const known = this.#lists.get(hex(authority));
    if (known !== undefined && known.number > revocations.number) {
      throw new ServiceError('ERR_SECAGG_CERTIFICATE', `list: number ${known.number} is there, got ${revocations.number}`);
    }
    this.#lists.set(hex(authority), revocations);
  }

  of({ definition }: Task): RevocationList | null {
    return this.#lists.get(hex(authorityDigest(definition.registrar))) ?? null;
  }
}
