// The coordinator's side for what speaks Request and Response:
//
//   Deno.serve(fetchHandler(routes))                                          Deno
//   Bun.serve({ fetch: fetchHandler(routes) })                                Bun
//   app.all('*', (context) => handle(context.req.raw))                        Hono
//   export default { fetch: fetchHandler(routes) }                            Cloudflare Workers
import { maxRequestBytes } from 'secagg/service';
import { statusOf, type Routes } from './routes.ts';

export function fetchHandler(routes: Routes): (request: Request) => Promise<Response> {
  return async (request) => {
    try {
      const answer = await answerTo(request, routes);
      return typeof answer === 'number' ? new Response(null, { status: answer }) : new Response(answer);
    } catch (error) {
      return new Response(null, { status: statusOf(error) });
    }
  };
}

/** The response, or the status of a refusal. */
async function answerTo({ url, headers, body }: Request, routes: Routes): Promise<Uint8Array<ArrayBuffer> | number> {
  const route = routes[new URL(url).pathname];
  if (route === undefined) return 404;
  if (Number(headers.get('content-length')) > maxRequestBytes) return 413; // before it is read
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let length = 0;
  for await (const chunk of (body ?? []) as AsyncIterable<Uint8Array<ArrayBuffer>>) {
    length += chunk.length;
    if (length > maxRequestBytes) return 413;
    chunks.push(chunk);
  }
  return route(new Uint8Array(await new Blob(chunks).arrayBuffer()));
}
