/**
 * The report for people. Everything that comes from the repository is escaped: a file name with a pipe, a
 * backtick, a tag or a line break stays a file name.
 */
import type { Finding, Severity } from '../finding.ts';
import type { InspectionReport } from './inspection-report.ts';
import type { RuleGroup } from './rank.ts';

const MARK: Readonly<Record<Severity, string>> = {
  error: 'error',
  warning: 'warning',
  note: 'note',
};
const LANGUAGES_SHOWN = 12;

export const toMarkdown = (report: InspectionReport): string =>
  [
    `# Inspection of ${escapeText(report.name)}`,
    ...summary(report),
    ...areas(report),
    ...top(report),
    ...languages(report),
    ...details(report),
    '',
  ].join('\n');

/** Escapes all Markdown punctuation and breaks autolinks; control characters become spaces. */
export const escapeText = (text: string): string =>
  withoutControls(text).replace(/[\\`*_{}[\]()#+!|<>~&:@$^=-]/g, (sign) => `\\${sign}`);

/** A code span that its content cannot leave, safe inside a table. */
const code = (text: string): string => {
  const plain = withoutControls(text).replaceAll('|', '¦');
  const longest = Math.max(0, ...(plain.match(/`+/g) ?? []).map((run) => run.length));
  const fence = '`'.repeat(longest + 1);
  const pad = longest > 0 || plain.startsWith(' ') ? ' ' : '';
  return `${fence}${pad}${plain === '' ? ' ' : plain}${pad}${fence}`;
};

const withoutControls = (text: string): string =>
  text.replace(/[\p{Cc}\p{Zl}\p{Zp}\u202A-\u202E\u2066-\u2069]/gu, ' ').toWellFormed();

const plural = (count: number, noun: string): string => `${count} ${noun}${count === 1 ? '' : 's'}`;

const summary = ({ inventory, ranking }: InspectionReport): string[] => {
  const total = (severity: Severity): number =>
    ranking.findings.filter((each) => each.severity === severity).length;
  const skipped = inventory.skippedBinary + inventory.skippedLarge;
  return [
    '',
    `${plural(inventory.files, 'file')}, ${plural(inventory.ownCode, 'line')} of code and ${inventory.testCode} of tests` +
      `${skipped === 0 ? '' : ` (${skipped} binary or very large files were not read)`}.`,
    '',
    `Found: ${plural(total('error'), 'error')}, ${plural(total('warning'), 'warning')}, ${plural(total('note'), 'note')}.`,
  ];
};

const areas = ({ ranking }: InspectionReport): string[] => [
  '',
  '## Areas',
  '',
  '| Area | Score | Errors | Warnings | Notes |',
  '|---|---:|---:|---:|---:|',
  ...ranking.areas.map(
    ({ analyser, score, errors, warnings, notes }) =>
      `| ${escapeText(analyser)} | ${score} | ${errors} | ${warnings} | ${notes} |`,
  ),
];

const top = ({ ranking }: InspectionReport): string[] => {
  if (ranking.top.length === 0) return ['', '## Read first', '', 'Nothing was found.'];
  return [
    '',
    '## Read first',
    '',
    ...ranking.top.flatMap((each, index) => topItem(each, index + 1)),
  ];
};

const place = ({ path, line }: Finding): string => code(line > 0 ? `${path}:${line}` : path);

const topItem = (each: Finding, number: number): string[] => [
  `${number}. **${MARK[each.severity]}** ${escapeText(each.message)} ${place(each)}`,
  `   ${escapeText(each.why)} *${escapeText(each.fix)}*`,
];

const languages = ({ inventory }: InspectionReport): string[] => {
  if (inventory.languages.length === 0) return [];
  return [
    '',
    '## Languages',
    '',
    '| Language | Files | Code | Comments | Blank |',
    '|---|---:|---:|---:|---:|',
    ...inventory.languages
      .slice(0, LANGUAGES_SHOWN)
      .map(
        ({ language, files, code: lines, comment, blank }) =>
          `| ${escapeText(language)} | ${files} | ${lines} | ${comment} | ${blank} |`,
      ),
  ];
};

const details = ({ ranking, rules }: InspectionReport): string[] => {
  const titles = new Map(rules.map(({ id, title }) => [id, title]));
  return [
    '',
    '## All findings',
    ...ranking.groups.flatMap((group) => groupSection(group, titles.get(group.rule) ?? group.rule)),
  ];
};

const groupSection = (group: RuleGroup, title: string): string[] => {
  const [first] = group.shown;
  return [
    '',
    `### ${escapeText(title)}`,
    '',
    `${code(group.rule)}, ${MARK[group.severity]}, ${group.total} in ${plural(group.files, 'file')}. ${escapeText(first?.why ?? '')} *${escapeText(first?.fix ?? '')}*`,
    '',
    ...group.shown.map((each) => `- ${place(each)} ${escapeText(each.message)}`),
    ...(group.more > 0 ? [`- and ${group.more} more`] : []),
  ];
};
