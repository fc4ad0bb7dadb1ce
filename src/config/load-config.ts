// The configuration of one start: flags > environment > hive.config.yaml > defaults, checked once.
// Owns: reading, checking and the origin of every value. Does not own: acting on them; app hands each room what it needs.
// I1: either every value is valid or CONFIG_INVALID names every problem at once; there is no half-checked configuration.
// I2: no secret's text stands in a problem, a notice or an origin. I3: what is set but has no effect is said in `notices`.
//
// Per setting: candidates are gathered from all sources, the strongest is parsed, the others are checked too, because a wrong
// value that waits behind a flag fails the day the flag is left out.

import path from 'node:path';
import { systemRandom } from '../kernel/index.ts';
import type { RandomFill } from '../kernel/index.ts';
import {
  CONFIG_FILE_NAME,
  diskFileSystem,
  findConfigFile,
  parseConfigFile,
} from './config-file.ts';
import type { ConfigFile, ConfigFileSystem } from './config-file.ts';
import { configError } from './config-problem.ts';
import type { ConfigProblem } from './config-problem.ts';
import { defaultDataDirectory } from './data-directory.ts';
import type { Environment } from './environment.ts';
import { nearestWord } from './nearest-word.ts';
import type { Origin, Source } from './origins.ts';
import type { Setting } from './setting.ts';
import { automaticThreads, settings } from './settings.ts';
import type { SettingProperty, SettingValues } from './settings.ts';

/** Values by flag in camelCase, as a command-line parser gives them; undefined = not given. */
export type ConfigFlags = Readonly<Record<string, unknown>>;

export interface LoadConfigOptions {
  flags: ConfigFlags;
  env: Environment;
  /** Relative paths of flags and environment mean this folder. */
  cwd: string;
  /** Where the search for hive.config.yaml starts, going upward; null: no file is read. By default `cwd`. */
  searchFrom?: string | null;
  /** A path whose content is only looked at: no configuration is read from it or from below it. */
  inspectedPath?: string | null;
  fileSystem?: ConfigFileSystem;
  random?: RandomFill;
}

export interface HiveConfig extends Omit<SettingValues, 'dataDirectory' | 'threads'> {
  /** Absolute. */
  readonly dataDirectory: string;
  readonly threads: number;
  /** The hive.config.yaml that was read, or null. */
  readonly configFile: string | null;
  readonly origins: Readonly<Record<SettingProperty, Origin>>;
  /** Sentences to print at start: what is set without effect, and names that look mistyped. */
  readonly notices: readonly string[];
}

interface Candidate {
  source: Source;
  where: string;
  raw: unknown;
  /** Folder against which a relative path is meant. */
  folder: string;
}

interface Loading {
  options: LoadConfigOptions;
  file: ConfigFile | null;
  folder: string;
  problems: ConfigProblem[];
  notices: string[];
}

const properties = Object.keys(settings) as SettingProperty[];
const settingOf = (property: SettingProperty): Setting<unknown> => settings[property];

/** Reads and checks everything. Throws CONFIG_INVALID with a line for each problem. */
export function loadConfig(options: LoadConfigOptions): HiveConfig {
  const loading: Loading = {
    options,
    file: null,
    folder: options.cwd,
    problems: [],
    notices: [],
  };
  loading.file = readFile(loading);
  checkFileKeys(loading);
  checkEnvironmentNames(loading);
  const values: Record<string, unknown> = {};
  const origins: Record<string, Origin> = {};
  for (const property of properties) {
    const { value, origin } = resolve(loading, settingOf(property));
    values[property] = value;
    origins[property] = origin;
  }
  if (loading.problems.length > 0) throw configError(loading.problems);
  const { env } = options;
  const configFile = loading.file?.file ?? null;
  // The loop above filled every property of the table with its own kind's value.
  const checked = values as unknown as SettingValues;
  return {
    ...checked,
    dataDirectory: checked.dataDirectory ?? defaultDataDirectory({ configFile, env }),
    threads: checked.threads ?? automaticThreads(),
    configFile,
    origins: origins as Record<SettingProperty, Origin>,
    notices: loading.notices,
  };
}

function readFile({ options, problems }: Loading): ConfigFile | null {
  const { searchFrom = options.cwd, inspectedPath = null, fileSystem = diskFileSystem } = options;
  if (searchFrom === null) return null;
  try {
    const found = findConfigFile({ fileSystem, from: searchFrom, inspectedPath });
    return found === null ? null : parseConfigFile(found.file, found.text);
  } catch (error) {
    problems.push({
      what: `${CONFIG_FILE_NAME} cannot be read`,
      why: error instanceof Error ? error.message : String(error),
      fix: 'give this user read permission, or move the file away',
    });
    return null;
  }
}

function checkFileKeys({ file, problems }: Loading): void {
  if (file === null) return;
  for (const { line, message } of file.problems) {
    problems.push({
      what: `${file.file}:${line}`,
      why: message,
      fix: 'correct that line; docs/configuration.md shows the shape',
    });
  }
  const known = properties.map((property) => settingOf(property).key);
  for (const [key, { line }] of file.values) {
    if (known.includes(key)) continue;
    const members = known.filter((each) => each.startsWith(`${key}.`));
    const nearest = nearestWord(key, known) ?? nearestWord(key.split('.').at(-1) ?? '', known);
    const better = members.length > 0 ? `write one of ${members.join(', ')} below it` : undefined;
    const meant =
      nearest === undefined ? undefined : `did you mean ${nearest}? Rename or remove it`;
    problems.push({
      what: `${file.file}:${line} has the key ${key}`,
      why: members.length > 0 ? 'it is a group, not a setting' : 'there is no such setting',
      fix: better ?? meant ?? 'remove it; docs/configuration.md lists all keys',
    });
  }
}

/** A mistyped name would be ignored in silence; only names close to one of ours are mentioned, for others set HIVE_ variables too. */
function checkEnvironmentNames({ options, notices }: Loading): void {
  const known = properties.map((property) => settingOf(property).name);
  for (const name of Object.keys(options.env)) {
    if (!name.startsWith('HIVE_') || known.includes(name)) continue;
    const nearest = nearestWord(name, known);
    if (nearest !== undefined && nearest.startsWith('HIVE_')) {
      notices.push(`${name} is not a setting; did you mean ${nearest}?`);
    }
  }
}

function resolve(loading: Loading, setting: Setting<unknown>): { value: unknown; origin: Origin } {
  const [winner, ...losers] = candidatesOf(loading, setting);
  const overridden = losers.map(({ where }) => where);
  for (const loser of losers) parse(loading, setting, loser);
  if (winner === undefined) {
    const value = setting.fallback({ randomText: () => randomText(loading.options.random) });
    return { value, origin: { source: 'default', where: 'default', overridden } };
  }
  if (!setting.effective) {
    loading.notices.push(`${winner.where} is set but has no effect in this version.`);
  }
  const value = parse(loading, setting, winner);
  return { value, origin: { source: winner.source, where: winner.where, overridden } };
}

function candidatesOf({ options, file, folder }: Loading, setting: Setting<unknown>): Candidate[] {
  const candidates: Candidate[] = [];
  const add = (candidate: Candidate): void => {
    // An empty variable is how compose files and shells say 'not set'.
    const { raw } = candidate;
    if (raw !== undefined && raw !== null && raw !== '') candidates.push(candidate);
  };
  const { flag, name, key } = setting;
  if (flag !== null) {
    const raw = options.flags[camelCase(flag)];
    add({ source: 'flag', where: `--${flag}`, raw, folder });
  }
  add({ source: 'environment', where: name, raw: options.env[name]?.trim(), folder });
  const fromFile = file?.values.get(key);
  if (file !== null && fromFile !== undefined) {
    const where = `${key} (${file.file}:${fromFile.line})`;
    add({ source: 'file', where, raw: fromFile.value, folder: path.dirname(file.file) });
  }
  return candidates;
}

function parse(loading: Loading, setting: Setting<unknown>, candidate: Candidate): unknown {
  const { where, raw, folder } = candidate;
  const parsed = setting.kind.schema.safeParse(raw);
  if (parsed.success) {
    return setting.isPath ? path.resolve(folder, String(parsed.data)) : parsed.data;
  }
  const shown = setting.isSecret ? 'has a value that does not fit' : `is ${show(raw)}`;
  const fallback = setting.isSecret
    ? ''
    : `, or remove it for the default (${setting.fallbackText})`;
  loading.problems.push({
    what: `${where} ${shown}`,
    why: `it must be ${setting.kind.accepts}${setting.unit === '' ? '' : ` (${setting.unit})`}`,
    fix: `set ${setting.name}${setting.flag === null ? '' : ` or --${setting.flag}`} to such a value${fallback}`,
  });
  return undefined;
}

const SHOWN_CHARACTERS = 60; // enough to recognise the value in its line

function show(raw: unknown): string {
  const text = JSON.stringify(raw) ?? String(raw);
  return text.length > SHOWN_CHARACTERS ? `${text.slice(0, SHOWN_CHARACTERS)}…` : text;
}

function camelCase(flag: string): string {
  return flag.replaceAll(/-([a-z])/g, (_, letter: string) => letter.toUpperCase());
}

function randomText(random: RandomFill = systemRandom): string {
  const bytes = new Uint8Array(32);
  random(bytes);
  return Buffer.from(bytes).toString('base64url');
}
