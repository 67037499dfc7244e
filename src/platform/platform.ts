// What the library needs of the machine it runs on. Two engines give the same bytes: node.ts and web.ts. Leaf.

/** A result that one engine has at once and another one only later. */
export type Awaitable<T> = T | Promise<T>;

/** The key stream of one seed, taken in order. */
export interface Keystream {
  /** The next `length` bytes, at most `keystreamBlock`, in fresh memory with nothing else in it. */
  next(length: number): Awaitable<Uint8Array>;
}

/** X25519 public key, imported once for agreements with many secret keys. */
export interface PeerKey {
  readonly engine: unknown;
}

/** X25519 secret key, ready for many agreements. */
export interface AgreementKey {
  readonly publicKey: Awaitable<Uint8Array>;
  /** RFC 7748 X25519. For a point of small order the result is all zero, unless the engine refuses the point at once. */
  agree(peer: PeerKey): Awaitable<Uint8Array>;
}

/** What tells a worker of this package from any other file. */
export interface WorkerSigns {
  /** Stands in the worker's file, and is the first thing that the worker says. */
  readonly greeting: string;
  /** Stands in each file that may start workers. A file that holds both is an application with all its parts. */
  readonly starter: string;
}

/** Threads that run the worker of this package beside the caller's. */
export interface Threads {
  /** That run at once on this machine. */
  readonly available: number;
  /**
   * Finds the worker: the file at this address, or the package's own if it is null. Nothing is started.
   *
   * @returns null if there is no file of a worker.
   */
  find(address: string | null, signs: WorkerSigns): Promise<RunInThread | null>;
}

/**
 * Runs the worker in a thread of its own until it ends. The worker is sent a copy of `data` once it has greeted.
 *
 * @throws what the worker threw, or an error if it did not greet in time or did not end by itself.
 */
export type RunInThread = (data: unknown, stop: AbortSignal, onMessage: (message: unknown) => void) => Promise<void>;

export interface Platform {
  randomBytes(length: number): Uint8Array;
  sha256(parts: readonly Uint8Array[]): Uint8Array;
  /** The same for long parts that are no secrets. An engine that can hash beside the caller's thread does it there. */
  sha256Beside(parts: readonly Uint8Array[]): Awaitable<Uint8Array>;
  /** RFC 5869 with SHA-256, 32 bytes; the salt has up to 64. */
  hkdfSha256(secret: Uint8Array, salt: Uint8Array, info: Uint8Array): Uint8Array;
  /** The caller leaves `secretKey` as it is until the agreements are made: an engine may read it again instead of a copy. */
  x25519(secretKey: Uint8Array): AgreementKey;
  x25519Peer(publicKey: Uint8Array): PeerKey;
  ed25519PublicKey(secretKey: Uint8Array): Uint8Array;
  ed25519Sign(secretKey: Uint8Array, message: Uint8Array): Awaitable<Uint8Array>;
  /** Signs many messages with one key, which an engine may import once and keep. The caller leaves `secretKey` as it is. */
  ed25519Signer(secretKey: Uint8Array): (message: Uint8Array) => Awaitable<Uint8Array>;
  /** Cofactorless RFC 8032 verification; the caller has refused non-canonical and small-order points. */
  ed25519Verify(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): Awaitable<boolean>;
  /** The same for callers that cannot wait; may be slower. */
  ed25519VerifySync(publicKey: Uint8Array, message: Uint8Array, signature: Uint8Array): boolean;
  /** AES-256 in counter mode (SP 800-38A), the 16-byte counter counted up big-endian from `counter`; both are copied. */
  aes256Ctr(key: Uint8Array, counter: Uint8Array): Keystream;
  /**
   * ChaCha20 (RFC 8439) from a counter and a nonce of zero, at most `keystreamBlock` bytes at a time; the key is copied. Null if the engine has
   * none that is faster than JavaScript's.
   */
  readonly chacha20: ((key: Uint8Array) => { next(length: number): Uint8Array }) | null;
  /** Bytes that are best taken from a key stream at a time. */
  readonly keystreamBlock: number;
  /** Whether `Keystream.next` never gives a promise. */
  keystreamAtOnce(): boolean;
  /**
   * What gives the memory of a block of key stream back at once, if the engine can. Blocks that are left to the garbage collector
   * pile up to tens of megabytes. The memory of every new block is then out of the cache, or fresh from the system, which costs
   * more than filling it.
   */
  releaser(): Promise<(block: Uint8Array) => void>;
  /** Fulfilled once timers and messages that are due have had their turn. */
  pause(): Promise<void>;
  readonly threads: Threads | null;
  /** The bytes that hexadecimal digits spell, whatever else there is in the text. */
  fromHex(digits: string): Uint8Array;
  toBase64(bytes: Uint8Array): string;
  /** The bytes of canonical base64 with padding; null if the text is anything else. */
  fromBase64(text: string): Uint8Array | null;
}
