// xaynet's paths over HTTP, for a coordinator and for participants of the PET protocol:
//
//   GET  /params               the parameters of the round
//   GET  /sums                 the sum participants, 204 before the update phase
//   GET  /seeds?pk=<base64>    the seeds for one sum participant, 204 before the sum2 phase
//   GET  /model                the last mean, 204 while there is none
//   POST /message              200, or 409 and the code if the message is refused
//
// What a deployment adds: TLS, a limit on connections, saved states, and a clock that closes the phases.
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { buffer } from 'node:stream/consumers';
import { SecAggError } from 'secagg';
import { encodeModel, PetError, type Model, type PetClient, type PetCoordinator } from 'secagg/pet';

/** What a server has: the coordinator, and the last mean. */
export interface PetService {
  readonly coordinator: PetCoordinator;
  model: Model | null;
}

/** A server with xaynet's paths, which is not listening yet. */
export function petServer(service: PetService): Server {
  return createServer((request, response) => {
    answer(service, request).then(
      ([status, body]) => response.writeHead(status).end(body),
      () => response.writeHead(500).end(),
    );
  });
}

type Answer = readonly [status: number, body?: Uint8Array | string];

async function answer({ coordinator, model }: PetService, request: IncomingMessage): Promise<Answer> {
  const { pathname, searchParams } = new URL(request.url ?? '', 'http://localhost');
  const shown = (view: Uint8Array | null): Answer => (view === null ? [204] : [200, view]);
  switch (`${request.method ?? ''} ${pathname}`) {
    case 'GET /params':
      return shown(coordinator.parameters());
    case 'GET /sums':
      return shown(coordinator.sums());
    case 'GET /seeds':
      return shown(coordinator.seeds(Uint8Array.from(Buffer.from(searchParams.get('pk') ?? '', 'base64'))));
    case 'GET /model':
      return shown(model === null ? null : encodeModel(model));
    case 'POST /message':
      return take(coordinator, await buffer(request));
    default:
      return [404];
  }
}

async function take(coordinator: PetCoordinator, message: Uint8Array): Promise<Answer> {
  try {
    return [200, await coordinator.receive(message)];
  } catch (error) {
    if (error instanceof SecAggError) return [409, error.code];
    throw error;
  }
}

/** Reaches a coordinator of this library or of xaynet. */
export function petClient(url: string): PetClient {
  const get = async (path: string): Promise<Uint8Array | null> => {
    const response = await fetch(`${url}/${path}`);
    if (!response.ok) throw new Error(`GET ${path}: ${response.status}`);
    return response.status === 204 ? null : new Uint8Array(await response.arrayBuffer());
  };
  return {
    parameters: () => get('params'),
    sums: () => get('sums'),
    seeds: (key) => get(`seeds?pk=${encodeURIComponent(Buffer.from(key).toString('base64'))}`),
    async send(message) {
      const response = await fetch(`${url}/message`, { method: 'POST', body: message as BufferSource });
      const text = await response.text();
      if (response.status === 409) throw new PetError(text as PetError['code'], 'the coordinator has refused the message');
      if (!response.ok) throw new Error(`POST message: ${response.status}`);
    },
  };
}
