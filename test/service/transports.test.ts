// The transports of examples/service: over each of them three participants give a sum, and what is too long or no request is refused.
import { once, setMaxListeners } from 'node:events';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect } from 'chai';
import fastify from 'fastify';
import { WebSocket as NodeWebSocket, WebSocketServer } from 'ws';
import { exchangeWith, socketExchange } from '../../examples/service/exchange.ts';
import { secaggPlugin } from '../../examples/service/fastify.ts';
import { fetchHandler } from '../../examples/service/fetch.ts';
import { nodeHandler } from '../../examples/service/http.ts';
import { routesOf } from '../../examples/service/routes.ts';
import { serveSockets } from '../../examples/service/websocket.ts';
import { developmentAgent } from '../../src/agent/index.ts';
import { developmentService, type Coordinator, type DevelopmentService } from '../../src/coordinator/index.ts';
import { maxRequestBytes, type Exchange } from '../../src/service/index.ts';

/** Of 64 bits: a masked input comes in two parts, and a request with the first one is longer than 1 MiB. */
const COMPONENTS = 140_000;

/** A coordinator that can be reached. */
interface Reachable {
  /** A participant's own way to it. */
  readonly exchange: () => Exchange;
  /** What becomes of a body: a status of HTTP, or of WebSocket. */
  readonly refusal: (body: Uint8Array<ArrayBuffer>, announced: boolean) => Promise<number>;
  readonly close: () => Promise<unknown>;
}

/** A body whose length is announced, or that comes in parts. */
const bodyOf = (body: Uint8Array<ArrayBuffer>, announced: boolean): RequestInit & { readonly duplex?: 'half' } =>
  announced ? { body } : { body: new Blob([body]).stream(), duplex: 'half' };

function overHttp(url: string, close: () => Promise<unknown>): Reachable {
  return {
    exchange: () => exchangeWith(`${url}/secagg`),
    async refusal(body, announced) {
      const response = await fetch(`${url}/secagg`, { method: 'POST', ...bodyOf(body, announced) });
      expect(await response.text(), 'the reason').to.equal('');
      return response.status;
    },
    close,
  };
}

async function listening(server: Server): Promise<string> {
  await once(server.listen(0, '127.0.0.1'), 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
}

function closed(server: Server): Promise<unknown> {
  server.closeAllConnections();
  return new Promise((resolve) => server.close(resolve));
}

const TRANSPORTS: Readonly<Record<string, (service: DevelopmentService) => Promise<Reachable>>> = {
  async 'Node’s http'(service) {
    const server = createServer(nodeHandler(routesOf(service)));
    return overHttp(`http://${await listening(server)}`, () => closed(server));
  },
  'Request and Response'(service) {
    const handle = fetchHandler(routesOf(service));
    const send = (init: RequestInit): Promise<Response> =>
      handle(new Request('https://example.org/secagg', { method: 'POST', ...init }));
    return Promise.resolve({
      exchange: () => async (request) => new Uint8Array(await (await send({ body: request.slice() })).arrayBuffer()),
      async refusal(body, announced) {
        const headers = announced ? { 'content-length': String(body.length) } : {};
        const response = await send({ ...bodyOf(body, announced), headers });
        expect(await response.text(), 'the reason').to.equal('');
        return response.status;
      },
      close: () => Promise.resolve(),
    });
  },
  async Fastify(service) {
    const app = fastify();
    await app.register(secaggPlugin(routesOf(service)));
    return overHttp(await app.listen({ host: '127.0.0.1', port: 0 }), () => app.close());
  },
  async WebSocket({ coordinator }) {
    const server = createServer();
    const sockets = serveSockets(coordinator, { server, path: '/secagg' });
    const url = `ws://${await listening(server)}/secagg`;
    const connect = (): WebSocket => new NodeWebSocket(url) as unknown as WebSocket;
    return {
      exchange: () => socketExchange(connect),
      async refusal(body, announced) {
        const socket = new NodeWebSocket(url);
        await once(socket, 'open');
        // Without its length at the start, a message comes in fragments.
        if (announced) socket.send(body);
        else
          for (let at = 0; at < 4; at++)
            socket.send(body.subarray((at * body.length) / 4, ((at + 1) * body.length) / 4), { fin: at === 3 });
        const [code] = (await once(socket, 'close')) as [number];
        return code;
      },
      async close() {
        for (const socket of sockets.clients) socket.terminate();
        await closed(server);
      },
    };
  },
};

describe('the transports of examples/service', () => {
  const { warn } = console;
  const ending = new AbortController();
  const services = new Map<string, { readonly reachable: Reachable; readonly result: Promise<unknown> }>();

  before(async () => {
    setMaxListeners(0, ending.signal); // all agents listen
    console.warn = (): void => undefined; // the development set-up says what it gives up
    for (const [name, reach] of Object.entries(TRANSPORTS)) {
      const aggregate = { kind: 'integers', vecLen: COMPONENTS, bits: 64 } as const;
      const service = developmentService({ aggregate, threshold: 3, maxUsers: 3 });
      const reachable = await reach(service);
      void service.coordinator.run({ signal: ending.signal });
      services.set(name, { reachable, result: sumOfThree(service, reachable) });
    }
  });

  after(async () => {
    ending.abort();
    console.warn = warn;
    for (const { reachable } of services.values()) await reachable.close();
  });

  async function sumOfThree(service: DevelopmentService, { exchange }: Reachable): Promise<unknown> {
    const { coordinator, certify, introduction } = service;
    const run = await service.openRun();
    for (const id of [0, 1, 2]) {
      const data = new BigInt64Array(COMPONENTS).fill(10n ** BigInt(id));
      const agent = await developmentAgent({
        ...{ id, introduction, certify, exchange: exchange() },
        inputs: { load: () => Promise.resolve({ id: 'today', data }) },
      });
      void agent.run({ signal: ending.signal });
    }
    const outcome = await coordinator.finished(run);
    if (outcome.kind === 'failed') throw new Error(outcome.code);
    return outcome.result;
  }

  for (const [name, [unknown, long]] of Object.entries({
    'Node’s http': [400, 413],
    'Request and Response': [400, 413],
    Fastify: [400, 413],
    WebSocket: [1008, 1009],
  })) {
    it(`${name}: three participants give a sum`, async () => {
      expect(await services.get(name)!.result).to.deep.equal(new BigInt64Array(COMPONENTS).fill(111n));
    }).timeout(60_000);

    it(`${name}: what is no request, or too long, is refused without a reason`, async () => {
      const { refusal } = services.get(name)!.reachable;
      expect(await refusal(Uint8Array.of(1, 2, 3), true)).to.equal(unknown);
      for (const announced of [true, false]) {
        expect(await refusal(new Uint8Array(maxRequestBytes), announced), 'as long as may be').to.equal(unknown);
        expect(await refusal(new Uint8Array(maxRequestBytes + 1), announced)).to.equal(long);
      }
    });
  }

  it('HTTP: a participant reads no more of a response than one can have', async () => {
    let sent = 0;
    const server = createServer((_, response) => {
      const more = (): void => {
        while (!response.destroyed && sent < 64 && response.write(new Uint8Array(2 ** 20))) sent++;
      };
      response.on('drain', more);
      more();
    });
    const exchange = exchangeWith(`http://${await listening(server)}`);
    const error: unknown = await exchange(Uint8Array.of(1), {}).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal('a response that is too long');
    expect(sent).to.be.lessThan(64);
    await closed(server);
  });

  it('HTTP: a participant does not wait for a response that never comes to its end', async () => {
    const server = createServer((_, response) => response.write('a'));
    const exchange = exchangeWith(`http://${await listening(server)}`, 100);
    const error: unknown = await exchange(Uint8Array.of(1), {}).catch((reason: unknown) => reason);
    expect(error).to.have.property('name', 'TimeoutError');
    await closed(server);
  });

  it('WebSocket: a participant does not wait for a response that never comes, and connects anew', async () => {
    const server = createServer();
    const silent = new WebSocketServer({ server });
    let connections = 0;
    silent.on('connection', (socket) => {
      if (++connections === 2) socket.on('message', (data: Buffer) => socket.send(data));
    });
    const url = `ws://${await listening(server)}`;
    const exchange = socketExchange(() => new NodeWebSocket(url) as unknown as WebSocket, 300);
    const error: unknown = await exchange(Uint8Array.of(1), {}).catch((reason: unknown) => reason);
    expect((error as Error).message).to.equal('the connection has ended');
    expect(await exchange(Uint8Array.of(2), {})).to.deep.equal(Uint8Array.of(2));
    for (const socket of silent.clients) socket.terminate();
    await closed(server);
  });

  it('WebSocket: a connection has one request at a time, so that nobody fills the memory with them', async () => {
    let asked = 0;
    const answer = (): Promise<Uint8Array> => (asked++, new Promise(() => undefined)); // its store is slow
    const server = createServer();
    serveSockets({ answer } as unknown as Coordinator, { server });
    const socket = new NodeWebSocket(`ws://${await listening(server)}`);
    await once(socket, 'open');
    for (let i = 0; i < 50; i++) socket.send(new Uint8Array(1000));
    await once(socket, 'close');
    expect(asked).to.equal(1);
    await closed(server);
  }).timeout(5000);

  it('WebSocket: an exchange that is called off leaves its response to nobody', async () => {
    const server = createServer();
    const echo = new WebSocketServer({ server });
    echo.on('connection', (socket) => socket.on('message', (data: Buffer) => setTimeout(() => socket.send(data), 50)));
    const url = `ws://${await listening(server)}`;
    const exchange = socketExchange(() => new NodeWebSocket(url) as unknown as WebSocket);
    expect(await exchange(Uint8Array.of(1), {})).to.deep.equal(Uint8Array.of(1));
    const calling = new AbortController();
    const calledOff = exchange(Uint8Array.of(2), calling);
    calling.abort();
    expect(await calledOff.catch((error: unknown) => (error as Error).message)).to.equal('the connection has ended');
    expect(await exchange(Uint8Array.of(3), {})).to.deep.equal(Uint8Array.of(3));
    for (const socket of echo.clients) socket.terminate();
    await closed(server);
  });
});
