// The coordinator's side of WebSocket, with the package `ws`: a request is a message, and so is its response.
import type { Coordinator } from 'secagg/coordinator';
import { maxRequestBytes } from 'secagg/service';
import { WebSocketServer, type ServerOptions } from 'ws';

/** It closes the connection of whoever sends something else, too much, or a request before it has the response to the last one. */
export function serveSockets(coordinator: Coordinator, options: ServerOptions): WebSocketServer {
  const server = new WebSocketServer({ ...options, maxPayload: maxRequestBytes, perMessageDeflate: false });
  return server.on('connection', (socket) => {
    socket.binaryType = 'nodebuffer';
    socket.on('error', () => socket.terminate()); // a message that is too long, for example
    let isBusy = false;
    socket.on('message', (request: Buffer) => {
      if (isBusy) {
        socket.terminate(); // whoever does not wait could fill the memory with requests
        return;
      }
      isBusy = true;
      coordinator.answer(new Uint8Array(request)).then(
        (response) => {
          isBusy = false;
          socket.send(response);
        },
        () => socket.close(1008),
      );
    });
  });
}
