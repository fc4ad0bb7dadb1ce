/** `hive run diff <a> <b>` */
import type { DiffSide, RunDiff, ValueDiff } from '../../contract/index.ts';
import { exitCodes } from '../exit-codes.ts';
import type { ExitCode } from '../exit-codes.ts';
import { withHive } from '../hive-door.ts';
import { shortDuration } from '../output/durations.ts';
import { oneLine } from '../output/plain-text.ts';
import { textTable } from '../output/text-table.ts';
import { suggestingRecent } from '../recent-ids.ts';
import { wantsJson, writeJson, writeLines } from '../session.ts';
import type { Session } from '../session.ts';
import { listWidth } from './task-rows.ts';

export async function runDiffCommand(
  session: Session,
  { a, b }: { a: string; b: string },
): Promise<ExitCode> {
  return withHive(session, { purpose: 'look' }, async ({ client }) => {
    const diff = await suggestingRecent(client, 'run', () =>
      client.call('run.diff', { id: a, other: b }),
    );
    if (wantsJson(session)) writeJson(session, diff);
    else writeLines(session, diffLines(diff, listWidth(session)));
    return exitCodes.ok;
  });
}

function diffLines(diff: RunDiff, width: number | null): string[] {
  const { a, b, durationMs } = diff;
  const rows = diff.nodes.map((node) => [
    node.node,
    both(node.a?.state ?? '-', node.b?.state ?? '-'),
    both(String(node.a?.tries ?? '-'), String(node.b?.tries ?? '-')),
    both(took(node.a), took(node.b)),
    stepWords(node.steps),
    valueWords(node),
  ]);
  return [
    `a ${a.id}  ${a.label.text}  ${time(durationMs.a)}  ${oneLine(a.title)}`,
    `b ${b.id}  ${b.label.text}  ${time(durationMs.b)}  ${oneLine(b.title)}`,
    `input ${valueWords(diff.input)}; output ${valueWords(diff.output)}`,
    '',
    ...textTable(columns, rows, { width }),
  ];
}

const columns = [
  { title: 'NODE' },
  { title: 'STATE' },
  { title: 'TRIES' },
  { title: 'TIME' },
  { title: 'STEPS' },
  { title: 'RESULT' },
];

const both = (a: string, b: string): string => (a === b ? a : `${a} > ${b}`);
const time = (ms: number | null): string => (ms === null ? '-' : shortDuration(ms));
const took = (side: DiffSide | null): string => time(side?.durationMs ?? null);

function valueWords({ result, paths }: ValueDiff): string {
  if (result !== 'differs') return result;
  const named = paths.filter((path) => path !== '');
  return named.length === 0 ? 'differs' : `differs at ${named.join(', ')}`;
}

function stepWords({ same, differs, onlyA, onlyB }: RunDiff['nodes'][number]['steps']): string {
  const parts = [
    ...(same === 0 ? [] : [`${same} same`]),
    ...(differs === 0 ? [] : [`${differs} differ`]),
    ...(onlyA === 0 ? [] : [`${onlyA} only in a`]),
    ...(onlyB === 0 ? [] : [`${onlyB} only in b`]),
  ];
  return parts.length === 0 ? '-' : parts.join(', ');
}
