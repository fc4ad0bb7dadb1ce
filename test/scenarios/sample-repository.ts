// A small repository of mixed content, big enough that its inspection has many tasks and can be killed half way.

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const FILES = 1_200; // six shards per analyser

export function writeSampleRepository(root: string, files: number = FILES): void {
  mkdirSync(join(root, 'src'), { recursive: true });
  mkdirSync(join(root, 'docs'), { recursive: true });
  writeFileSync(
    join(root, 'package.json'),
    JSON.stringify({
      name: 'sample',
      version: '1.0.0',
      main: 'src/file-0.ts',
      dependencies: { left: '^1.0.0' },
    }),
  );
  writeFileSync(join(root, 'README.md'), '# Sample\n\nSee [the guide](docs/missing.md).\n');
  writeFileSync(join(root, 'docs', 'page.html'), '<html><body><img src="a.png"></body></html>\n');
  for (let i = 0; i < files; i++) {
    const next = (i + 1) % files;
    const branches = Array.from(
      { length: 12 },
      (_, at) => `  if (value === ${at}) return ${at * i};`,
    ).join('\n');
    writeFileSync(
      join(root, 'src', `file-${i}.ts`),
      `import { work${next} } from './file-${next}.ts';\n\nexport function work${i}(value: number): number {\n${branches}\n  return work${next}(value - 1);\n}\n`,
    );
  }
}
