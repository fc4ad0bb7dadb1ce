// One row of the table of settings: what it carries, and the two ways to write one.

import type { Kind } from './setting-kinds.ts';

export const settingGroups = [
  'hive',
  'tasks',
  'agents',
  'api',
  'store',
  'security',
  'logs',
] as const;
export type SettingGroup = (typeof settingGroups)[number];

/** What a default may depend on. */
export interface DefaultFacts {
  randomText(): string;
}

export interface Setting<T> {
  /** The environment variable. */
  name: string;
  /** The key in hive.config.yaml, nested at each dot. */
  key: string;
  /** The command-line flag without its dashes, or null when there is none. */
  flag: string | null;
  kind: Kind<T>;
  fallback: (facts: DefaultFacts) => T;
  /** The default in words. */
  fallbackText: string;
  /** '' where the value has none. */
  unit: string;
  help: string;
  isPath: boolean;
  isSecret: boolean;
  effective: boolean;
  group: SettingGroup;
}

interface Row<T> extends Pick<Setting<T>, 'name' | 'key' | 'help' | 'kind'> {
  flag?: string;
  unit?: string;
  /** A plain default; the functions below are for the others. */
  value?: NoInfer<T>;
  fallback?: (facts: DefaultFacts) => T;
  fallbackText?: string;
  isPath?: true;
  isSecret?: true;
  effective?: false;
}

const groupOf = (key: string): SettingGroup => {
  const group = settingGroups.find((each) => key.startsWith(`${each}.`));
  if (group === undefined) throw new RangeError(`setting ${key} has no group`);
  return group;
};

/** A row whose default is a value, or is computed once when the configuration is loaded. */
export function required<T>(
  row: Row<T> & ({ value: NoInfer<T> } | { fallback: (facts: DefaultFacts) => T }),
): Setting<T> {
  const fixed = row.value;
  return {
    name: row.name,
    key: row.key,
    flag: row.flag ?? null,
    kind: row.kind,
    fallback: row.fallback ?? (() => fixed as T),
    fallbackText: row.fallbackText ?? String(fixed),
    unit: row.unit ?? '',
    help: row.help,
    isPath: row.isPath ?? false,
    isSecret: row.isSecret ?? false,
    effective: row.effective ?? true,
    group: groupOf(row.key),
  };
}

/** A row that is null until somebody sets it. */
export function optional<T>(row: Row<T>): Setting<T | null> {
  return {
    ...required<T | null>({ ...row, value: null }),
    fallbackText: row.fallbackText ?? 'none',
  };
}
