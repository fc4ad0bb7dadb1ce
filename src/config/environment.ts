// The environment of the process: the only place of the product that touches it. Everything else gets it, or what was read from it, as an argument.

import { crashPoints } from '../contract/index.ts';
import type { CrashPoint } from '../contract/index.ts';
import { configError } from './config-problem.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** A copy of the process's variables. Called once, by the composition root. */
export function processEnvironment(): Environment {
  return { ...process.env };
}

/** What the environment says about the terminal; whether there is one is the command line's to find out. */
export interface TerminalFacts {
  /** NO_COLOR wins over FORCE_COLOR (no-color.org); `auto` leaves it to the terminal. */
  color: 'never' | 'always' | 'auto';
  /** COLUMNS, or null when it says nothing usable. */
  columns: number | null;
  /** TERM=dumb: no cursor movement. */
  isDumb: boolean;
  /** A build server: never ask, never repaint. */
  isCi: boolean;
}

const isSet = (value: string | undefined): boolean => value !== undefined && value !== '';
const isOn = (value: string | undefined): boolean =>
  isSet(value) && value !== '0' && value !== 'false';

export function terminalFacts(env: Environment): TerminalFacts {
  const columns = Number(env['COLUMNS']);
  const forced = isOn(env['FORCE_COLOR']) ? 'always' : 'auto';
  return {
    color: isSet(env['NO_COLOR']) ? 'never' : forced,
    columns: Number.isInteger(columns) && columns > 0 && columns <= 10_000 ? columns : null,
    isDumb: env['TERM'] === 'dumb',
    isCi: isOn(env['CI']),
  };
}

/** Where a test wants this process to die: FAULT_AT=C8:3 is the third pass of crash point C8. */
export interface FaultPlan {
  point: CrashPoint;
  pass: number;
}

/** The plan of FAULT_AT, or null. Throws CONFIG_INVALID: a plan that never fires would pass its test by doing nothing. */
export function faultPlan(env: Environment): FaultPlan | null {
  const text = env['FAULT_AT'];
  if (text === undefined || text === '') return null;
  const [name = '', pass = '1', ...rest] = text.split(':');
  const point = (Object.keys(crashPoints) as CrashPoint[]).find((each) => each === name);
  if (point !== undefined && rest.length === 0 && /^[1-9]\d{0,8}$/.test(pass)) {
    return { point, pass: Number(pass) };
  }
  throw configError([
    {
      what: `FAULT_AT is ${JSON.stringify(text.slice(0, 60))}`,
      why: `it must be a crash point and a pass, such as C8:3 (points: ${Object.keys(crashPoints).join(', ')})`,
      fix: 'correct it, or remove it: it exists for tests only',
    },
  ]);
}
