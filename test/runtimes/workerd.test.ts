// Cloudflare's runtime, workerd, with nothing of Node: the session is bundled into a worker, which a request runs.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { bundled } from './bundle.ts';
import { expectAnswers } from './expected.ts';
import { fetched } from './npx.ts';
import { VERSIONS } from './versions.ts';

const CONFIG = `using Workerd = import "/workerd/workerd.capnp";
const config :Workerd.Config = (
  services = [(name = "main", worker = (
    modules = [(name = "worker", esModule = embed "worker.js")],
    compatibilityDate = "2026-01-01",
  ))],
  sockets = [(name = "http", address = "127.0.0.1:0", http = (), service = "main")],
);
`;

describe('workerd', function () {
  this.timeout(300_000);
  let folder: string;
  let server: ChildProcess | undefined;

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'secagg-workerd-'));
    writeFileSync(join(folder, 'config.capnp'), CONFIG);
    writeFileSync(join(folder, 'worker.js'), await bundled('worker.ts', { conditions: ['workerd', 'worker'] }));
  });

  after(() => {
    server?.kill('SIGKILL');
    rmSync(folder, { recursive: true, force: true });
  });

  it('runs whole sessions: one user drops out, states go through JSON, long vectors and floats', async function () {
    const program = fetched('workerd', VERSIONS.workerd) ?? this.skip();
    server = spawn(program, ['serve', 'config.capnp', '--control-fd=1'], {
      cwd: folder,
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const port = await portOf(server);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    expectAnswers(await response.text());
  });
});

/** The port on which workerd says that it listens. */
async function portOf({ stdout }: ChildProcess): Promise<number> {
  for await (const line of createInterface({ input: stdout! })) {
    const { event, port } = JSON.parse(line) as { readonly event: string; readonly port?: number };
    if (event === 'listen' && port !== undefined) return port;
  }
  throw new Error('workerd has ended');
}
