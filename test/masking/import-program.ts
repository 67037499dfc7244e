// Run as a program: prints how many message channels are opened when the library is imported, and how many when masks are applied
// for the second and third time.
let opened = 0;
const { MessageChannel } = globalThis;
globalThis.MessageChannel = class extends MessageChannel {
  constructor() {
    super();
    opened++;
  }
};

await import('../../src/index.ts');
const [{ applyMasks }, { Pace }, { ringOf }] = await Promise.all([
  import('../../src/masking/mask-expansion.ts'),
  import('../../src/masking/pace.ts'),
  import('../../src/masking/ring.ts'),
]);
console.log(opened);
const apply = (): Promise<void> =>
  applyMasks(ringOf(32), new Uint8Array(64), [{ seed: new Uint8Array(32), sign: 1 }], new Pace());
await apply();
opened = 0;
await Promise.all([apply(), apply()]);
console.log(opened);
