// An object some of whose methods a test does itself.

/** The object with other methods. */
export function instead<T extends object>(target: T, methods: Partial<T>): T {
  return new Proxy(target, {
    get: (_, name) => {
      const member = (Reflect.get(methods, name) ?? Reflect.get(target, name)) as unknown;
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}
