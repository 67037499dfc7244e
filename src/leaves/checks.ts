// Checks of what programmers give: TypeError and RangeError that name the argument, say what was expected and what came.
// Leaf: imports nothing.

/** How a value of the wrong kind is called in an error. */
export function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Promise) return 'a Promise, which must be awaited';
  if (value instanceof ArrayBuffer) return 'an ArrayBuffer, of which new Uint8Array(…) makes one';
  return typeof value;
}

export function checkInteger(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!Number.isSafeInteger(value) || value < least || value > most) {
    throw new RangeError(`${name}: expected an integer in [${least}, ${most}], got ${value}`);
  }
  return value;
}

export function checkBytes(value: unknown, name: string): asserts value is Uint8Array {
  if (!(value instanceof Uint8Array)) throw new TypeError(`${name}: expected a Uint8Array, got ${kindOf(value)}`);
}

/** A plain object with names. An instance of a class has none of its own, and would silently stand for an empty one. */
export function checkObject(value: unknown, name: string): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new TypeError(`${name}: expected an object, got ${kindOf(value)}`);
  }
  const prototype = Object.getPrototypeOf(value) as object | null;
  // By its name, because objects of other realms are plain too.
  if (prototype !== null && prototype.constructor.name !== 'Object') {
    throw new TypeError(`${name}: expected a plain object, got a ${prototype.constructor.name}`);
  }
  return value as Readonly<Record<string, unknown>>;
}

/** Refuses misspelt names, with which a default would silently take the place of what the caller meant. */
export function checkNames(value: unknown, name: string, known: readonly string[]): void {
  for (const each of Object.keys(checkObject(value, name))) {
    if (!known.includes(each)) throw new TypeError(`${name}: unknown option '${each}'`);
  }
}

/** A number in [least, most], which need not be an integer. */
export function checkNumber(value: unknown, name: string, least: number, most: number): number {
  if (typeof value !== 'number') throw new TypeError(`${name}: expected a number, got ${kindOf(value)}`);
  if (!(value >= least && value <= most)) {
    throw new RangeError(`${name}: expected a number in [${least}, ${most}], got ${value}`);
  }
  return value;
}

export function checkString(value: unknown, name: string): string {
  if (typeof value !== 'string') throw new TypeError(`${name}: expected a string, got ${kindOf(value)}`);
  return value;
}

/** One of some strings. A value of any other type is refused with a RangeError too, as the list says what is expected. */
export function checkOneOf<T extends string>(value: unknown, name: string, known: readonly T[]): T {
  const found = known.find((each) => each === value);
  if (found !== undefined) return found;
  const came = typeof value === 'string' ? `'${value}'` : kindOf(value);
  throw new RangeError(`${name}: expected ${known.map((each) => `'${each}'`).join(', ')}, got ${came}`);
}
