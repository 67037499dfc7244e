// An application that is made to be bundled: it holds the server of one session behind HTTP, on a port that it prints. It notes
// each of its starts in a file, because in a wrong bundle its worker threads start it again.
import { appendFileSync, readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { PublicKeysWrapper, ServerWrapper } from 'secagg';

// From the environment, which worker threads have too.
appendFileSync(process.env.APPLICATION_STARTS, 'started\n');
const { threshold, vecLen, adversary, publicKeys, worker } = JSON.parse(readFileSync(process.env.APPLICATION_SESSION, 'utf8'));

let threads = null;
const server = new ServerWrapper(threshold, vecLen, {
  publicKeys: PublicKeysWrapper.fromJSON(publicKeys),
  adversary,
  threads: 2,
  listener: (event) => {
    if (event.type === 'unmasking') threads = event.threads;
  },
  ...(worker !== null && { worker: new URL(worker) }),
});

async function answer(path, body) {
  if (path !== '/round') return server.recv(Number(path.slice(1)), body);
  const output = await server.round();
  if (output.isMessages()) return 'next';
  const vector = output.getVector();
  return new Uint8Array(vector.buffer, vector.byteOffset, vector.byteLength);
}

const http = createServer(async (request, response) => {
  try {
    const chunks = [];
    for await (const chunk of request) chunks.push(chunk);
    const body = await answer(request.url, new Uint8Array(Buffer.concat(chunks)));
    response.setHeader('unmasking-threads', String(threads)).end(body);
  } catch (error) {
    response.writeHead(500).end(String(error));
  }
});
http.listen(0, '127.0.0.1', () => console.log(http.address().port));
