// What an error of node:crypto says: OpenSSL refuses some bytes, or cannot compute something at all. Leaf of the engine for Node.
import { UsageError } from '../leaves/errors.ts';

/**
 * Whether OpenSSL refuses something. Errors of calls on another thread have no code before Node 26, only OpenSSL's text. A raw key that
 * OpenSSL refuses is an invalid value for Node. Too little memory is no refusal, nor is an argument of the wrong type.
 */
function isRefusal(error: unknown): boolean {
  const { code = '', message = '' } = error as { readonly code?: unknown; readonly message?: unknown };
  const text = `${String(code)} ${String(message)}`;
  return /^ERR_(OSSL|CRYPTO)_|^ERR_INVALID_ARG_VALUE Invalid key data|^ error:[0-9A-F]+:/.test(text) && !/malloc/i.test(text);
}

/**
 * Runs a call on bytes that OpenSSL has no reason to refuse.
 *
 * @throws UsageError ERR_SECAGG_ENGINE if it does so: this says nothing about the bytes, nor about who sent them.
 */
export function using<T>(algorithm: string, call: () => T): T {
  try {
    return call();
  } catch (cause) {
    throw isRefusal(cause) ? lacking(algorithm, cause) : cause;
  }
}

/** The error for an OpenSSL without an algorithm. */
export function lacking(algorithm: string, cause?: unknown): UsageError {
  const message = `the OpenSSL of this Node cannot compute ${algorithm}; perhaps its configuration forbids it, as FIPS mode may`;
  return new UsageError('ERR_SECAGG_ENGINE', message, { cause });
}

/** @throws the error, unless OpenSSL refuses the bytes. */
export function requireRefusal(error: unknown): void {
  if (!isRefusal(error)) throw error;
}
