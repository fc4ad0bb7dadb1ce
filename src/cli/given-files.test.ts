/** Files that commands are given: how they are read, what goes to the hive, and what is refused with which words. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { over, tell } from './testing.ts';

const id = 'run_00000000000000000000000001';
const folder = mkdtempSync(path.join(tmpdir(), 'hive-files-'));
afterAll(() => {
  rmSync(folder, { recursive: true, force: true });
});

const fileOf = (name: string, text: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
};

const started = { 'run.start': () => ({ runId: id, duplicate: false, run: null }) };

describe('workflow files', () => {
  test('YAML goes as text with its name, so that problems have their line', async () => {
    const file = fileOf('a.yaml', 'name: a\n');
    const answers = { ...started, 'run.watch': () => over() };
    const { calls, exitCode } = await tell(
      `workflow run ${file} --input @${fileOf('i.json', '[1]')}`,
      {
        answers,
      },
    );
    expect(exitCode).toBe(0);
    expect(calls[0]?.request).toEqual({ workflow: { text: 'name: a\n', file }, input: [1] });
  });

  test('a file of code is executed here and its only workflow goes as a graph', async () => {
    const mark = `{[Symbol.for('hivewright.workflow')]: true, graph: {name: 'b', nodes: []}}`;
    const validate = {
      'workflow.validate': () => ({
        name: 'b',
        version: '1',
        nodes: 0,
        missing: ['x'],
        cannotRun: ['gate'],
      }),
    };
    for (const text of [
      `export default ${mark}`,
      `export const other = 1; export const b = ${mark}`,
    ]) {
      const file = fileOf(`w${text.length}.mjs`, text);
      const { calls, exitCode, err } = await tell(`workflow validate ${file}`, {
        answers: validate,
      });
      expect(exitCode).toBe(0);
      expect(calls[0]?.request).toEqual({ workflow: { graph: { name: 'b', nodes: [] } } });
      expect(err).toContain('no agent offers x');
      expect(err).toContain('cannot run gate nodes');
    }
    for (const [name, text, why] of [
      ['none.mjs', 'export const a = 1', 'exports no workflow'],
      ['two.mjs', `export const a = ${mark}; export const b = ${mark}`, 'several workflows: a, b'],
      ['broken.mjs', '\nthrow new Error("boom")', 'broken.mjs:2:7 cannot be loaded: boom'],
    ] as const) {
      const { exitCode, err } = await tell(`workflow validate ${fileOf(name, text)}`);
      expect(exitCode).toBe(2);
      expect(err).toContain(why);
    }
  });

  test('what is no text is refused with its line, a folder and a large file with their own words', async () => {
    const broken = path.join(folder, 'latin.yaml');
    writeFileSync(broken, Buffer.from('name: a\ntitle: \xe4\n', 'latin1'));
    mkdirSync(path.join(folder, 'dir.yaml'));
    for (const [file, why, exitCode] of [
      ['latin.yaml', 'latin.yaml:2 is not UTF-8 text', 2],
      ['dir.yaml', 'dir.yaml is a folder', 2],
    ] as const) {
      const told = await tell(`workflow run ${path.join(folder, file)}`);
      expect([told.exitCode, told.err]).toEqual([exitCode, expect.stringContaining(why)]);
    }
    const large = await tell(`workflow run ${fileOf('large.yaml', 'a'.repeat(600_000))}`);
    expect(large.exitCode).toBe(2);
    expect(large.err).toContain('a workflow file has at most');
    expect(large.err).not.toContain('HIVE_MAX_PAYLOAD_BYTES');
  });

  test('JSON of a file that is wrong is told with the name of the file', async () => {
    const file = fileOf('in.json', '{\n  "a": 1,\n}');
    const { exitCode, err } = await tell(
      `workflow run ${fileOf('a.yaml', 'name: a')} --input @${file}`,
    );
    expect(exitCode).toBe(2);
    expect(err).toContain(`${file} (of --input) is not JSON`);
    expect(err).not.toContain('quote it');
  });

  test.each(['absent.yaml', 'absent.ts', 'readme.md'])('%s is refused by name', async (name) => {
    const { exitCode, err } = await tell(`workflow run ${path.join(folder, name)}`);
    expect(exitCode).toBe(2);
    expect(err).toContain(name);
  });
});
