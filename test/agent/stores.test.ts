// Where agents keep their state: every store replaces a state only by its next revision, whoever else tries.
import { expect } from 'chai';
import { mkdtemp, open, readdir, rm, utimes, writeFile, type FileHandle } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { FileAgentStore } from '../../src/agent/file-store.ts';
import { MemoryAgentStore, type AgentStore } from '../../src/agent/index.ts';

const state = (revision: number, ...bytes: number[]): { revision: number; sealed: Uint8Array } => ({
  revision,
  sealed: Uint8Array.from(bytes),
});

/** @param again another store with the same states, as another process has it. */
function describeAgentStore(fresh: () => Promise<{ readonly store: AgentStore; readonly again: AgentStore }>): void {
  it('is empty at first, and then has the newest state', async () => {
    const { store, again } = await fresh();
    expect(await store.load()).to.equal(null);
    expect(await store.replace(state(1, 7))).to.equal(true);
    expect(await store.replace(state(2, 8, 9))).to.equal(true);
    expect(await again.load()).to.deep.equal(state(2, 8, 9));
  });

  it('refuses every revision but the next', async () => {
    const { store } = await fresh();
    for (const revision of [0, 2, 3]) expect(await store.replace(state(revision))).to.equal(false);
    await store.replace(state(1));
    for (const revision of [0, 1, 3]) expect(await store.replace(state(revision))).to.equal(false);
    expect(await store.load()).to.deep.equal(state(1));
  });

  it('lets one of those succeed who replace the same state at once', async () => {
    const { store, again } = await fresh();
    for (let revision = 1; revision <= 20; revision++) {
      const tries = [store, again, store, again].map((each, i) => each.replace(state(revision, i)));
      const winners = (await Promise.all(tries)).flatMap((won, i) => (won ? [i] : []));
      expect(winners).to.have.lengthOf(1);
      expect(await again.load()).to.deep.equal(state(revision, winners[0]!));
    }
  });
}

async function winsOf(store: AgentStore, writer: number, revisions: number): Promise<number[]> {
  const won: number[] = [];
  for (;;) {
    const revision = ((await store.load())?.revision ?? 0) + 1;
    if (revision > revisions) return won;
    if (await store.replace(state(revision, writer))) won.push(revision);
  }
}

describe('an agent’s store in memory', () => {
  describeAgentStore(() => {
    const store = new MemoryAgentStore();
    return Promise.resolve({ store, again: store });
  });

  it('copies what it is given', async () => {
    const store = new MemoryAgentStore();
    const given = state(1, 5);
    await store.replace(given);
    given.sealed[0] = 6;
    expect(await store.load()).to.deep.equal(state(1, 5));
  });
});

describe('an agent’s store in files', () => {
  let folder = '';
  beforeEach(async () => (folder = join(await mkdtemp(join(tmpdir(), 'secagg-agent-')), 'made', 'by the store')));
  afterEach(() => rm(folder, { recursive: true, force: true }));

  describeAgentStore(() => Promise.resolve({ store: new FileAgentStore(folder), again: new FileAgentStore(folder) }));

  it('tells one writer of several, whatever their pace, that it has written a revision', async () => {
    const wins = await Promise.all([1, 2, 3].map((writer) => winsOf(new FileAgentStore(folder), writer, 60)));
    expect(wins.flat().sort((a, b) => a - b)).to.deep.equal(Array.from({ length: 60 }, (_, i) => i + 1));
  });

  it('keeps one file, and passes over what a crash or somebody else has left', async () => {
    const store = new FileAgentStore(folder);
    for (const revision of [1, 2, 3]) await store.replace(state(revision, revision));
    expect(await readdir(folder)).to.deep.equal(['agent-3']);
    await writeFile(join(folder, '.new-crashed'), 'half a sta');
    await writeFile(join(folder, 'agent-x'), '');
    expect(await store.load()).to.deep.equal(state(3, 3));
    await writeFile(join(folder, 'agent-2'), 'an older one that was not removed');
    expect(await store.load()).to.deep.equal(state(3, 3));
    expect(await store.replace(state(4, 4))).to.equal(true);
    expect((await readdir(folder)).filter((name) => /^agent-\d/.test(name))).to.deep.equal(['agent-4']);
  });

  it('removes what crashes have left, once nobody can be writing it any more', async () => {
    const store = new FileAgentStore(folder);
    await store.replace(state(1, 1));
    await writeFile(join(folder, '.new-being-written'), 'half a sta');
    await writeFile(join(folder, '.new-crashed'), 'half a sta');
    await writeFile(join(folder, 'mine'), 'of somebody else');
    const long = new Date(Date.now() - 2 * 3_600_000);
    for (const name of ['.new-crashed', 'mine']) await utimes(join(folder, name), long, long);
    expect(await store.replace(state(2, 2))).to.equal(true);
    expect((await readdir(folder)).sort()).to.deep.equal(['.new-being-written', 'agent-2', 'mine']);
  });

  it('leaves nothing of a write for which the disk had no room', async () => {
    const store = new FileAgentStore(folder);
    await store.replace(state(1, 1));
    const file = await open(join(folder, 'agent-1'));
    const handles = Object.getPrototypeOf(file) as Pick<FileHandle, 'sync'>;
    await file.close();
    const { sync } = handles;
    handles.sync = () => Promise.reject(Object.assign(new Error('no room'), { code: 'ENOSPC' }));
    try {
      const error: unknown = await store.replace(state(2, 2)).catch((reason: unknown) => reason);
      expect(error).to.have.property('code', 'ENOSPC');
    } finally {
      handles.sync = sync;
    }
    expect(await readdir(folder)).to.deep.equal(['agent-1']);
    expect(await store.replace(state(2, 2))).to.equal(true);
  });

  it('throws what the file system says if the folder is a file', async () => {
    await writeFile(`${folder.slice(0, folder.lastIndexOf('/made'))}/file`, '');
    const store = new FileAgentStore(`${folder.slice(0, folder.lastIndexOf('/made'))}/file`);
    expect(await store.load().catch((error: unknown) => (error as { code: string }).code)).to.equal('ENOTDIR');
  });
});
