// The coordinator's side for Fastify: `app.register(secaggPlugin(routes))`. In a plugin, other routes keep their parsers.
import type { FastifyPluginAsync } from 'fastify';
import { maxRequestBytes } from 'secagg/service';
import { statusOf, type Routes } from './routes.ts';

export function secaggPlugin(routes: Routes): FastifyPluginAsync {
  return async (app) => {
    app.removeAllContentTypeParsers();
    app.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: maxRequestBytes }, (_, body, done) => done(null, body));
    app.setErrorHandler((error: { statusCode?: number }, _, reply) => reply.code(error.statusCode ?? statusOf(error)).send());
    for (const [url, route] of Object.entries(routes)) {
      app.route<{ Body: Uint8Array | undefined }>({
        ...{ method: ['GET', 'POST'], url },
        handler: async ({ body }, reply) => reply.send(Buffer.from(await route(new Uint8Array(body ?? [])))),
      });
    }
    return Promise.resolve();
  };
}
