// JSON values whose objects have their fields in another order.

/** A value with the fields of all its objects in reverse order. */
export function reversed(value: unknown): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (Array.isArray(value)) return value.map(reversed);
  const fields = Object.entries(value).reverse();
  return Object.fromEntries(fields.map(([name, field]) => [name, reversed(field)]));
}
