// The versions of the runtimes that the long run fetches. docs/runtimes.md names them.

export const VERSIONS = {
  node: ['20', '22', '24', '26'],
  bun: '1.4.5',
  deno: '2.9.6',
  workerd: '1.20260426.1',
  jest: '30.5.2',
} as const;
