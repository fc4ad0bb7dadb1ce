/**
 * Reads a workflow file for the hive. YAML and JSON go as text, so that problems have their line. A file of code is one
 * trusted file: it is executed in this process, as its user ran it, and its workflow goes as data.
 */
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { hiveError, operationLimits } from '../../contract/index.ts';
import type { Json, OperationRequest } from '../../contract/index.ts';
import { readTextFile } from './read-text-file.ts';
import { loadCode } from './load-code.ts';

type Source = OperationRequest<'workflow.validate'>['workflow'];

export const textExtensions = ['.yaml', '.yml', '.json'];
export const codeExtensions = ['.ts', '.mts', '.js', '.mjs'];

/** Set by defineWorkflow; a symbol of the registry, because the file may load another copy of the package. */
const WORKFLOW_MARK = Symbol.for('hivewright.workflow');

/** Throws PATH_INVALID, INPUT_TOO_LARGE, GRAPH_INVALID (a file of code that gives no workflow). */
export async function readWorkflowFile(file: string): Promise<Source> {
  const extension = path.extname(file).toLowerCase();
  if (codeExtensions.includes(extension)) return { graph: await importGraph(file) };
  if (!textExtensions.includes(extension)) {
    throw hiveError('PATH_INVALID', {
      message: `${file} is no workflow file`,
      details: { fix: [`name it ${[...textExtensions, ...codeExtensions].join(', ')}`] },
    });
  }
  const text = await readTextFile(file);
  if (text.trim() === '') throw emptyFile(file);
  if (text.length > operationLimits.workflowChars) {
    throw hiveError('INPUT_TOO_LARGE', {
      message: `${file} has ${text.length} characters; a workflow file has at most ${operationLimits.workflowChars}`,
      details: { fix: ['move data out of the workflow into the input of its runs, or split it'] },
    });
  }
  return { text, file };
}

const emptyFile = (file: string): Error =>
  hiveError('GRAPH_INVALID', {
    message: `${file} is empty`,
    details: { fix: ['write a workflow with name and nodes; docs/workflows.md begins with one'] },
  });

async function importGraph(file: string): Promise<Json> {
  const absolute = path.resolve(file);
  // Told apart from an import inside the file that fails.
  if (!(await stat(absolute).catch(() => undefined))?.isFile()) {
    throw hiveError('PATH_INVALID', { message: `${file} does not exist` });
  }
  return graphOf(file, await loadCode(file));
}

/** The default export, else the only export that defineWorkflow made. */
function graphOf(file: string, exported: Readonly<Record<string, unknown>>): Json {
  const { default: main } = exported;
  if (isWorkflow(main)) return main.graph;
  const found = Object.entries(exported).filter(([, value]) => isWorkflow(value));
  const [first] = found;
  const only = first?.[1];
  if (found.length === 1 && isWorkflow(only)) return only.graph;
  const why =
    found.length === 0
      ? 'exports no workflow'
      : `exports several workflows: ${found.map(([name]) => name).join(', ')}`;
  throw hiveError('GRAPH_INVALID', {
    message: `${file} ${why}`,
    details: { fix: ['export default defineWorkflow({ … })'] },
  });
}

function isWorkflow(value: unknown): value is { graph: Json } {
  return typeof value === 'object' && value !== null && WORKFLOW_MARK in value && 'graph' in value;
}
