// What every generator shares: write the file, or with --check fail when the committed one differs.

import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const repositoryRoot = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..');

export interface GeneratedFile {
  /** import.meta.url of the generator: it runs only as the program itself, not when a test imports it. */
  url: string;
  /** Path of the output inside the repository. */
  file: string;
  render(): string;
}

/** Runs the generator when its file is the program. Ends with status 1 when --check finds a difference. */
export function runGenerator(generated: GeneratedFile): void {
  const self = fileURLToPath(generated.url);
  if (process.argv[1] === undefined || path.resolve(process.argv[1]) !== self) return;
  const target = path.join(repositoryRoot, generated.file);
  const text = generated.render();
  if (!process.argv.includes('--check')) {
    writeFileSync(target, text);
    console.log(`wrote ${generated.file}`);
  } else if (readOr(target) !== text) {
    const command = `node ${path.relative(repositoryRoot, self)}`;
    console.error(`${generated.file} is not what its source says. Run: ${command}`);
    process.exitCode = 1;
  }
}

/** A Markdown table; cells are escaped. */
export function markdownTable(
  head: readonly string[],
  rows: readonly (readonly string[])[],
): string {
  const line = (cells: readonly string[]): string =>
    `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)].join('\n');
}

function readOr(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}
