// What Node shows of an object that must not show its fields. Leaf: imports nothing.

/** Sets what `util.inspect`, and so `console.log`, shows of the objects of a class. */
export function inspectAs<T extends object>(prototype: T, describe: (object: T) => string): void {
  Object.defineProperty(prototype, Symbol.for('nodejs.util.inspect.custom'), {
    value(this: T): string {
      return describe(this);
    },
  });
}
