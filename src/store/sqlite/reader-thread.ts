// Entry of the reader thread: a second WAL connection, read only, so that a long read blocks neither the event loop nor the writer.

import { parentPort, workerData } from 'node:worker_threads';
import { toHiveError } from '../../contract/plain.ts';
import { openConnection, sqliteError } from './connection.ts';

interface ReadRequest {
  id: number;
  sql: string;
  parameters: readonly (string | number | null | Uint8Array)[];
}

const port = parentPort;
if (port === null) throw toHiveError('reader-thread.ts is the entry of a worker thread');
const { file } = workerData as { file: string };
/** Prepared statements kept; queries are built from a fixed set of shapes. */
const MAX_PREPARED = 500;

try {
  const db = openConnection({ file, readOnly: true });
  const prepared = new Map<string, ReturnType<typeof db.prepare>>();
  port.postMessage({ ready: 0 });
  port.on('message', (message: ReadRequest | { close: true }) => {
    if ('close' in message) {
      db.close();
      port.postMessage({ closed: true });
      port.close();
      return;
    }
    try {
      let statement = prepared.get(message.sql);
      if (statement === undefined) {
        if (prepared.size >= MAX_PREPARED) prepared.clear();
        prepared.set(message.sql, (statement = db.prepare(message.sql)));
      }
      port.postMessage({ id: message.id, reply: statement.all(...message.parameters) });
    } catch (error) {
      port.postMessage({ id: message.id, error: sqliteError(error, file).toRecord() });
    }
  });
} catch (error) {
  port.postMessage({ failed: sqliteError(error, file).toRecord() });
  port.close();
}
