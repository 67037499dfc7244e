// The global scope of a worker, in this process. It is set up when this module is loaded, before the worker's own module.
interface Scope {
  postMessage: (message: unknown, transfer?: ArrayBuffer[]) => void;
  onmessage: ((event: { readonly data: unknown }) => void) | null;
}

export const scope = globalThis as unknown as Scope;
/** Who hears what the worker's module says. */
export const hearer: { current: (data: unknown) => void } = { current: () => undefined };

scope.postMessage = (message, transfer = []): void => {
  const data: unknown = structuredClone(message, { transfer });
  queueMicrotask(() => hearer.current(data));
};
