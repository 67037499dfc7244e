// A TCP proxy in front of a database: a network that falls silent, and a server that ends connections when they are ready.
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';

/** What the proxy swallows while it is silent: what processes send, what the database answers, or both. */
export type Silence = 'requests' | 'answers' | 'both';

/** ReadyForQuery, outside of a transaction. */
const READY = Buffer.from([0x5a, 0, 0, 0, 5, 0x49]);

/** ErrorResponse: FATAL 57P01, as of a server that shuts down. */
function fatal(): Buffer {
  const fields = Buffer.from('SFATAL\0VFATAL\0C57P01\0Mterminating connection\0\0', 'latin1');
  const head = Buffer.alloc(5, 'E');
  head.writeInt32BE(fields.length + 4, 1);
  return Buffer.concat([head, fields]);
}

export class DatabaseProxy {
  readonly #server: Server;
  readonly #database: URL;
  readonly #sockets = new Set<Socket>();
  #silence: Silence | null = null;
  /** Whether new connections are ended in the packet that says that they are ready. */
  endsNewConnections = false;
  /** Connections that were opened so far. */
  connections = 0;

  static async start(url: string): Promise<DatabaseProxy> {
    const proxy = new DatabaseProxy(new URL(url));
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  private constructor(database: URL) {
    this.#database = database;
    this.#server = createServer((client) => this.#forward(client));
  }

  get url(): string {
    const url = new URL(this.#database);
    url.hostname = '127.0.0.1';
    url.port = String((this.#server.address() as AddressInfo).port);
    return url.href;
  }

  /** Swallows bytes from now on. No socket is closed, and new connections are accepted, but not answered. */
  silence(silence: Silence): void {
    this.#silence = silence;
  }

  /** Forwards new connections again. Those that lost bytes are reset. */
  recover(): void {
    if (this.#silence === null) return;
    this.#silence = null;
    for (const socket of this.#sockets) socket.destroy();
  }

  async end(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #forward(client: Socket): void {
    this.connections++;
    const ends = this.endsNewConnections;
    const database = connect(Number(this.#database.port), this.#database.hostname);
    for (const socket of [client, database]) {
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
    }
    client.on('data', (bytes) => {
      if (this.#silence === null || this.#silence === 'answers') database.write(bytes);
    });
    database.on('data', (bytes) => {
      if (this.#silence === 'both' || this.#silence === 'answers') return;
      if (!ends || !bytes.subarray(-READY.length).equals(READY)) client.write(bytes);
      else client.end(Buffer.concat([bytes, fatal()]));
    });
    client.on('close', () => {
      // A silent network does not tell the other end either.
      if (this.#silence === null) database.destroy();
    });
    database.on('close', () => client.destroy());
  }
}
