/** Entry points and aliases from package.json, tsconfig.json and HTML; all of it as plain path text. */
import type { SourceFile } from '../analyser.ts';
import type { JsonRecord } from '../reading/loose-json.ts';
import {
  field,
  isRecord,
  listField,
  readJson,
  recordField,
  textField,
} from '../reading/loose-json.ts';
import { directoryOf } from '../reading/posix-path.ts';

export type PackageFacts = {
  readonly kind: 'package';
  readonly directory: string;
  readonly name: string;
  readonly private: boolean;
  readonly entries: readonly string[];
  readonly mentions: readonly string[];
};

export type AliasFacts = {
  readonly kind: 'alias';
  readonly directory: string;
  readonly baseUrl: string | undefined;
  /** [pattern, target], both with at most one `*`. */
  readonly paths: readonly (readonly [string, string])[];
  readonly mentions: readonly string[];
};

export type MentionFacts = {
  readonly kind: 'mention';
  readonly directory: string;
  readonly mentions: readonly string[];
};

const ENTRY_FIELDS = [
  'main',
  'module',
  'types',
  'typings',
  'browser',
  'unpkg',
  'jsdelivr',
  'source',
  'svelte',
  'react-native',
  'bin',
  'exports',
  'imports',
  'directories',
  'files',
  'publishConfig',
  'es2015',
  'esnext',
  'module-sync',
  'style',
];
const FILE_WORD = /[\w@./*-]{1,200}\.(?:[cm]?[jt]sx?|vue|svelte)/g;

export const packageFacts = ({ path, text }: SourceFile): PackageFacts | undefined => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok || !isRecord(reading.value)) return undefined;
  const manifest: JsonRecord = reading.value;
  const entries = ENTRY_FIELDS.flatMap((name) => stringsIn(field(manifest, name)));
  return {
    kind: 'package',
    directory: directoryOf(path),
    name: textField(manifest, 'name') ?? '',
    private: field(manifest, 'private') === true,
    entries: [...new Set(entries)],
    mentions: [...new Set(text.match(FILE_WORD) ?? [])],
  };
};

export const aliasFacts = ({ path, text }: SourceFile): AliasFacts | undefined => {
  const reading = readJson(text, { comments: true });
  if (!reading.ok || !isRecord(reading.value)) return undefined;
  const options = recordField(reading.value, 'compilerOptions');
  const aliases = recordField(options, 'paths');
  return {
    kind: 'alias',
    directory: directoryOf(path),
    baseUrl: textField(options, 'baseUrl'),
    paths: Object.keys(aliases).flatMap((pattern) =>
      listField(aliases, pattern)
        .filter((target) => typeof target === 'string')
        .map((target) => [pattern, target] as const),
    ),
    mentions: listField(reading.value, 'files').filter((each) => typeof each === 'string'),
  };
};

/** Scripts of HTML pages, of CI and of other text: any word that is a path to a script. */
export const mentionFacts = ({ path, text }: SourceFile): MentionFacts | undefined => {
  const mentions = [...new Set(text.match(FILE_WORD) ?? [])];
  return mentions.length === 0
    ? undefined
    : { kind: 'mention', directory: directoryOf(path), mentions };
};

const MAX_DEPTH = 12;
const stringsIn = (value: unknown, depth = 0): string[] => {
  if (typeof value === 'string') return [value];
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return [];
  return Object.values(value).flatMap((each) => stringsIn(each, depth + 1));
};
