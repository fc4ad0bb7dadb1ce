/** `hive workflow list`: the files of ./workflows, each valid or with its first problem, and what runs were started of. */
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { toHiveError } from '../../contract/index.ts';
import type { WorkflowUse } from '../../contract/index.ts';
import type { HiveClient } from '../../client/index.ts';
import { systemClock } from '../../kernel/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { ago } from '../output/durations.ts';
import { safeLines } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import { note, wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { listWidth } from './task-rows.ts';
import { codeExtensions, readWorkflowFile, textExtensions } from './workflow-file.ts';

const FOLDER = 'workflows';

interface FileRow {
  file: string;
  name: string | null;
  version: string | null;
  nodes: number | null;
  /** Null: it is valid, or not looked into (code). */
  problem: string | null;
}

export async function workflowListCommand(session: Session): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const files = await listFiles(client);
    const { workflows } = await client.call('workflow.list', {});
    if (wantsJson(session)) writeJson(session, { files, workflows });
    else if (files.length + workflows.length === 0)
      note(session, `no files in ./${FOLDER} and no runs of workflows yet; see docs/workflows.md`);
    else writeLines(session, listLines(session, { files, workflows }));
    return exitCodes.ok;
  });
}

async function listFiles(client: HiveClient): Promise<FileRow[]> {
  const entries: string[] = await readdir(FOLDER).catch(() => []);
  const known = [...textExtensions, ...codeExtensions];
  const files = entries.filter((each) => known.includes(path.extname(each).toLowerCase()));
  return Promise.all(files.toSorted().map((each) => describeFile(client, path.join(FOLDER, each))));
}

/** A list must not execute: of a file of code only its name is told. */
async function describeFile(client: HiveClient, file: string): Promise<FileRow> {
  const row: FileRow = { file, name: null, version: null, nodes: null, problem: null };
  if (codeExtensions.includes(path.extname(file).toLowerCase())) return row;
  try {
    const workflow = await readWorkflowFile(file);
    const { name, version, nodes } = await client.call('workflow.validate', { workflow });
    return { ...row, name, version, nodes };
  } catch (error) {
    const { code, message } = toHiveError(error);
    if (code !== 'GRAPH_INVALID' && code !== 'PATH_INVALID' && code !== 'INPUT_TOO_LARGE')
      throw error;
    return { ...row, problem: firstProblem(message) };
  }
}

/** The first line that names a place, else the first line. */
function firstProblem(message: string): string {
  const lines = safeLines(message).filter((line) => line.trim() !== '');
  return (lines.find((line) => /:\d+:\d+/.test(line)) ?? lines[0] ?? message).trim();
}

function listLines(
  session: Session,
  { files, workflows }: { files: readonly FileRow[]; workflows: readonly WorkflowUse[] },
): string[] {
  const options = { width: listWidth(session) };
  const lines: string[] = [];
  if (files.length > 0) {
    const rows = files.map(({ file, name, version, nodes, problem }) => [
      file,
      name ?? '-',
      version ?? '-',
      nodes === null ? '-' : String(nodes),
      problem ?? (name === null ? 'code: see hive workflow validate' : 'valid'),
    ]);
    lines.push(...textTable(fileColumns, rows, options));
  }
  if (workflows.length > 0) {
    const nowMs = systemClock.now();
    const rows = workflows.map(({ name, version, runs, lastRunId, lastMs, lastState }) => [
      name,
      version,
      String(runs),
      `${lastRunId} ${lastState}, ${ago(lastMs, nowMs)}`,
    ]);
    if (lines.length > 0) lines.push('');
    lines.push(...textTable(useColumns, rows, options));
  }
  return lines;
}

const fileColumns = [
  { title: 'FILE' },
  { title: 'NAME' },
  { title: 'VERSION' },
  { title: 'NODES', isNumber: true },
  { title: 'STATE' },
];
const useColumns = [
  { title: 'WORKFLOW' },
  { title: 'VERSION' },
  { title: 'RUNS', isNumber: true },
  { title: 'LAST' },
];
