// The PET protocol over HTTP, at the paths of xaynet: a server around a service, and a client for participants.
//
// What a deployment adds: TLS, and a limit on connections.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { PetError, type PetClient, type PetService } from 'secagg/pet';

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

/** Reaches a coordinator of this library or of xaynet. */
export function petClient(url: string): PetClient {
  const get = async (path: string, options: { readonly signal?: AbortSignal }): Promise<Uint8Array | null> => {
    const response = await fetch(`${url}/${path}`, options);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.status === 204 ? null : new Uint8Array(await response.arrayBuffer());
  };
  return {
    parameters: (options) => get('params', options),
    sums: (options) => get('sums', options),
    seeds: (key, options) => get(`seeds?pk=${encodeURIComponent(Buffer.from(key).toString('base64'))}`, options),
    async send(message, options) {
      const response = await fetch(`${url}/message`, { ...options, method: 'POST', body: message as BufferSource });
      const text = await response.text();
      // 503 without a code means that the database has failed.
      const isRefused = response.status === 409 || (response.status === 503 && text !== '');
      if (isRefused) throw new PetError(text as PetError['code'], 'the coordinator has refused the message');
      if (!response.ok) throw new Error(`POST message: ${response.status}`);
      return text;
    },
  };
}
