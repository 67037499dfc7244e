// Bytes that an application sends, as they come: no copy and no cast for fetch, WebSocket and Blob.
import { ServerWrapper, UserWrapper } from 'secagg';
import { developmentAgent, type AgentOptions } from 'secagg/agent';
import { developmentService, type Coordinator } from 'secagg/coordinator';
import { PetService, type PetClient, type PetRounds } from 'secagg/pet';
import { certificateRequest, type Exchange, type Publisher, type Registrar, type RunToAnnounce } from 'secagg/service';
import type { UserWorker } from 'secagg/worker';

declare const url: string;
declare const socket: WebSocket;

const post = async (body: BodyInit): Promise<Uint8Array> =>
  new Uint8Array(await (await fetch(url, { method: 'POST', body })).arrayBuffer());

export const exchange: Exchange = async (body, { signal }) => {
  const response = await fetch(url, { method: 'POST', body, ...(signal && { signal }) });
  return new Uint8Array(await response.arrayBuffer());
};

export const petClient: Pick<PetClient, 'send'> = { send: (message) => post(message) };

export async function rounds(user: UserWrapper, worker: UserWorker, server: ServerWrapper): Promise<Blob> {
  socket.send(await user.round(new Uint8Array()));
  socket.send(await worker.round(new Uint8Array()));
  const output = await server.round();
  return new Blob(output.kind === 'messages' ? [...output.getMessages().values()] : []);
}

export async function parties(registrar: Registrar, publisher: Publisher, coordinator: Coordinator): Promise<Response[]> {
  const keypair = [new Uint8Array(32), new Uint8Array(64)] as const;
  const request = await certificateRequest(registrar.authority, 7, keypair);
  socket.send(request);
  return [
    new Response(await registrar.certify(request, { id: 7 })),
    new Response(await registrar.revocationList()),
    new Response(await registrar.seed(0)),
    new Response(await publisher.announce({} as RunToAnnounce)),
    new Response(await coordinator.answer(request)),
  ];
}

export async function petAnswer(coordinator: PetRounds): Promise<Response> {
  const { status, body } = await new PetService({ coordinator }).answer({
    method: 'GET',
    url: '/params',
    body: new Uint8Array(),
  });
  return new Response(body, { status });
}

export async function agent(inputs: AgentOptions['inputs']): Promise<void> {
  const { introduction, certify } = developmentService({} as never);
  await developmentAgent({ id: 1, introduction, certify: (request) => post(request), exchange, inputs });
  socket.send(await certify(new Uint8Array()));
}
