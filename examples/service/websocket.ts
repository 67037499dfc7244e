// The coordinator's side of WebSocket, with the package `ws`: a request is a message, and so is its response.
import type { Coordinator } from 'secagg/coordinator';
import { maxRequestBytes } from 'secagg/service';
import { WebSocketServer, type ServerOptions } from 'ws';

/** It closes the connection of whoever sends something else, or too much. */
export function serveSockets(coordinator: Coordinator, options: ServerOptions): WebSocketServer {
  const server = new WebSocketServer({ ...options, maxPayload: maxRequestBytes, perMessageDeflate: false });
  return server.on('connection', (socket) => {
    socket.binaryType = 'nodebuffer';
    socket.on('error', () => socket.terminate()); // a message that is too long, for example
    socket.on('message', (request: Buffer) => {
      coordinator.answer(new Uint8Array(request)).then(
        (response) => socket.send(response),
        () => socket.close(1008),
      );
    });
  });
}
