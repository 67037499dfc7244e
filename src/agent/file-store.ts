// The state of an agent in files, for participants on servers, desktops and the command line.
import { link, mkdir, open, readdir, readFile, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { concat, hex } from '../leaves/bytes.ts';
import { checkString } from '../leaves/checks.ts';
import type { AgentStore, StoredAgent } from '../participation/state-store.ts';

const NAME = /^agent-(\d{1,16})$/;
/** Of a write that has not ended. */
const BEGUN = '.new-';
/** Milliseconds after which a write that has not ended never will: its process has crashed. */
const CRASHED = 3_600_000;

// A file begins with the random id of the write that made it and with those of the writes before, newest first: whoever has been overtaken
// sees whether its own was among them.
const ID_BYTES = 16;
const IDS = 64;
const HEADER_BYTES = ID_BYTES * IDS;

/**
 * Keeps the state of one agent in a folder of its own, which several processes may share. A state that was confirmed survives a crash of
 * the process and, as far as the file system keeps its promises, of the machine.
 *
 * The folder must be on a file system with hard links: almost all have them, FAT does not.
 *
 * @example
 * ```js
 * import { FileAgentStore } from 'secagg/agent/file';
 *
 * const store = new FileAgentStore('out/agent-example');
 * const before = await store.load();
 * const revision = (before?.revision ?? 0) + 1;
 * console.log(await store.replace({ revision, sealed: Uint8Array.of(1) })); // prints: true
 * console.log(await store.replace({ revision, sealed: Uint8Array.of(2) })); // prints: false
 * ```
 */
export class FileAgentStore implements AgentStore {
  readonly #folder: string;

  /** @param folder path of a folder for this agent alone; it is made if it is missing. */
  constructor(folder: string) {
    this.#folder = checkString(folder, 'folder', { least: 1 });
  }

  /** The newest state; null if there is none yet. */
  async load(): Promise<StoredAgent | null> {
    const newest = await this.#newest();
    return newest && { revision: newest.revision, sealed: newest.content.subarray(HEADER_BYTES) };
  }

  /**
   * Puts a state in the place of the one before.
   *
   * @returns false if another one is there already.
   */
  async replace({ revision, sealed }: StoredAgent): Promise<boolean> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const before = await this.#newest();
    if ((before?.revision ?? 0) !== revision - 1) return false;
    const id = crypto.getRandomValues(new Uint8Array(ID_BYTES));
    const earlier = before?.content.subarray(0, HEADER_BYTES - ID_BYTES) ?? new Uint8Array(HEADER_BYTES - ID_BYTES);
    const temporary = join(this.#folder, `${BEGUN}${crypto.randomUUID()}`);
    try {
      await writeWhole(temporary, concat([id, earlier, sealed]));
      // Fails if another process has taken this revision: of two, one is told so.
      await link(temporary, this.#path(revision));
    } catch (error) {
      if ((error as { readonly code?: unknown }).code === 'EEXIST') return false;
      throw error;
    } finally {
      await ifThere(() => unlink(temporary));
    }
    await this.#syncFolder();
    const newest = await this.#newest();
    // Others have written newer ones: after this one, or after another one of this revision, which they have removed meanwhile.
    if (newest !== null && newest.revision > revision && !isAmong(id, newest.content)) {
      await this.#remove(revision);
      return false;
    }
    for (const old of await this.#revisions()) if (old < revision) await this.#remove(old);
    await this.#removeCrashed();
    return true;
  }

  async #newest(): Promise<{ readonly revision: number; readonly content: Uint8Array } | null> {
    for (;;) {
      const revision = Math.max(0, ...(await this.#revisions()));
      if (revision === 0) return null;
      try {
        return { revision, content: new Uint8Array(await readFile(this.#path(revision))) };
      } catch (error) {
        if (!isMissing(error)) throw error; // somebody has written a newer one, and removed this
      }
    }
  }

  async #revisions(): Promise<number[]> {
    try {
      return (await readdir(this.#folder)).flatMap((name) => Number(NAME.exec(name)?.[1] ?? []));
    } catch (error) {
      if (isMissing(error)) return [];
      throw error;
    }
  }

  #path(revision: number): string {
    return join(this.#folder, `agent-${revision}`);
  }

  /** Whatever crashes have left would fill the disk, and keep the inputs of its states. */
  async #removeCrashed(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      if (!name.startsWith(BEGUN)) continue;
      const path = join(this.#folder, name);
      await ifThere(async () => {
        if ((await stat(path)).mtimeMs < Date.now() - CRASHED) await unlink(path);
      });
    }
  }

  async #remove(revision: number): Promise<void> {
    await ifThere(() => unlink(this.#path(revision)));
  }

  /** Makes the name of a file last, which is an entry of its folder. */
  async #syncFolder(): Promise<void> {
    if (process.platform === 'win32') return; // folders cannot be opened there, and need not be
    const folder = await open(this.#folder, 'r');
    try {
      await folder.sync();
    } finally {
      await folder.close();
    }
  }
}

async function writeWhole(path: string, content: Uint8Array): Promise<void> {
  const file = await open(path, 'wx', 0o600);
  try {
    await file.writeFile(content);
    await file.sync();
  } finally {
    await file.close();
  }
}

function isAmong(id: Uint8Array, content: Uint8Array): boolean {
  return Array.from({ length: IDS }, (_, i) => hex(content.subarray(i * ID_BYTES, (i + 1) * ID_BYTES))).includes(hex(id));
}

/** Does what needs a file, if it is still there. */
async function ifThere(work: () => Promise<void>): Promise<void> {
  try {
    await work();
  } catch (error) {
    if (!isMissing(error)) throw error; // another process was faster
  }
}

function isMissing(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === 'ENOENT';
}
