// The coded errors of differential privacy: targets that no noise meets, and what a ledger refuses. Arguments of a wrong kind are
// TypeErrors and RangeErrors, as everywhere.
import { SecAggError, type CodesOf } from '../leaves/errors.ts';

/** No noise gives the privacy that was asked for, or a ledger refuses what it was asked to enter. */
export class PrivacyError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'PrivacyError'>;

  constructor(code: CodesOf<'PrivacyError'>, message: string) {
    super(code, message);
  }
}
