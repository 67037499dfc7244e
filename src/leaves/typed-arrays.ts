// Typed arrays that may be of another realm: another window, a frame, a context of node:vm. They are no instances of the classes
// of this realm. All is read from the object itself and not from its properties, which a caller can replace. Leaf: imports nothing.

/** What all classes of typed arrays inherit from. */
const TYPED_ARRAY = Object.getPrototypeOf(Uint8Array.prototype) as object;

const read = (property: string | symbol, value: unknown): unknown => Reflect.get(TYPED_ARRAY, property, value);

/** Whether a value is a typed array of this name, such as `'Uint8Array'`. */
export function isTypedArray(value: unknown, name: string): value is ArrayBufferView {
  return read(Symbol.toStringTag, value) === name;
}

/** Whether a typed array has no memory: it was transferred away, or a resizable buffer has become too short for it. */
export function isWithoutMemory(array: ArrayBufferView): boolean {
  if (read('length', array) !== 0) return false;
  try {
    Uint8Array.prototype.keys.call(array);
    return false;
  } catch {
    return true;
  }
}

/** A class of typed arrays. */
interface TypedArrayClass<T> {
  readonly name: string;
  new (buffer: ArrayBufferLike, byteOffset: number, length: number): T;
}

/** The memory of a typed array as an array of a class of this realm; null if it is of a class of another name, or without memory. */
export function viewAs<T>(value: unknown, kind: TypedArrayClass<T>): T | null {
  if (!isTypedArray(value, kind.name) || isWithoutMemory(value)) return null;
  return new kind(read('buffer', value) as ArrayBufferLike, read('byteOffset', value) as number, read('length', value) as number);
}
