import { Visitor } from 'oxc-parser';
import type { Expression, ImportDeclaration, Program } from 'oxc-parser';

/** A use of a dangerous global, or of its module's twin, by its name in dangerous.ts. */
export type Use = { readonly name: string; readonly offset: number };

const WATCHED_OBJECTS = ['Date', 'Math', 'performance', 'process', 'crypto'];

/** Modules whose exports are the watched objects, and the object that a default import stands for. */
const WATCHED_MODULES: Readonly<Record<string, string>> = {
  crypto: 'crypto',
  perf_hooks: '',
  process: 'process',
};

/** 'node:fs' and 'fs' are one module. */
export function bareName(specifier: string): string {
  return specifier.startsWith('node:') ? specifier.slice('node:'.length) : specifier;
}

/** Every `object.property` of a watched object, under whatever name the file has imported it. */
export function collectUses(program: Program): Use[] {
  const uses: Use[] = [];
  const aliases = new Map(WATCHED_OBJECTS.map((name) => [name, name]));
  for (const node of program.body) {
    if (node.type === 'ImportDeclaration') uses.push(...readImport(node, aliases));
  }
  const add = (object: string, property: string, offset: number): void => {
    if (object !== '') uses.push({ name: `${object}.${property}`, offset });
  };
  new Visitor({
    MemberExpression(node) {
      const object = objectName(node.object, aliases);
      if (!node.computed) add(object, node.property.name, node.start);
      else if (node.property.type === 'Literal')
        add(object, String(node.property.value), node.start);
    },
    VariableDeclarator(node) {
      if (node.id.type !== 'ObjectPattern' || node.init === null) return;
      for (const property of node.id.properties) {
        if (property.type !== 'Property' || property.key.type !== 'Identifier') continue;
        add(objectName(node.init, aliases), property.key.name, property.start);
      }
    },
    NewExpression(node) {
      const isNow = node.arguments.length === 0 && objectName(node.callee, aliases) === 'Date';
      if (isNow) uses.push({ name: 'new Date()', offset: node.start });
    },
    CallExpression(node) {
      const isNow = objectName(node.callee, aliases) === 'Date';
      if (isNow) uses.push({ name: 'Date()', offset: node.start });
    },
  }).visit(program);
  return uses;
}

/** Notes the local names that an import gives to watched objects; returns what it takes out of them. */
function readImport(node: ImportDeclaration, aliases: Map<string, string>): Use[] {
  const watched = WATCHED_MODULES[bareName(node.source.value)];
  if (watched === undefined) return [];
  const uses: Use[] = [];
  for (const specifier of node.specifiers) {
    if (specifier.type !== 'ImportSpecifier') {
      if (watched !== '') aliases.set(specifier.local.name, watched);
      continue;
    }
    const { imported } = specifier;
    const name = imported.type === 'Identifier' ? imported.name : imported.value;
    if (name === 'webcrypto') aliases.set(specifier.local.name, 'crypto');
    else if (WATCHED_OBJECTS.includes(name)) aliases.set(specifier.local.name, name);
    else uses.push({ name: `${watched}.${name}`, offset: specifier.start });
  }
  return uses;
}

/** The watched object that an expression stands for, or ''. The last name decides: globalThis.crypto. */
function objectName(node: Expression, aliases: ReadonlyMap<string, string>): string {
  if (node.type === 'Identifier') return aliases.get(node.name) ?? '';
  if (node.type !== 'MemberExpression' || node.computed) return '';
  const last = node.property.name;
  if (last === 'webcrypto') return 'crypto';
  return WATCHED_OBJECTS.includes(last) ? last : '';
}
