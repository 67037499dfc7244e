// Typed arrays from anywhere: of another realm (an iframe, node:vm, Jest), whose classes are not those of this one, and over memory
// that may change while it is read. Leaf: imports nothing.

/** The kinds that callers give. */
interface Kinds {
  readonly Uint8Array: Uint8Array;
  readonly Int32Array: Int32Array;
  readonly BigInt64Array: BigInt64Array;
}

const CLASSES: { readonly [K in keyof Kinds]: new (values: Kinds[K]) => Kinds[K] } = { Uint8Array, Int32Array, BigInt64Array };

function getterOf(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  const { get } = Reflect.getOwnPropertyDescriptor(prototype, name) ?? {};
  return get ?? ((): undefined => undefined);
}

// These read what the engine itself notes of an object, so they work for objects of every realm, and no object can pretend.
const kindOfTypedArray = getterOf(Reflect.getPrototypeOf(Uint8Array.prototype) ?? {}, Symbol.toStringTag);
const lengthOfBuffer = getterOf(ArrayBuffer.prototype, 'byteLength');

/** `'Uint8Array'`, `'Float32Array'` and so on; undefined for what is no typed array. */
export function typedArrayKind(value: unknown): string | undefined {
  return kindOfTypedArray.call(value) as string | undefined;
}

/** Whether a value is an ArrayBuffer. A SharedArrayBuffer is none. */
export function isArrayBuffer(value: unknown): value is ArrayBuffer {
  try {
    lengthOfBuffer.call(value);
    return true;
  } catch {
    return false;
  }
}

/**
 * A typed array of a kind, of this realm, over memory that only the caller can change. It is the value itself if that is one, and
 * else a copy: of an array of another realm, and of memory that is shared with other threads or can be resized.
 *
 * @returns null if the value is no typed array of the kind.
 * @throws TypeError if the memory was transferred to somebody else: an empty array is all that is left.
 */
export function typedArrayOf<K extends keyof Kinds>(value: unknown, kind: K, name: string): Kinds[K] | null {
  if (typedArrayKind(value) !== kind) return null;
  const given = value as Kinds[K];
  const { buffer } = given;
  if (isDetached(buffer)) throw new TypeError(`${name}: expected a ${kind}, got one whose memory was transferred`);
  const fixed = isArrayBuffer(buffer) && (buffer as { readonly resizable?: boolean }).resizable !== true;
  const own = CLASSES[kind];
  return fixed && given instanceof own ? given : new own(given);
}

function isDetached(buffer: ArrayBufferLike): boolean {
  if (!isArrayBuffer(buffer) || buffer.byteLength > 0) return false;
  try {
    // The property `detached` says it too, in engines since 2024.
    return new Uint8Array(buffer).length > 0;
  } catch {
    return true;
  }
}
