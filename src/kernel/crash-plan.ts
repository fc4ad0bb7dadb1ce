// Turns "C2:3" into a plan that kills this process with SIGKILL at the third pass of crash point C2. For tests only.

import { crashPoints, hiveError } from '../contract/plain.ts';
import type { CrashPoint } from '../contract/index.ts';

export function parseCrashPlan(text: string): (point: CrashPoint) => void {
  const [name = '', count = '1'] = text.split(':');
  if (!Object.hasOwn(crashPoints, name))
    throw hiveError('CONFIG_INVALID', { message: `FAULT_AT names no crash point: ${name}` });
  let left = Number(count);
  return (point) => {
    if (point === name && --left === 0) process.kill(process.pid, 'SIGKILL');
  };
}
