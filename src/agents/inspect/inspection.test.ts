import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { analysers } from '../../analysis/index.ts';
import type { AgentRunner } from '../../contract/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { createAgentRunner } from '../hosting/agent-runner.ts';
import { builtInAgents } from '../built-in-agents.ts';
import { nodeNames } from './inspect-graph.ts';
import { assignments } from './roster.ts';
import { runInspection } from './run-inspection.ts';
import type { InspectionRun, RunRequest } from './run-inspection.ts';
import * as workerAgents from './worker-agents.ts';

let runner: AgentRunner;
beforeAll(() => {
  runner = createAgentRunner({
    agents: builtInAgents(),
    clock: systemClock,
    threads: 2,
    heapMb: 128,
  });
});
afterAll(() => runner.close());

let directory = '';
let root = '';
beforeEach(() => {
  directory = realpathSync(mkdtempSync(join(tmpdir(), 'hive-inspect-')));
  root = join(directory, 'repository');
  for (const [path, content] of Object.entries(REPOSITORY)) write(path, content);
});
afterEach(() => {
  rmSync(directory, { recursive: true, force: true });
});

// put together, so that scanners of this repository do not find it
const TOKEN = ['ghp', 'x7Kq2mVw9Tz4RbN8sLc3YdHf6JgP1oAeUi5D'].join('_');
const REPOSITORY: Readonly<Record<string, string>> = {
  'README.md': '# Sample\n\nSee [the guide](docs/missing.md).\n',
  'package.json': '{"name":"sample","private":true,"main":"src/index.ts","license":"MIT"}\n',
  'src/config.js': `export const key = '${TOKEN}';\n`,
  'src/used.ts': 'export const used = 1;\nexport const unused = 2;\n',
  'src/index.ts': "import { used } from './used.ts';\nconsole.log(used);\n",
  'index.html': '<!doctype html><html><body><img src="a.png"></body></html>\n',
  '.gitignore': 'ignored/\n',
  'ignored/secret.js': `const key = '${TOKEN}';\n`,
};

function write(path: string, content: string): void {
  mkdirSync(dirname(join(root, path)), { recursive: true });
  writeFileSync(join(root, path), content);
}

interface Json {
  readonly findings: readonly {
    readonly rule: string;
    readonly path: string;
    readonly message: string;
  }[];
}
function inspect(name: string, change: Partial<RunRequest> = {}): Promise<InspectionRun> {
  const base = join(directory, name);
  return runInspection({
    runner,
    root,
    workDirectory: join(base, 'work'),
    reportDirectory: join(base, 'report'),
    toolVersion: '0.0.0',
    ...change,
  });
}
const reportOf = (name: string): readonly string[] =>
  ['report.md', 'report.json', 'report.sarif'].map((file) =>
    readFileSync(join(directory, name, 'report', file), 'utf8'),
  );
const findingsOf = (name: string): Json['findings'] =>
  (JSON.parse(reportOf(name)[1] ?? '') as Json).findings;
const failures = (run: InspectionRun): unknown[] =>
  run.outcomes.filter((each) => each.outcome.status !== 'succeeded');

describe('the whole way', () => {
  test('findings of several agents end in one report, the same bytes each time', async () => {
    const run = await inspect('a');
    expect(failures(run)).toEqual([]);
    const areas = new Set(findingsOf('a').map((each) => each.rule.split('/')[0]));
    for (const area of ['secrets', 'documentation', 'accessibility', 'dead-exports']) {
      expect(areas).toContain(area);
    }
    expect(findingsOf('a').some((each) => each.path.startsWith('ignored/'))).toBe(false);
    expect(run.results[nodeNames.report]).toMatchObject({
      report: join(directory, 'a', 'report', 'report.md'),
      findings: findingsOf('a').length,
      gaps: [],
    });
    await inspect('b');
    expect(reportOf('b')).toEqual(reportOf('a'));
    const all = reportOf('a').join('\n');
    expect(all).not.toContain(TOKEN);
    expect(all).not.toContain(directory);
    expect(all).not.toContain('run_1');
  });

  test('nothing of the repository is changed, and no temporary file is left', async () => {
    const listing = (): string =>
      execFileSync('find', ['.', '-newermt', '1970-01-01', '-printf', '%p %T@\\n'], {
        cwd: root,
      }).toString();
    const before = listing();
    await inspect('a');
    expect(listing()).toBe(before);
    const left = readdirSync(join(directory, 'a'), { recursive: true }).map(String);
    expect(left.filter((each) => each.endsWith('.tmp'))).toEqual([]);
  });

  test('a report inside the inspected tree does not find itself', async () => {
    for (const reportDirectory of [join(root, 'out', 'report'), root]) {
      const options = { reportDirectory, workDirectory: join(root, '.hive', 'work') };
      await inspect('a', options);
      const first = readFileSync(join(reportDirectory, 'report.json'), 'utf8');
      rmSync(join(root, '.hive'), { recursive: true });
      await inspect('a', options);
      expect(readFileSync(join(reportDirectory, 'report.json'), 'utf8')).toBe(first);
      rmSync(join(root, 'out'), { recursive: true, force: true });
    }
  });
});

describe('when things are lost', () => {
  test('parts that are gone are made again: the report is the same', async () => {
    await inspect('a');
    await inspect('b', {
      onNode: (node) => {
        if (node !== nodeNames.report) return;
        rmSync(join(directory, 'b', 'work', 'parts'), { recursive: true });
      },
    });
    expect(reportOf('b')).toEqual(reportOf('a'));
  });

  test('a shard that failed is a gap that every view names, and no pass judges the whole', async () => {
    const run = await inspect('a', {
      onNode: (node, results) => {
        if (node === nodeNames.whole('dead-exports'))
          results[nodeNames.shards('dead-exports')] = [null];
      },
    });
    expect(run.results[nodeNames.whole('dead-exports')]).toMatchObject({ gap: expect.any(String) });
    expect(findingsOf('a').map((each) => each.rule)).not.toContain('dead-exports/unused-export');
    for (const view of reportOf('a')) expect(view).toContain('1 of 1 shards failed');
  });

  test('a file that vanishes between survey and reading is named, not an error', async () => {
    const run = await inspect('a', {
      onNode: (node) => {
        if (node === nodeNames.shards('secrets')) rmSync(join(root, 'src/config.js'));
      },
    });
    expect(failures(run)).toEqual([]);
    expect(run.results[nodeNames.report]).toMatchObject({
      gaps: [expect.stringContaining('src/config.js')],
    });
  });

  test('a file that becomes a link outside is not read', async () => {
    writeFileSync(join(directory, 'outside.js'), `const key = '${TOKEN}';\n`);
    await inspect('a', {
      onNode: (node) => {
        if (node !== nodeNames.shards('secrets')) return;
        rmSync(join(root, 'src/config.js'));
        symlinkSync(join(directory, 'outside.js'), join(root, 'src/config.js'));
      },
    });
    expect(findingsOf('a').filter((each) => each.rule.startsWith('secrets/'))).toEqual([]);
  });
});

test('a hostile repository is only data', async () => {
  const marker = join(directory, 'executed');
  write('package.json', `{"name":"evil","scripts":{"postinstall":"touch ${marker}"}}`);
  write('oxlint.config.js', `require('fs').writeFileSync(${JSON.stringify(marker)}, '')`);
  write('hive.config.yaml', 'agents: [./evil.js]\n');
  write(
    'agents/evil.ts',
    `import fs from 'node:fs'; fs.writeFileSync(${JSON.stringify(marker)}, '');`,
  );
  write('.gitignore', `${'*a'.repeat(40)}\n`);
  write(`${'*'.repeat(50)}.md`, '[x](javascript:alert(1)) <script>alert(1)</script>\n');
  write('broken.ts', `export const x = ${'('.repeat(20_000)}`);
  write('deep.json', `${'['.repeat(100_000)}${']'.repeat(100_000)}`);
  write('huge.txt', 'x'.repeat(3_000_000));
  write('line.js', `const a = "${'b'.repeat(900_000)}";`);
  write('__proto__/constructor.ts', 'export const __proto__ = 1;\n');
  write('a|b`c<img src=x onerror=alert(1)>.md', '[gone](./gone.md)\n');
  execFileSync('mkfifo', [join(root, 'pipe.ts')]);
  symlinkSync('/etc', join(root, 'etc'));
  symlinkSync('/etc/passwd', join(root, 'passwd.md'));
  const run = await inspect('a');
  expect(failures(run)).toEqual([]);
  expect(existsSync(marker)).toBe(false);
  // what is escaped, or stands in a code span, is text
  const markup = reportOf('a')[0]
    ?.replaceAll(/\\./g, '')
    .replaceAll(/``.*?``|`[^`\n]*`/g, '');
  expect(markup).not.toMatch(/<(?:img|script)/);
  expect(findingsOf('a').some((each) => each.path.startsWith('etc'))).toBe(false);
});

test('an empty directory has a report too', async () => {
  rmSync(root, { recursive: true });
  mkdirSync(root);
  expect(failures(await inspect('a'))).toEqual([]);
  expect(reportOf('a')[0]).toContain('0 files');
});

describe('the roster', () => {
  test('every analyser has one assignment, every assignment an analyser', () => {
    const known = analysers.map(({ name, finish }) => [name, finish !== undefined] as const);
    const assigned = assignments.map(({ analyser, finishes }) => [analyser, finishes] as const);
    expect(new Map(assigned)).toEqual(new Map(known));
    expect(assigned.length).toBe(known.length);
    for (const { capability, manifest } of assignments) {
      expect(manifest.capabilities).toContain(capability);
    }
  });

  test('each source names an export whose manifest is the one announced', () => {
    const inWorkers = builtInAgents().filter((each) => each.placement === 'thread');
    for (const source of inWorkers) {
      const exported: unknown = (workerAgents as Record<string, unknown>)[source.exportName];
      expect(exported).toMatchObject({ manifest: source.manifest });
    }
    expect(inWorkers.length).toBe(Object.keys(workerAgents).length);
  });
});
