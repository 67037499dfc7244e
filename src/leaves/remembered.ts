// What is costly to make and the same for everybody, kept for a while. Leaf: imports nothing.

/** Gives what `make` makes of a key, and keeps the last `most` of them. What is made must hold nothing of who asked for it. */
export function remembered<T>(most: number, make: (key: number) => T): (key: number) => T {
  const kept = new Map<number, T>();
  return (key) => {
    const value = kept.has(key) ? (kept.get(key) as T) : make(key);
    kept.delete(key);
    kept.set(key, value);
    const [oldest = key] = kept.keys();
    if (kept.size > most) kept.delete(oldest);
    return value;
  };
}
