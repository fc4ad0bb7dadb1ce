/** Waits for Ctrl+C or SIGTERM. */
import type { Session } from './session.ts';

export function untilStopped({ signal }: Session): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else {
      signal.addEventListener(
        'abort',
        () => {
          resolve();
        },
        { once: true },
      );
    }
  });
}
