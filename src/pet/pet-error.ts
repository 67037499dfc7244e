// The coded errors of the PET protocol. Arguments of a wrong kind are TypeErrors and RangeErrors, as everywhere.
import { SecAggError, type CodesOf } from '../leaves/errors.ts';

/** Something does not belong to the round of the PET protocol that it was given to. The object that refuses it is as it was. */
export class PetError extends SecAggError {
  /** The stable code; docs/errors.md explains it. */
  declare readonly code: CodesOf<'PetError'>;

  constructor(code: CodesOf<'PetError'>, message: string) {
    super(code, message);
  }
}
