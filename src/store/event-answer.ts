// What an event becomes when a wait takes it: the JSON text of a WaitResult. Shared by both drivers, so that a journal reads the same everywhere.

import { hiveError } from '../contract/plain.ts';

/** The result of an event wait. `data` is JSON text and goes in as it is. */
export function eventAnswer(name: string, data: string): string {
  return `{"status":"ok","value":{"event":${JSON.stringify(name)},"data":${data}}}`;
}

/** The subject of the waits for this event. */
export function eventSubject(run: string, name: string): string {
  return `${run}/${name}`;
}

/** Run id and name of an event wait's subject. Throws INPUT_INVALID when it is none. */
export function splitSubject(subject: string): { run: string; name: string } {
  const at = subject.indexOf('/');
  if (at < 0)
    throw hiveError('INPUT_INVALID', {
      message: `the subject of an event wait is "<run id>/<name>", not "${subject.slice(0, 60)}"`,
    });
  return { run: subject.slice(0, at), name: subject.slice(at + 1) };
}
