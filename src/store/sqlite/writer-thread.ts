// Entry of the writer thread: owns the only writing connection, so that a sync never blocks the event loop (design 5.1).
// Speaks plain messages: {id, operations} in, {id, reply} out; {close: true} ends it after a checkpoint.

import { parentPort, workerData } from 'node:worker_threads';
import { crashPoint, installCrashPlan, toHiveError } from '../../contract/plain.ts';
import { parseCrashPlan } from '../../kernel/index.ts';
import { openConnection, sqliteError } from './connection.ts';
import { migrate } from './migrate.ts';
import type { WriterSettings } from './operations.ts';
import type { WireOperation } from './wire.ts';
import { Writer } from './writer.ts';

const port = parentPort;
if (port === null) throw toHiveError('writer-thread.ts is the entry of a worker thread');
const settings = workerData as WriterSettings;
if (settings.faultAt !== undefined) installCrashPlan(parseCrashPlan(settings.faultAt));

try {
  const db = openConnection({
    file: settings.file,
    readOnly: false,
    ...(settings.maxPages === undefined ? {} : { maxPages: settings.maxPages }),
  });
  const version = migrate(db, { nowMs: settings.nowMs });
  const writer = new Writer(db, settings.file);
  port.postMessage({ ready: version });
  port.on(
    'message',
    (message: { id: number; operations: readonly WireOperation[] } | { close: true }) => {
      if ('close' in message) {
        crashPoint('C20');
        db.close();
        port.postMessage({ closed: true });
        port.close();
        return;
      }
      port.postMessage({ id: message.id, reply: writer.flush(message.operations) });
    },
  );
} catch (error) {
  port.postMessage({ failed: sqliteError(error, settings.file).toRecord() });
  port.close();
}
