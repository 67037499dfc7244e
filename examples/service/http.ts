// The coordinator's side for Node's `http`: `createServer(nodeHandler(routes))`.
import type { IncomingMessage, RequestListener } from 'node:http';
import { maxRequestBytes } from 'secagg/service';
import { statusOf, type Routes } from './routes.ts';

export function nodeHandler(routes: Routes): RequestListener {
  return (request, response) => {
    answerTo(request, routes).then(
      (answer) => (typeof answer === 'number' ? response.writeHead(answer, CLOSE).end() : response.end(answer)),
      (error: unknown) => response.writeHead(statusOf(error)).end(),
    );
  };
}

const CLOSE = { connection: 'close' }; // the rest of a long body is not read

/** The response, or the status of a refusal. */
async function answerTo(request: IncomingMessage, routes: Routes): Promise<Uint8Array | number> {
  const route = routes[request.url ?? ''];
  if (route === undefined) return 404;
  if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes) return 413; // before it is read
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxRequestBytes) return 413;
    chunks.push(chunk);
  }
  return route(new Uint8Array(Buffer.concat(chunks)));
}
