import path from 'node:path';
import { findCycles } from './cycles.ts';
import {
  CONFIG_USES,
  CONTRACT_PACKAGES,
  DANGEROUS_MODULES,
  IMPURE_BUILTINS,
  KERNEL_USES,
  PURE_ROOMS,
} from './dangerous.ts';
import { collectFacts } from './facts.ts';
import type { FileFacts, ImportFact, SourceFile } from './facts.ts';
import {
  AUTHORS_DOOR_MAY_IMPORT,
  MAX_LINES,
  NAMELESS,
  ROOMS,
  SECOND_DOORS,
  SPECIAL_DOORS,
} from './layers.ts';
import { bareName } from './uses.ts';

export type Rule =
  | 'arrow'
  | 'cycle'
  | 'dangerous'
  | 'export-star'
  | 'front-door'
  | 'index-logic'
  | 'length'
  | 'name'
  | 'outside'
  | 'own-index'
  | 'pure'
  | 'suppression'
  | 'syntax'
  | 'testing-door'
  | 'unknown-room';

export type Violation = { readonly rule: Rule; readonly where: string; readonly message: string };

/** Where a path of src lies. Room '' is src itself, whose only file is the authors' door. */
type Place = { readonly room: string; readonly inside: string; readonly isTest: boolean };

type Context = { readonly facts: FileFacts; readonly place: Place; readonly report: Report };
type Report = (rule: Rule, line: number, message: string) => void;

/** Holds sources of src against the layer table. Pure: paths are relative to the repository. */
export function checkArchitecture(files: readonly SourceFile[]): Violation[] {
  const violations: Violation[] = [];
  const all = files.map((file) => collectFacts(file));
  for (const facts of all) {
    const report: Report = (rule, line, message) => {
      violations.push({ rule, where: `${facts.path}:${line}`, message });
    };
    const context = { facts, place: placeOf(facts.path), report };
    checkFile(context);
    for (const fact of facts.imports) checkImport(context, fact);
    checkUses(context);
  }
  for (const cycle of findCycles(valueGraph(all))) {
    const text = [...cycle, cycle[0]].join(' > ');
    const message = `import cycle: ${text}. Move what both need into a third file, or pass a function.`;
    violations.push({ rule: 'cycle', where: `${cycle[0]}:1`, message });
  }
  return violations;
}

function placeOf(file: string): Place {
  const [, ...rest] = file.split('/');
  const room = rest.length > 1 ? (rest[0] ?? '') : '';
  const inside = rest.slice(room === '' ? 0 : 1).join('/');
  const isTest = inside.endsWith('.test.ts') || /^testing(?:\/|\.ts$)/.test(inside);
  return { room, inside, isTest };
}

function checkFile({ facts, place, report }: Context): void {
  for (const problem of facts.problems) report('syntax', 1, problem);
  if (place.room !== '' && ROOMS[place.room] === undefined) {
    const message = `src/${place.room} is not a room. Put the file into a room of the layer table (test/architecture/layers.ts).`;
    report('unknown-room', 1, message);
  }
  if (place.room === '' && place.inside !== 'index.ts') {
    report('unknown-room', 1, "src holds rooms and the authors' door index.ts, nothing else.");
  }
  if (facts.lines > MAX_LINES) {
    report(
      'length',
      MAX_LINES,
      `${facts.lines} lines; the limit is ${MAX_LINES}. Split it by idea.`,
    );
  }
  for (const part of facts.path.replace(/(?:\.test)?\.ts$/, '').split('/')) {
    if (NAMELESS.includes(part)) {
      report('name', 1, `"${part}" says nothing: name it after the one thing it holds.`);
    }
  }
  for (const { line, hasReason } of facts.suppressions) {
    if (!hasReason) report('suppression', line, 'a suppression needs a reason: `-- because ...`.');
  }
  if (place.inside !== 'index.ts') return;
  for (const line of facts.exportStars) {
    report('export-star', line, 'a front door lists its exports by name: `export { a } from`.');
  }
  for (const line of facts.logic) {
    report(
      'index-logic',
      line,
      'a front door holds only `export { a } from`: move this to a file.',
    );
  }
}

function checkImport(context: Context, fact: ImportFact): void {
  if (!fact.specifier.startsWith('.')) return checkPackage(context, fact);
  const { facts, place, report } = context;
  const target = path.posix.join(path.posix.dirname(facts.path), fact.specifier);
  if (target === 'package.json') return;
  if (!target.startsWith('src/')) {
    const message = `imports ${target}: src imports nothing outside src but package.json.`;
    return report('outside', fact.line, message);
  }
  const to = placeOf(target);
  const isOwn = to.room === place.room;
  if (isOwn && to.inside === 'index.ts') {
    report('own-index', fact.line, `imports its own room's index.ts: import the file itself.`);
  }
  if (to.isTest && !place.isTest) {
    const message = `only tests may import ${target}; everyone else uses src/${to.room}/index.ts.`;
    return report('testing-door', fact.line, message);
  }
  if (isOwn) return;
  checkArrow(context, to, fact);
}

function checkArrow({ place, report }: Context, to: Place, fact: ImportFact): void {
  const rule = ROOMS[place.room];
  const allowed = place.room === '' ? AUTHORS_DOOR_MAY_IMPORT : (rule?.mayImport ?? []);
  if (!allowed.includes(to.room)) {
    const name = place.room === '' ? "the authors' door" : `${place.room} (layer ${rule?.layer})`;
    const message =
      `${name} may not import ${to.room || 'src/index.ts'}; it may import ` +
      `${allowed.join(', ') || 'nothing'}. Exchange an event, or let app pass a function.`;
    return report('arrow', fact.line, message);
  }
  const door = SPECIAL_DOORS[place.room]?.[to.room] ?? 'index.ts';
  if (to.inside === door || to.inside === SECOND_DOORS[place.room]?.[to.room]) return;
  if (place.isTest && to.inside === 'testing.ts') return;
  const message = `imports the inside of ${to.room}: import ../${to.room}/${door} instead.`;
  report('front-door', fact.line, message);
}

function checkPackage({ place, report }: Context, fact: ImportFact): void {
  if (place.isTest) return;
  const name = bareName(fact.specifier);
  const isBuiltin = fact.specifier.startsWith('node:');
  for (const danger of DANGEROUS_MODULES) {
    if (place.room === danger.home || !danger.modules.some((module) => matches(name, module)))
      continue;
    const message = `${fact.specifier} is ${danger.what}, whose home is src/${danger.home}: ${danger.door}.`;
    report('dangerous', fact.line, message);
  }
  if (PURE_ROOMS.includes(place.room) && IMPURE_BUILTINS.includes(name)) {
    const message = `${place.room} is pure: ${fact.specifier} belongs to the caller, who passes data in.`;
    report('pure', fact.line, message);
  }
  if (place.room !== 'contract' || isBuiltin || CONTRACT_PACKAGES.includes(name)) return;
  const message = `contract imports no package but ${CONTRACT_PACKAGES.join(', ')}; not ${name}.`;
  report('pure', fact.line, message);
}

function matches(name: string, module: string): boolean {
  return /[/-]$/.test(module) ? name.startsWith(module) : name === module;
}

function checkUses({ facts, place, report }: Context): void {
  if (place.isTest) return;
  for (const { name, line } of facts.uses) {
    const inKernel = KERNEL_USES[name];
    if (inKernel !== undefined && place.room !== 'kernel') {
      report('dangerous', line, `${name} lives in src/kernel alone: ${inKernel}.`);
    }
    const inConfig = CONFIG_USES[name];
    if (inConfig !== undefined && place.room !== 'config') {
      report('dangerous', line, `${name} lives in src/config alone: ${inConfig}.`);
    }
  }
}

function valueGraph(all: readonly FileFacts[]): Map<string, string[]> {
  const graph = new Map<string, string[]>();
  for (const { path: file, imports } of all) {
    const targets = imports
      .filter((fact) => fact.kind === 'value' && fact.specifier.startsWith('.'))
      .map((fact) => path.posix.join(path.posix.dirname(file), fact.specifier));
    graph.set(file, targets);
  }
  return graph;
}
