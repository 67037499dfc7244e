// A user's single number, for the plans that take one.
import { EncodingError } from '../encoding/encoding-error.ts';
import { nameOf } from '../encoding/statistic.ts';
import { kindOf } from '../leaves/checks.ts';

/** @throws TypeError; EncodingError `ERR_SECAGG_VALUE` for a number that is NaN or infinite. */
export function checkedScalar(data: unknown, path: readonly string[]): number {
  const element = nameOf('data', path);
  if (typeof data !== 'number') throw new TypeError(`${element}: expected a number, got ${kindOf(data)}`);
  if (Number.isFinite(data)) return data;
  throw new EncodingError('ERR_SECAGG_VALUE', `expected a finite number, got ${data}`, { element, value: data });
}
