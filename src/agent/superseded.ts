// What an agent throws once another state of its participant has gone on.
import { UsageError } from '../leaves/errors.ts';

export class Superseded extends UsageError {
  constructor() {
    super('ERR_SECAGG_USAGE', 'a newer state of this participant exists; it needs a new certificate');
  }
}
