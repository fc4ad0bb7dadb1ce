/** Complexity of JavaScript and TypeScript, per function, from a real syntax tree. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import { isDeclaration, isScript, readScript } from '../reading/parse-script.ts';
import {
  isExample,
  isFixture,
  isGeneratedPath,
  isTest,
  isVendored,
  looksGenerated,
} from '../reading/path-kind.ts';
import { isNode } from '../reading/syntax-node.ts';
import { lineFinder } from '../reading/text-lines.ts';
import type { FunctionMeasure } from './measure-functions.ts';
import { measureFunctions } from './measure-functions.ts';
import * as rules from './rules.ts';

/** SonarSource warns at 15; from 25 on reviewers agree without a discussion. */
const MAX_COGNITIVE = 25;
const MAX_PATHS = 20;
const MAX_CODE_LINES = 150;
/** Markup is long without being hard. */
const MAX_MARKUP_LINES = 300;
const MAX_DEPTH = 5;
const MAX_PARAMETERS = 6;

export const complexity = defineAnalyser<never>({
  name: 'complexity',
  version: '1',
  description: 'Functions of JavaScript and TypeScript that are too complex, too long or too deep.',
  rules: rules.RULES,
  wants: (path) =>
    isScript(path) && !isDeclaration(path) && !isVendored(path) && !isGeneratedPath(path),
  inspect: (file) => ({ findings: inspectScript(file) }),
});

const inspectScript = (file: SourceFile): Finding[] => {
  const { path, text } = file;
  if (looksGenerated(path, text)) return [];
  // Tests are long lists by nature, and their stubs have the parameters of what they stand for.
  const deliberate = isFixture(path) || isExample(path) || isTest(path);
  const reading = readScript(path, text);
  if (reading.state === 'refused') {
    if (reading.kind === 'data') return [];
    const message = `Not parsed: ${reading.reason}.`;
    return [finding(rules.NOT_PARSED, { path, line: 0, message })];
  }
  const { errors, program } = reading.result;
  const lineAt = lineFinder(text);
  const syntax = errors.find((each) => String(each.severity) === 'Error');
  if (syntax !== undefined) {
    if (deliberate || isForeignDialect(text)) return [];
    const line = lineAt(syntax.labels[0]?.start ?? 0);
    const message = `Syntax error: ${syntax.message}`;
    return [finding(rules.PARSE_ERROR, { path, line, message })];
  }
  if (deliberate || !isNode(program)) return [];
  const codeLines = codeLineCounter(text);
  return measureFunctions(program).flatMap((measure) => {
    const line = lineAt(measure.start);
    const endLine = lineAt(measure.end);
    const inner = measure.inner.reduce(
      (sum, each) => sum + codeLines(lineAt(each.start) + 1, lineAt(each.end)),
      0,
    );
    const lines = Math.max(0, codeLines(line, endLine) - inner);
    return judge({ path, line, endLine, measure, lines });
  });
};

/** Flow annotations and template placeholders are not errors of the author. */
const isForeignDialect = (text: string): boolean =>
  /@flow\b|<%[=-]?|\{\{[\s\w.]+\}\}|\{%/.test(text) || text.startsWith('%');

type Judged = {
  readonly path: string;
  readonly line: number;
  readonly endLine: number;
  readonly measure: FunctionMeasure;
  readonly lines: number;
};

/** One finding for the shape of a function, the strongest; its parameters are a matter of their own. */
const judge = (judged: Judged): Finding[] => {
  const { path, line, endLine, measure } = judged;
  const found: Finding[] = [];
  const shape = shapeProblem(judged);
  const spot = { path, line, endLine, key: measure.name };
  if (shape !== undefined) found.push(finding(shape.rule, { ...spot, message: shape.message }));
  if (measure.parameters > MAX_PARAMETERS) {
    const message = `${measure.name} takes ${measure.parameters} parameters (limit ${MAX_PARAMETERS}).`;
    found.push(finding(rules.MANY_PARAMETERS, { ...spot, message }));
  }
  return found;
};

const shapeProblem = ({ measure, lines }: Judged): Pick<Shape, 'rule' | 'message'> | undefined => {
  const { name, cognitive, cyclomatic, cases, depth } = measure;
  const figures = `cognitive ${cognitive}, ${cyclomatic} paths, depth ${depth}, ${lines} lines of code`;
  const shapes: Shape[] = [
    {
      rule: rules.COMPLEX_FUNCTION,
      broken: cognitive > MAX_COGNITIVE,
      message: 'is hard to follow',
    },
    { rule: rules.DEEP_NESTING, broken: depth > MAX_DEPTH, message: `nests ${depth} levels deep` },
    { rule: rules.MANY_PATHS, broken: cyclomatic - cases > MAX_PATHS, message: 'has many paths' },
    {
      rule: rules.LONG_FUNCTION,
      broken: lines > (measure.markup ? MAX_MARKUP_LINES : MAX_CODE_LINES),
      message: `is ${lines} lines of code long`,
    },
  ];
  const worst = shapes.find((each) => each.broken);
  return worst && { rule: worst.rule, message: `${name} ${worst.message} (${figures}).` };
};

type Shape = { rule: (typeof rules.RULES)[number]; broken: boolean; message: string };

/** Lines that are neither blank nor comment, between two lines, from one prefix sum. */
const codeLineCounter = (text: string): ((line: number, endLine: number) => number) => {
  const sums = [0];
  let total = 0;
  for (const line of text.split('\n')) {
    const trimmed = line.trim();
    if (trimmed !== '' && !/^(?:\/\/|\/\*|\*)/.test(trimmed)) total += 1;
    sums.push(total);
  }
  return (line, endLine) => (sums[endLine] ?? total) - (sums[line - 1] ?? 0);
};
