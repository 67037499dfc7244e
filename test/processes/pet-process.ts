// One process that hears messages of PET, with the rounds in PostgreSQL, behind HTTP. The test that started it kills it, and ends the phases.
import pg from 'pg';
import { petServer } from '../../examples/pet/http.ts';
import { PetService } from '../../src/pet/index.ts';
import { PostgresPetCoordinator, type PostgresPetOptions } from '../../src/postgres/index.ts';

const pool = new pg.Pool({ connectionString: process.env.POSTGRES_URL, max: 8 });
pool.on('error', () => undefined);
const options = JSON.parse(process.env.PET_OPTIONS ?? '') as PostgresPetOptions;
const service = new PetService({ coordinator: new PostgresPetCoordinator(pool, options) });
const server = petServer(service).listen(Number(process.env.PORT), '127.0.0.1', () => process.send?.('listening'));
process.on('disconnect', () => {
  server.close();
  process.exit();
});
