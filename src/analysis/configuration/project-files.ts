/** tsconfig, .env, npm scripts, .gitignore, .npmrc: settings that decide what slips through. */
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import {
  field,
  lineOfKey,
  listField,
  readJson,
  recordField,
  textField,
} from '../reading/loose-json.ts';
import { baseNameOf, directoryOf } from '../reading/posix-path.ts';
import { linesOf } from '../reading/text-lines.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import { isPipedShell } from './dockerfile.ts';
import * as rules from './rules.ts';

/** A tsconfig that extends another or only refers to others decides nothing itself. */
export const inspectTsconfig = ({ path, text }: SourceFile): Finding[] => {
  const reading = readJson(text, { comments: true });
  if (!reading.ok) return [];
  const options = recordField(reading.value, 'compilerOptions');
  const strict = field(options, 'strict');
  const line = lineOfKey(text, strict === undefined ? 'compilerOptions' : 'strict');
  if (strict === false) {
    return [
      finding(rules.NOT_STRICT, { path, line, message: '"strict" is false.', key: 'strict' }),
    ];
  }
  const defers =
    field(reading.value, 'extends') !== undefined ||
    listField(reading.value, 'references').length > 0;
  if (strict === true || defers || baseNameOf(path) !== 'tsconfig.json') return [];
  if (
    Object.keys(options).length === 0 ||
    field(options, 'noImplicitAny') === true ||
    field(options, 'strictNullChecks') === true
  )
    return [];
  return [
    finding(rules.NOT_STRICT, { path, line, message: '"strict" is not set.', key: 'strict' }),
  ];
};

const SECRET_NAME =
  /(?:SECRET|TOKEN|PASSWORD|PASSWD|PRIVATE|API_?KEY|ACCESS_?KEY|CREDENTIAL|DATABASE_URL|DSN|_KEY$|_PASS$)/i;
const PUBLIC_NAME =
  /^(?:VITE|NEXT_PUBLIC|REACT_APP|PUBLIC|NUXT_PUBLIC|EXPO_PUBLIC|GATSBY|STORYBOOK)_|PUBLIC_KEY|PUBLISHABLE/i;
const EMPTY_VALUE =
  /^["']?(?:|x+|\*+|<.*>|\$\{?.*|change.?me.*|your.*|example.*|todo|secret|password|postgres|root|test|dummy|placeholder|none|null|false|true|\d{1,5}|!ChangeMe!.*)["']?$/i;
const LOCAL_URL =
  /^["']?[a-z+]{2,20}:\/\/[^\s]*(?:localhost|127\.0\.0\.1|@(?:db|postgres|mysql|redis|mongo|database|host)\b|%kernel)/i;

export const isEnvFile = (path: string): boolean => {
  const name = baseNameOf(path);
  return (
    /^\.env(?:\.[\w.-]+)?$/.test(name) &&
    !/\.(?:example|sample|template|dist|defaults?|schema|test|testing|ci|vault|e2e|tpl|example\.\w+)$/i.test(
      name,
    )
  );
};

export const inspectEnvFile = ({ path, text }: SourceFile): Finding[] => {
  for (const [index, line] of linesOf(text).entries()) {
    const match = /^\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_]{0,80})\s*=\s*(.*?)\s*(?:\s#.*)?$/.exec(
      line.slice(0, 2_000),
    );
    const [, name = '', value = ''] = match ?? [];
    if (match === null || !SECRET_NAME.test(name) || PUBLIC_NAME.test(name)) continue;
    if (EMPTY_VALUE.test(value) || LOCAL_URL.test(value) || /encrypted:/.test(value)) continue;
    const message = `${name} has a value in a committed environment file.`;
    return [
      finding(rules.ENV_COMMITTED, {
        path,
        line: index + 1,
        message,
        key: name,
        evidence: `${name}=…`,
      }),
    ];
  }
  return [];
};

const HARMLESS_SCRIPT =
  /^(?:(?:npx|pnpm|yarn|npm exec|bun(?:x)?)\s+)?(?:--?\S+\s+)*(?:husky|lefthook|patch-package|node-gyp(?:-build)?|prebuild-install|node-pre-gyp|prisma|only-allow|simple-git-hooks|nuxt|nuxi|svelte-kit|electron-builder|electron-rebuild|opencollective|is-ci|ngcc|link-workspace|lerna|turbo|wxt|astro|fumadocs-mdx|cmake-js|napi|panda|skott|syncpack|manypkg|preconstruct|tsc|echo|exit 0|true)\b/;

/** Only what others install matters: a private package runs its scripts on its own developers. */
export const inspectLifecycle = ({ path, text }: SourceFile): Finding[] => {
  const reading = readJson(text, { comments: false });
  if (!reading.ok) return [];
  const scripts = recordField(reading.value, 'scripts');
  const isPrivate =
    field(reading.value, 'private') === true || field(reading.value, 'version') === undefined;
  return ['preinstall', 'install', 'postinstall'].flatMap((name) => {
    const command = textField(scripts, name) ?? '';
    const dangerous =
      isPipedShell(command) ||
      /\b(?:curl|wget)\b.*https?:|node\s+-e\b|base64|eval\b|powershell/i.test(command);
    if (command === '' || (!dangerous && (isPrivate || HARMLESS_SCRIPT.test(command)))) return [];
    const message = `"${name}" runs: ${command}`;
    const line = lineOfKey(text, name, text.indexOf('"scripts"'));
    return [
      finding(rules.INSTALL_SCRIPT, {
        path,
        line,
        message,
        key: name,
        severity: dangerous ? 'warning' : 'note',
      }),
    ];
  });
};

type Expected = { readonly when: RegExp; readonly pattern: RegExp; readonly name: string };
const EXPECTED: readonly Expected[] = [
  { when: /(?:^|\/)package\.json$/, pattern: /node_modules|^\*$|^\/\*$/m, name: 'node_modules' },
  {
    when: /(?:^|\/)(?:pyproject\.toml|setup\.py|requirements\.txt)$/,
    pattern: /__pycache__|\*\.py\[|\*\.pyc|\*\.py\*|^\*$|^\/\*$/m,
    name: '__pycache__/',
  },
  { when: /^Cargo\.toml$/, pattern: /target|^\*$|^\/\*$/m, name: 'target/' },
];

/** Judged on the root's .gitignore; nested ones may cover their own folder. */
export const inspectGitignore = (
  { path, text }: SourceFile,
  { paths, byBaseName }: RepositoryFacts,
): Finding[] => {
  const nested = (byBaseName.get('.gitignore') ?? []).length > 1;
  if (nested) return [];
  return EXPECTED.filter(
    ({ when, pattern }) =>
      [...paths].some((each) => directoryOf(each) === '.' && when.test(each)) &&
      !pattern.test(text),
  ).map(({ name }) => {
    const message = `${name} is not ignored.`;
    return finding(rules.GITIGNORE, { path, line: 0, message, key: name });
  });
};

const TLS_SWITCH =
  /\bNODE_TLS_REJECT_UNAUTHORIZED["']?\s*[=:]\s*["']?0\b|^\s*strict-ssl\s*=\s*false\b|\bGIT_SSL_NO_VERIFY["']?\s*[=:]\s*["']?(?:1|true)\b|\bhttp\.sslVerify\s+false\b|\bPYTHONHTTPSVERIFY["']?\s*[=:]\s*["']?0\b|\bnpm config set strict-ssl false\b/i;

/** Configuration and scripts only: a test of a client may need the switch. */
export const inspectTls = ({ path, text }: SourceFile): Finding[] => {
  if (!/TLS_REJECT|strict-ssl|SSL_NO_VERIFY|sslVerify|HTTPSVERIFY/i.test(text)) return [];
  return linesOf(text).flatMap((line, index) => {
    if (!TLS_SWITCH.test(line) || /^\s*(?:#|\/\/|;)/.test(line)) return [];
    return [
      finding(rules.TLS_OFF, {
        path,
        line: index + 1,
        message: 'TLS certificates are not verified.',
        key: line,
      }),
    ];
  });
};
