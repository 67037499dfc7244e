// Which mutants the compiler refuses: they never run, so that no test need find them.
import { resolve } from 'node:path';
import ts from 'typescript';
import type { Mutant } from './instrument.ts';

/** The sources as the compiler sees them, one of which may have a mutant in it. */
export class Compiler {
  readonly #service: ts.LanguageService;
  #mutant: Mutant | null = null;
  #version = 0;

  /** @param root folder of the package. */
  constructor(root: string) {
    const { config } = ts.readConfigFile(resolve(root, 'tsconfig.json'), (path) => ts.sys.readFile(path)) as { config: object };
    const parsed = ts.parseJsonConfigFileContent({ ...config, include: ['src'] }, ts.sys, root);
    // What a removed statement has used may be left unused.
    const options = { ...parsed.options, noUnusedLocals: false, noUnusedParameters: false };
    this.#service = ts.createLanguageService({
      getCompilationSettings: () => options,
      getScriptFileNames: () => parsed.fileNames,
      getScriptVersion: (path) => (this.#isMutated(root, path) ? String(this.#version) : '0'),
      getScriptSnapshot: (path) => {
        const text = ts.sys.readFile(path);
        return text === undefined ? undefined : ts.ScriptSnapshot.fromString(this.#textOf(root, path, text));
      },
      getCurrentDirectory: () => root,
      getDefaultLibFileName: ts.getDefaultLibFilePath,
      fileExists: (path) => ts.sys.fileExists(path),
      readFile: (path) => ts.sys.readFile(path),
      directoryExists: (path) => ts.sys.directoryExists(path),
    });
  }

  get program(): ts.Program {
    const program = this.#service.getProgram();
    if (program === undefined) throw new Error('the compiler gives no program');
    return program;
  }

  refuses(mutant: Mutant, root: string): boolean {
    this.#mutant = mutant;
    this.#version += 1;
    const path = resolve(root, mutant.file);
    const errors = [...this.#service.getSyntacticDiagnostics(path), ...this.#service.getSemanticDiagnostics(path)];
    return errors.length > 0;
  }

  #isMutated(root: string, path: string): boolean {
    return this.#mutant !== null && resolve(root, this.#mutant.file) === path;
  }

  #textOf(root: string, path: string, text: string): string {
    if (this.#mutant === null || !this.#isMutated(root, path)) return text;
    return text.slice(0, this.#mutant.start) + this.#mutant.after + text.slice(this.#mutant.end);
  }
}
