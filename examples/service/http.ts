// The service over HTTP: the coordinator's side for Node's `http`, and the participant's side for anything that has `fetch`.
import type { IncomingMessage, RequestListener } from 'node:http';
import type { DevelopmentService } from 'secagg/coordinator';
import { maxRequestBytes, type Exchange } from 'secagg/service';

/** Three addresses: requests of agents, and for development what a registrar and an application's website do in production. */
export function nodeHandler({ coordinator, registrar, introduction }: DevelopmentService): RequestListener {
  const routes: Readonly<Record<string, (body: Uint8Array) => Promise<Uint8Array>>> = {
    '/secagg': (body) => coordinator.answer(body),
    '/certificates': (body) => registrar.certify(body),
    '/development': () => Promise.resolve(new TextEncoder().encode(JSON.stringify(introduction))),
  };
  return (request, response) => {
    const route = routes[request.url ?? ''];
    if (route === undefined) return void response.writeHead(404).end();
    bodyOf(request)
      .then(route)
      .then((answer) => response.writeHead(200).end(answer))
      .catch(() => response.writeHead(400).end()); // not from a participant: no reason is given
  };
}

/** The body of a request. One that announces more bytes than a request may have is refused before it is read. */
async function bodyOf(request: IncomingMessage): Promise<Uint8Array> {
  if (Number(request.headers['content-length'] ?? 0) > maxRequestBytes) throw new Error('too long');
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    length += chunk.length;
    if (length > maxRequestBytes) throw new Error('too long');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks));
}

/** What an agent needs to reach its coordinator. */
export function exchangeWith(url: string): Exchange {
  return (request, { signal }) => post(url, request, signal);
}

export async function post(url: string, body: Uint8Array, signal?: AbortSignal): Promise<Uint8Array> {
  const response = await fetch(url, { method: 'POST', body: body.slice(), ...(signal && { signal }) });
  if (!response.ok) throw new Error(`status ${response.status}`);
  return new Uint8Array(await response.arrayBuffer());
}
