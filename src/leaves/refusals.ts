// Tells bytes that noble refuses from work that it could not do. Leaf: imports nothing.

/**
 * noble refuses bytes with errors of the class Error itself, if their lengths are right. Other errors, as RangeError or the InternalError
 * of Firefox, say that the stack or the memory is full, which is nobody's fault.
 *
 * @throws the error, if it refuses no bytes.
 */
export function requireRefusal(error: unknown): void {
  if (!(error instanceof Error) || error.constructor !== Error) throw error;
}
