// The web server: the pages, what participants ask, and what goes on, as a stream of events.
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import { secaggPlugin } from '../service/fastify.ts';
import { routesOf } from '../service/routes.ts';
import { addressesOf } from './addresses.ts';
import { bytesOfImages } from './digits.ts';
import type { DigitService } from './service.ts';
import type { ServiceView } from './watching.ts';

/** A page loads nothing from elsewhere, and runs no script but its own; WebAssembly is compiled from bytes that are part of it. */
const HEADERS = {
  'content-security-policy': [
    "default-src 'none'",
    "script-src 'self' 'wasm-unsafe-eval'",
    "style-src 'self'",
    "img-src 'self'",
    "connect-src 'self'",
    "worker-src 'self'",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join('; '),
  'permissions-policy': 'camera=(), geolocation=(), microphone=()',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
  'cache-control': 'no-store',
};

/** Milliseconds between two looks at whether those that watch must be told something. */
const TELL = 250;

const fileOf = (name: string): string => fileURLToPath(new URL(`page/${name}`, import.meta.url));

/** The scripts of the pages, bundled with the library as this process has it: from the sources, or built. */
async function scripts(): Promise<ReadonlyMap<string, Uint8Array>> {
  const { outputFiles } = await build({
    entryPoints: {
      'take-part': fileOf('take-part.ts'),
      watch: fileOf('watch.ts'),
      'agent-worker': fileURLToPath(new URL('../service/agent-worker.ts', import.meta.url)),
    },
    ...{ bundle: true, minify: true, format: 'esm', outdir: '/', write: false, logLevel: 'error' },
    conditions: process.execArgv.includes('secagg-source') ? ['secagg-source'] : [],
  });
  return new Map(outputFiles.map(({ path, contents }) => [path.replace(/^.*[\\/]/, '/'), contents] as const));
}

/** @returns the server, which does not listen yet. */
export async function serverOf(service: DigitService): Promise<FastifyInstance> {
  const app = fastify({ forceCloseConnections: true });
  app.addHook('onRequest', (_, reply, done) => {
    reply.headers(HEADERS);
    done();
  });
  const answer = (url: string, type: string, body: () => Uint8Array | string): void => {
    app.get(url, (_, reply) => reply.type(type).send(body()));
  };
  const file = (url: string, type: string, name: string): void => {
    const content = readFileSync(fileOf(name));
    answer(url, type, () => content);
  };
  file('/', 'text/html; charset=utf-8', 'take-part.html');
  file('/watch', 'text/html; charset=utf-8', 'watch.html');
  file('/style.css', 'text/css; charset=utf-8', 'style.css');
  file('/icon.svg', 'image/svg+xml', 'icon.svg');
  for (const [path, script] of await scripts()) answer(path, 'text/javascript; charset=utf-8', () => Buffer.from(script));

  // What agents ask, and what a registrar and an application's sign-in do in production.
  await app.register(secaggPlugin(routesOf(service.development)));
  app.get<{ Params: { run: string } }>('/models/:run', ({ params: { run } }, reply) =>
    reply.type('application/octet-stream').send(bytesOf(service.modelOf(Number(run)))),
  );
  app.get<{ Params: { id: string } }>('/samples/:id', ({ params: { id } }, reply) =>
    reply.type('application/octet-stream').send(Buffer.from(bytesOfImages(service.samplesFor(Number(id))))),
  );
  serveView(app, service);
  return app;
}

function bytesOf(model: Float32Array): Buffer {
  return Buffer.from(model.slice().buffer);
}

/** `/view` is what the pages show; it is sent again whenever something has changed. A visitor that would take part in a run says its id. */
function serveView(app: FastifyInstance, service: DigitService): void {
  const watchers = new Set<FastifyReply>();
  let told = '';
  const tell = (reply: FastifyReply): boolean => reply.raw.write(`data: ${told}\n\n`);
  const look = (): void => {
    const { elsewhere: addresses } = addressesOf(app.server.address() as AddressInfo, networkInterfaces());
    const view = JSON.stringify({ ...service.view, addresses } satisfies ServiceView);
    if (view === told) return;
    told = view;
    for (const reply of watchers) tell(reply);
  };
  const ticker = setInterval(() => watchers.size > 0 && look(), TELL);
  app.addHook('onClose', (_, done) => {
    clearInterval(ticker);
    done();
  });
  app.get<{ Querystring: { visitor?: string } }>('/view', (request, reply) => {
    reply.type('text/event-stream').hijack();
    reply.raw.writeHead(200, reply.getHeaders() as Record<string, string>);
    const { visitor } = request.query;
    const leave = visitor === undefined ? null : service.enter(visitor);
    look();
    tell(reply);
    watchers.add(reply);
    request.raw.once('close', () => {
      watchers.delete(reply);
      leave?.();
    });
  });
}
