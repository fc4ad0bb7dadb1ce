/** The flags that every command takes, checked. */

export const progressKinds = ['auto', 'tree', 'plain', 'json', 'none'] as const;
export type ProgressKind = (typeof progressKinds)[number];

export interface Settings {
  json: boolean;
  /** One JSON document per line. */
  jsonl: boolean;
  quiet: boolean;
  idsOnly: boolean;
  verbose: boolean;
  debug: boolean;
  color: boolean | null;
  ascii: boolean;
  progress: ProgressKind;
  /** False: never ask. */
  input: boolean;
  timeoutMs: number | null;
  /** For the configuration: values by flag in camelCase. */
  flags: Readonly<Record<string, unknown>>;
}

/** What commander hands over for the root's options. */
export type RawOptions = Readonly<Record<string, unknown>>;

/** Options of ours; everything else that is given goes to the configuration, which knows its own names. */
const configFlags = ['data', 'port', 'url', 'distribution', 'concurrency', 'threads', 'logLevel'];

export function settingsFrom(options: RawOptions): Settings {
  const isSet = (name: string): boolean => options[name] === true;
  const { color, timeout, progress } = options;
  const flags = configFlags.filter((name) => options[name] !== undefined);
  return {
    json: isSet('json'),
    jsonl: isSet('jsonl'),
    quiet: isSet('quiet'),
    idsOnly: isSet('ids'),
    verbose: isSet('verbose'),
    debug: isSet('debug'),
    color: typeof color === 'boolean' ? color : null,
    ascii: isSet('ascii'),
    progress: progressKinds.find((each) => each === progress) ?? 'auto',
    input: options['input'] !== false,
    timeoutMs: typeof timeout === 'number' ? timeout : null,
    flags: {
      ...(isSet('verbose') ? { logLevel: 'DEBUG' } : {}),
      ...Object.fromEntries(flags.map((name) => [name, options[name]])),
    },
  };
}

const units: Readonly<Record<string, number>> = {
  ms: 1,
  s: 1_000,
  m: 60_000,
  h: 3_600_000,
  d: 86_400_000,
};

/** '90', '90s', '5m', '2h', '30d', '500ms' to milliseconds; undefined for anything else. Without a unit: seconds. */
export function parseDuration(text: string): number | undefined {
  const match = /^(\d{1,9}(?:\.\d{1,3})?)(ms|s|m|h|d)?$/.exec(text);
  if (match === null) return undefined;
  return Math.round(Number(match[1]) * (units[match[2] ?? 's'] ?? 1_000));
}
