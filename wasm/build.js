// Compiles the sources beside it to WebAssembly and writes each as a module of TypeScript, so that bundlers and browsers need no extra
// file. Run by `npm run wasm` after each change of them. The same source and compiler give the same bytes: a test compares them.
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import asc from 'assemblyscript/asc';

/** The modules, by the names of their sources: where they are written, and what they export. */
export const MODULES = {
  lanes: { out: 'src/masking/lanes-wasm.ts', constant: 'LANES_WASM' },
  draws: { out: 'src/pet/masking/draws-wasm.ts', constant: 'DRAWS_WASM' },
};
const FLAGS = '-O3 --noAssert --runtime stub --enable simd --importMemory --noExportMemory';

/** The text of a module. */
export async function compile(name) {
  let binary;
  const baseDir = fileURLToPath(new URL('.', import.meta.url));
  const { error, stderr } = await asc.main(
    [`${name}.ts`, '--baseDir', baseDir, '--outFile', `${name}.wasm`, ...FLAGS.split(' ')],
    {
      writeFile: (file, contents) => void (binary = contents),
    },
  );
  if (error) throw new Error(`${error.message}\n${stderr.toString()}`);
  const base64 = Buffer.from(binary).toString('base64');
  const lines = base64.match(/.{1,112}/g).map((line) => `  '${line}'`);
  const head = `// Generated from wasm/${name}.ts by wasm/build.js; ${binary.length} bytes.`;
  return `${head}\nexport const ${MODULES[name].constant}: string =\n${lines.join(' +\n')};\n`;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const [name, { out }] of Object.entries(MODULES))
    writeFileSync(new URL(`../${out}`, import.meta.url), await compile(name));
}
