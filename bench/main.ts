// All benches, one after the other: `npm run bench`, and `npm run bench -- --quick` for the smoke run.
await import('./session.ts');
await import('./masks.ts');
await import('./encoding.ts');
await import('./postgres.ts');
export {};
