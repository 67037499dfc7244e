// Compiles lanes.ts to WebAssembly and writes it as a module of TypeScript, so that bundlers and browsers need no extra
// file. Run by `npm run wasm` after each change of lanes.ts. The same source and compiler give the same bytes: a test compares them.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

const OUT = new URL('../src/masking/lanes-wasm.ts', import.meta.url);
const FLAGS = '-O3 --noAssert --runtime stub --enable simd --importMemory --noExportMemory';

/** The text of src/masking/lanes-wasm.ts. */
export async function compile() {
  let binary;
  const baseDir = fileURLToPath(new URL('.', import.meta.url));
  const { error, stderr } = await asc.main(['lanes.ts', '--baseDir', baseDir, '--outFile', 'lanes.wasm', ...FLAGS.split(' ')], {
    writeFile: (name, contents) => void (binary = contents),
  });
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const base64 = Buffer.from(binary).toString('base64');
  const lines = base64.match(/.{1,112}/g).map((line) => `  '${line}'`);
  return `// Generated from wasm/lanes.ts by wasm/build.js; ${binary.length} bytes.\nexport const LANES_WASM: string =\n${lines.join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) writeFileSync(OUT, await compile());
