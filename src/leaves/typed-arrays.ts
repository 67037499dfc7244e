// Typed arrays from anywhere: of another realm (an iframe, node:vm, Jest), whose classes are not those of this one, and over memory
// that may change while it is read. Leaf: imports nothing.

/** The kinds that callers give. */
interface Kinds {
  readonly Uint8Array: Uint8Array;
  readonly Float32Array: Float32Array;
  readonly Float64Array: Float64Array;
  readonly Int32Array: Int32Array;
  readonly BigInt64Array: BigInt64Array;
}

/** A class of typed arrays, which makes one over memory, or copies one. */
interface TypedArrayClass<T> {
  new (values: T): T;
  new (memory: ArrayBufferLike, byteOffset: number, length: number): T;
}

const CLASSES: { readonly [K in keyof Kinds]: TypedArrayClass<Kinds[K]> } = {
  Uint8Array,
  Float32Array,
  Float64Array,
  Int32Array,
  BigInt64Array,
};

function getterOf(prototype: object, name: PropertyKey): (this: unknown) => unknown {
  const { get } = Reflect.getOwnPropertyDescriptor(prototype, name) ?? {};
  return get ?? ((): undefined => undefined);
}

// These read what the engine itself notes of an object, so they work for objects of every realm, and no object can pretend.
const TYPED_ARRAY = Reflect.getPrototypeOf(Uint8Array.prototype) ?? {};
const kindOfTypedArray = getterOf(TYPED_ARRAY, Symbol.toStringTag);
const memoryOf = getterOf(TYPED_ARRAY, 'buffer') as (this: unknown) => ArrayBufferLike;
const offsetOf = getterOf(TYPED_ARRAY, 'byteOffset') as (this: unknown) => number;
const lengthOf = getterOf(TYPED_ARRAY, 'length') as (this: unknown) => number;
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
 * A typed array of a kind, of this realm, over memory that only the caller can change. It shares the memory of the value, and is a
 * copy if the value is of another realm, or if its memory is shared with other threads or can be resized.
 *
 * @returns null if the value is no typed array of the kind.
 * @throws TypeError if there is no memory: it was transferred to somebody else, or a resize has left it too short.
 */
export function typedArrayOf<K extends keyof Kinds>(value: unknown, kind: K, name: string): Kinds[K] | null {
  if (typedArrayKind(value) !== kind) return null;
  checkMemory(value, name);
  const length = lengthOf.call(value);
  const memory = memoryOf.call(value);
  const own = CLASSES[kind];
  const array = new own(memory, offsetOf.call(value), length);
  const fixed = isArrayBuffer(memory) && (memory as { readonly resizable?: boolean }).resizable !== true;
  return fixed && value instanceof own ? array : new own(array);
}

/** What engines have since 2022. */
interface Cloning {
  readonly structuredClone?: (memory: ArrayBufferLike, options: { readonly transfer: readonly ArrayBufferLike[] }) => ArrayBuffer;
}

/**
 * The bytes of an array that `typedArrayOf` gave, in the same memory, which no longer belongs to the array.
 *
 * @returns null if the engine is old or keeps this memory, as that of WebAssembly. Node 20 gives a copy then.
 */
export function moved({ buffer, byteOffset, byteLength }: Int32Array | BigInt64Array): Uint8Array | null {
  try {
    const memory = (globalThis as unknown as Cloning).structuredClone?.(buffer, { transfer: [buffer] });
    return memory === undefined ? null : new Uint8Array(memory, byteOffset, byteLength);
  } catch {
    return null;
  }
}

/** @throws TypeError for a typed array, of any kind, without memory: it was transferred to somebody else, or a resize has left it too short. */
export function checkMemory(value: unknown, name: string): void {
  const kind = typedArrayKind(value);
  if (kind === undefined || lengthOf.call(value) !== 0 || !isWithoutMemory(value)) return;
  throw new TypeError(`${name}: expected a typed array, got ${kind} without memory, which was transferred or resized`);
}

function isWithoutMemory(array: unknown): boolean {
  try {
    Uint8Array.prototype.keys.call(array as Uint8Array);
    return false;
  } catch {
    return true;
  }
}
