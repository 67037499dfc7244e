// The coded errors of a running service. Arguments of a wrong kind are TypeErrors and RangeErrors, as everywhere.
import { SecAggError, type CodesOf, type SecAggErrorOptions } from '../leaves/errors.ts';

/** A service refuses a party, or a party refuses what the service says. Nothing is lost: the party is as it was. */
export class ServiceError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'ServiceError'>;

  constructor(code: CodesOf<'ServiceError'>, message: string, options?: SecAggErrorOptions) {
    super(code, message, options);
  }
}
