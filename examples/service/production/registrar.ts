// The registrar, where people sign in: certifies their keys, and gives out revocation lists.
//   node --import tsx registrar.ts <port>
import { createServer, type IncomingMessage } from 'node:http';
import { DecodeError } from 'secagg';
import { Registrar, ServiceError } from 'secagg/service';
import { keypairIn, replaceText, textIn } from './files.ts';

const [port] = process.argv.slice(2).map(Number);
const options = { keypair: keypairIn('registrar.key'), scope: 'example app' };
const state = textIn('registrar.json');
const registrar = state === null ? new Registrar(options) : Registrar.fromState(state, options);

/** Stands for your application's sign-in: the participant's id by the token of its session. */
const accounts = new Map([1, 2, 3].map((id) => [`Bearer of ${id}`, id]));

async function answerTo(request: IncomingMessage): Promise<Uint8Array | number> {
  let answer: Uint8Array;
  if (request.url === '/revocations') {
    answer = await registrar.revocationList();
  } else {
    const id = accounts.get(request.headers.authorization ?? '');
    if (request.url !== '/certificates' || id === undefined) return 403;
    let body = Buffer.alloc(0);
    for await (const chunk of request as AsyncIterable<Buffer>) {
      body = Buffer.concat([body, chunk]);
      if (body.length > 137) return 413; // the length of a request for a certificate
    }
    answer = await registrar.certify(new Uint8Array(body), { id });
  }
  replaceText('registrar.json', registrar.serializeState()); // before anything leaves: no serial or number is given twice
  return answer;
}

const server = createServer((request, response) => {
  answerTo(request).then(
    (answer) => (typeof answer === 'number' ? response.writeHead(answer).end() : response.end(answer)),
    (error: unknown) => response.writeHead(error instanceof DecodeError || error instanceof ServiceError ? 400 : 500).end(),
  );
});
server.listen(port, '127.0.0.1', () => {
  const { publicKey, scope } = registrar.authority;
  console.log(JSON.stringify({ publicKey: Buffer.from(publicKey).toString('hex'), scope })); // for publisher.ts
});
