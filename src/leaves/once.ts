// Values that are made when they are first needed, because importing a module must have no effect. Leaf: imports nothing.

/** Gives what `make` makes at the first call, at every call. */
export function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
