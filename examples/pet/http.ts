// The PET protocol over HTTP, at the paths of xaynet: a server around a service. Its client is in client.ts.
//
// What a deployment adds: TLS, and a limit on connections.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { PetService } from 'secagg/pet';

/** A server around a service, which is not listening yet. */
export function petServer(service: PetService): Server {
  return createServer((request, response) => {
    bodyOf(request, service.maxMessageBytes)
      .then((body) => {
        if (body === null) return { status: 413, body: null };
        return service.answer({ method: request.method ?? '', url: request.url ?? '', body });
      })
      .then(
        ({ status, body }) => response.writeHead(status).end(body ?? undefined),
        () => response.writeHead(500).end(),
      );
  });
}

/** The body; null if it is longer than any message. */
async function bodyOf(request: IncomingMessage, most: number): Promise<Uint8Array | null> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > most) return null;
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}
