// Bundles the page and the worker of its users, and serves them: `npm run example:browser`, or with another port
// `npm run example:browser -- --port 8080`.
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';
import { build } from 'esbuild';

const fileOf = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

const { values } = parseArgs({ options: { port: { type: 'string', default: '8765' } } });
const { outputFiles } = await build({
  // The worker is an entry point of its own, beside the page's script.
  entryPoints: { page: fileOf('page.ts'), 'secagg-user-worker': 'secagg/user-worker' },
  bundle: true,
  format: 'esm',
  outdir: '/',
  write: false,
});
const files = new Map<string, readonly [type: string, body: Uint8Array]>([
  ['/', ['text/html', readFileSync(fileOf('index.html'))]],
  ['/style.css', ['text/css', readFileSync(fileOf('style.css'))]],
  ...outputFiles.map(({ path, contents }) => [path.replace(/^.*[\\/]/, '/'), ['text/javascript', contents]] as const),
]);

const server = createServer(({ url = '' }, response) => {
  const [type, body] = files.get(url) ?? [];
  response.setHeader('content-security-policy', "default-src 'self'; script-src 'self' 'wasm-unsafe-eval'; img-src data:");
  response.writeHead(body === undefined ? 404 : 200, { 'content-type': `${type ?? 'text/plain'}; charset=utf-8` });
  response.end(body);
});
server.listen(Number(values.port), '127.0.0.1');
await once(server, 'listening');
console.log(`Open http://127.0.0.1:${(server.address() as AddressInfo).port}/ in a browser. Ctrl+C ends the server.`);
