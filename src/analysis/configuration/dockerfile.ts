/** Dockerfiles: moving base images, root, unchecked downloads, copying everything. */
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { baseNameOf, directoryOf, joinPath } from '../reading/posix-path.ts';
import { linesOf } from '../reading/text-lines.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import * as rules from './rules.ts';

export const isDockerfile = (path: string): boolean =>
  /^(?:Dockerfile|Containerfile)(?:\.[\w-]+)?$|\.[Dd]ockerfile$/.test(baseNameOf(path)) &&
  !path.endsWith('.dockerignore');

type Instruction = { readonly word: string; readonly rest: string; readonly line: number };

export const inspectDockerfile = (
  { path, text }: SourceFile,
  shared: RepositoryFacts,
): Finding[] => {
  const instructions = readInstructions(text);
  const found: Finding[] = [];
  const stages = new Set<string>();
  for (const { word, rest, line } of instructions) {
    if (word === 'FROM') {
      const image = rest.replace(/^(?:--\S+\s+)*/, '').split(/\s+/)[0] ?? '';
      if (!stages.has(image.toLowerCase()) && isUnpinned(image)) {
        found.push(
          finding(rules.LATEST_IMAGE, {
            path,
            line,
            message: `${image} has no version.`,
            key: image,
          }),
        );
      }
      const alias = /\sAS\s+(\S+)/i.exec(rest)?.[1];
      if (alias !== undefined) stages.add(alias.toLowerCase());
    } else if (word === 'ADD' && /(?:^|\s)https?:\/\/\S+/.test(rest) && !/--checksum=/.test(rest)) {
      found.push(finding(rules.REMOTE_ADD, { path, line, message: `ADD ${rest}`, key: rest }));
    } else if (word === 'RUN' && isPipedShell(rest)) {
      found.push(
        finding(rules.PIPED_SHELL, {
          path,
          line,
          message: 'A download is piped into a shell.',
          key: rest,
        }),
      );
    }
  }
  return [...found, ...rootUser(path, instructions), ...copiesAll(path, instructions, shared)];
};

const readInstructions = (text: string): Instruction[] => {
  const found: Instruction[] = [];
  let pending: { text: string; line: number } | undefined;
  linesOf(text).forEach((raw, index) => {
    const line = raw.trim();
    if (line.startsWith('#') || (line === '' && pending === undefined)) return;
    const joined: { text: string; line: number } =
      pending === undefined
        ? { text: line, line: index + 1 }
        : { text: `${pending.text} ${line}`.slice(0, 20_000), line: pending.line };
    if (/[\\`]$/.test(line)) {
      pending = { text: joined.text.slice(0, -1), line: joined.line };
      return;
    }
    pending = undefined;
    const match = /^([A-Za-z]+)\s+(.*)$/.exec(joined.text);
    if (match !== null)
      found.push({ word: (match[1] ?? '').toUpperCase(), rest: match[2] ?? '', line: joined.line });
  });
  return found;
};

const isUnpinned = (image: string): boolean => {
  if (image === 'scratch' || image === '' || /[$@{]/.test(image)) return false;
  const tag = /:([^/]+)$/.exec(image)?.[1];
  return tag === undefined || tag === 'latest';
};

export const isPipedShell = (command: string): boolean =>
  /\b(?:curl|wget)\b[^|;&]{0,2000}\|\s{0,10}(?:sudo\s+(?:-\S+\s+)*)?(?:(?:\/usr)?\/bin\/)?(?:ba|z|da|k)?sh\b/.test(
    command,
  ) && !/sha(?:256|512)sum|shasum|gpg/.test(command);

/** Only images that start something of their own; bases that already drop root are fine. */
const rootUser = (path: string, instructions: readonly Instruction[]): Finding[] => {
  if (
    /(?:^|\/)\.devcontainer\/|(?:^|\/)(?:ci|build|test|dev)\//i.test(path) ||
    /\.(?:dev|test|ci|build|local)$/i.test(path)
  )
    return [];
  const lastFrom = instructions.findLastIndex(({ word }) => word === 'FROM');
  const stage = instructions.slice(lastFrom);
  const from = stage[0]?.rest ?? '';
  const starts = stage.some(({ word }) => word === 'CMD' || word === 'ENTRYPOINT');
  if (lastFrom === -1 || !starts || /nonroot|rootless|unprivileged|scratch|distroless/.test(from))
    return [];
  if (/\bgosu\b|\bsu-exec\b|setpriv/.test(instructions.map(({ rest }) => rest).join(' ')))
    return [];
  const base = from.split(/\s+/)[0]?.toLowerCase();
  const inherited = instructions
    .slice(0, lastFrom)
    .some(({ word, rest }) => word === 'FROM' && rest.toLowerCase().endsWith(` as ${base}`));
  const users = (inherited ? instructions : stage).filter(({ word }) => word === 'USER');
  const user = users.at(-1);
  if (user !== undefined && !/^(?:root|0)(?::|\s|$)/.test(user.rest)) return [];
  const message =
    user === undefined ? 'No USER is set, so the process runs as root.' : 'The last USER is root.';
  return [
    finding(rules.ROOT_IMAGE, {
      path,
      line: user?.line ?? stage[0]?.line ?? 0,
      message,
      key: 'root',
    }),
  ];
};

const copiesAll = (
  path: string,
  instructions: readonly Instruction[],
  { paths }: RepositoryFacts,
): Finding[] => {
  const copy = instructions.find(
    ({ word, rest }) =>
      (word === 'COPY' || word === 'ADD') &&
      !rest.includes('--from') &&
      /^(?:--\S+\s+)*\.\/?\s/.test(rest),
  );
  if (copy === undefined) return [];
  const directory = directoryOf(path);
  const ignoring = [
    '.dockerignore',
    joinPath(directory, '.dockerignore'),
    `${path}.dockerignore`,
    '.containerignore',
  ];
  if (ignoring.some((each) => paths.has(each))) return [];
  const message = 'The whole build context is copied and nothing is excluded.';
  return [finding(rules.NO_DOCKERIGNORE, { path, line: copy.line, message, key: 'copy' })];
};
