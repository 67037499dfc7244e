// One page with the scripts of the tests, and a server for it.
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { bundled } from '../runtimes/bundle.ts';

/** A server on this machine. */
export interface PageServer {
  readonly url: string;
  close(): void;
}

/** @param policy what the page's Content Security Policy allows beside its own files. */
export async function servePage(policy = ''): Promise<PageServer> {
  const scripts: Readonly<Record<string, string>> = {
    '/page.js': await bundled('../browser/page.ts'),
    '/engine-page.js': await bundled('../browser/engine-page.ts', { conditions: ['secagg-source'] }),
    '/user-worker-page.js': await bundled('../browser/user-worker-page.ts'),
    '/secagg-user-worker.js': await bundled('../../dist/worker/secagg-user-worker.js'),
    // Workers that are none of this package, and one that ends before it has greeted.
    '/stranger.js': "postMessage('hello')",
    '/ends.js': "throw new Error('out of memory')",
    '/pauses-page.js': await bundled('../browser/pauses-page.ts'),
    '/worker.js': await bundled('../browser/worker.ts'),
    '/encoding-worker.js': await bundled('../browser/encoding-worker.ts'),
  };
  const tags = ['/page.js', '/engine-page.js', '/pauses-page.js', '/user-worker-page.js'].map(
    (path) => `<script type="module" src="${path}"></script>`,
  );
  const server = createServer((request, response) => {
    const script = scripts[request.url ?? ''];
    if (script === undefined && request.url?.endsWith('.js') === true) response.statusCode = 404;
    response.setHeader('content-type', script === undefined ? 'text/html' : 'text/javascript');
    // No script but our own, and none made from strings: what a careful application allows.
    response.setHeader('content-security-policy', `default-src 'self'; ${policy}`);
    response.end(script ?? `<!doctype html>${tags.join('')}`);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/`, close: () => void server.close() };
}
