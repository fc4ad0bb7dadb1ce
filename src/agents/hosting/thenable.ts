/** Whether a value must be awaited. Asked on the hot path, where a microtask for each value that is there already would be felt. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' &&
    value !== null &&
    'then' in value &&
    typeof value.then === 'function'
  );
}
