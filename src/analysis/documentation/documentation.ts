/** Documentation: links and anchors, README and licence, and the shape of Markdown pages. */
import { defineAnalyser } from '../define-analyser.ts';
import type { SourceFile } from '../analyser.ts';
import type { Finding } from '../finding.ts';
import { finding } from '../finding.ts';
import {
  isExample,
  isFixture,
  isGeneratedPath,
  isTest,
  isVendored,
  looksGenerated,
} from '../reading/path-kind.ts';
import type { RepositoryFacts } from '../repository-facts.ts';
import { judgeLink } from './check-links.ts';
import type { MarkdownReading } from './read-markdown.ts';
import { readMarkdown } from './read-markdown.ts';
import * as rules from './rules.ts';

type Facts = {
  readonly path: string;
  readonly anchors: readonly string[];
  /** [file, anchor, line, target as written] */
  readonly wanted: readonly (readonly [string, string, number, string])[];
  /** Of the README in the root only. */
  readonly sections?: readonly string[];
  readonly private?: boolean;
  readonly licensed?: boolean;
};

const MARKDOWN = /\.(?:md|markdown)$/i;
const HISTORY =
  /(?:^|\/)(?:changelog|changes|history|news|releases?(?:[-_ ]?notes)?|migration)[\w.-]*\.md$/i;

export const documentation = defineAnalyser<Facts>({
  name: 'documentation',
  version: '1',
  description: 'Broken links and anchors, missing README sections and licence, unfinished pages.',
  rules: rules.RULES,
  wants: (path) =>
    !isVendored(path) && (MARKDOWN.test(path) || /^(?:package\.json|readme[\w.]*)$/i.test(path)),
  inspect: (file, shared) => {
    if (file.path === 'package.json') return { findings: [], fact: manifestFact(file) };
    if (isFixture(file.path) || isTest(file.path) || isGeneratedPath(file.path))
      return { findings: [] };
    const page = readMarkdown(file.text);
    const fact = factOf(file, page, shared);
    if (looksGenerated(file.path, file.text))
      return { findings: [], fact: { ...fact, wanted: [] } };
    return { findings: [...brokenLinks(file, page, shared), ...shape(file.path, page)], fact };
  },
  finish: (facts, shared) => [...brokenAnchors(facts), ...repository(facts, shared)],
});

const manifestFact = ({ path, text }: SourceFile): Facts => ({
  path,
  anchors: [],
  wanted: [],
  private: /"private"\s{0,10}:\s{0,10}true/.test(text),
  licensed: /"licen[sc]e"\s{0,10}:\s{0,10}"UNLICENSED"/.test(text),
});

const isRootReadme = (path: string): boolean => /^readme(?:\.\w+)?$/i.test(path);

const factOf = ({ path }: SourceFile, page: MarkdownReading, shared: RepositoryFacts): Facts => ({
  path,
  anchors: [...page.anchors],
  wanted: page.links.flatMap(({ target, line }) => {
    const verdict = judgeLink(path, target, shared);
    if (verdict.kind !== 'anchor') return [];
    return verdict.file === path && page.anchors.has(verdict.anchor)
      ? []
      : [[verdict.file, verdict.anchor, line, target] as const];
  }),
  ...(isRootReadme(path)
    ? {
        sections: page.headings.map(({ text: title }) => title.toLowerCase()),
      }
    : {}),
});

const brokenLinks = (
  { path }: SourceFile,
  page: MarkdownReading,
  shared: RepositoryFacts,
): Finding[] => {
  if (isExample(path)) return [];
  return page.links.flatMap(({ target, line }) => {
    const verdict = judgeLink(path, target, shared);
    if (verdict.kind !== 'missing') return [];
    const message = `Link to "${target}": ${verdict.target} is not in the repository.`;
    return [finding(rules.BROKEN_LINK, { path, line, message, key: target })];
  });
};

const brokenAnchors = (facts: readonly Facts[]): Finding[] => {
  const anchors = new Map(facts.map((each) => [each.path, new Set(each.anchors)]));
  return facts.flatMap(({ path, wanted }) =>
    wanted
      .filter(([file, anchor]) => isMissing(anchors.get(file), anchor))
      .map(([file, anchor, line, target]) => {
        const message = `Link to "${target}": ${file} has no heading for #${anchor}.`;
        return finding(rules.BROKEN_ANCHOR, { path, line, message, key: target });
      }),
  );
};

/** Slugs differ a little between sites (repeated dashes, leading underscores); only clear misses count. */
const isMissing = (anchors: ReadonlySet<string> | undefined, anchor: string): boolean => {
  if (anchors === undefined || anchors.has(anchor)) return false;
  const loose = bare(anchor);
  return ![...anchors].some((each) => bare(each) === loose);
};

const bare = (anchor: string): string => anchor.replace(/[^\p{L}\p{N}]/gu, '');

const UNFINISHED =
  /\b(?:TODO|TBD|FIXME|XXX)\b(?!\s*(?:comments?|list|app|items?|s\b|\.md))(?::|\s*$|\s*\(|\s*[-–]|\s+(?:add|write|document|describe|fix|explain|update|complete|fill)\b)|\blorem ipsum\b|\bcoming soon\b\W*$|\[(?:[Ii]nsert|[Yy]our|[Aa]dd)\b[^\]]{0,60}\](?!\()/;

const shape = (path: string, page: MarkdownReading): Finding[] => {
  const found: Finding[] = [];
  if (page.openFence !== undefined) {
    const message = 'This code block is open to the end of the file.';
    found.push(finding(rules.OPEN_FENCE, { path, line: page.openFence, message }));
  }
  if (HISTORY.test(path) || isExample(path) || /(?:^|\/)\.github\//.test(path)) return found;
  const { headings } = page;
  /** One style decision, one finding. */
  let jumped = false;
  headings.forEach((heading, index) => {
    const spot = { path, line: heading.line, key: heading.text };
    const level = headings[index - 1]?.level;
    if (level !== undefined && heading.level > level + 1 && !jumped) {
      jumped = true;
      const message = `"${heading.text}" is on level ${heading.level} below level ${level}.`;
      found.push(finding(rules.HEADING_JUMP, { ...spot, message }));
    }
    if (
      !heading.filled &&
      index > 0 &&
      !/[`([]/.test(heading.text) &&
      page.openFence === undefined &&
      !isGroup(headings, index)
    ) {
      found.push(finding(rules.EMPTY_SECTION, { ...spot, message: `"${heading.text}" is empty.` }));
    }
  });
  for (const { text, line } of page.prose) {
    if (!UNFINISHED.test(text) || /^\s*[-*]\s*\[[ x]\]/i.test(text)) continue;
    found.push(
      finding(rules.UNFINISHED, {
        path,
        line,
        message: 'A placeholder was left in the text.',
        key: text,
        evidence: text,
      }),
    );
  }
  return found;
};

/** A heading that is followed by a deeper one is a group, not an empty section. */
const isGroup = (headings: MarkdownReading['headings'], index: number): boolean =>
  (headings[index + 1]?.level ?? 0) > (headings[index]?.level ?? 0);

/** Any of these words in a heading answers the question. */
const SECTIONS: readonly (readonly [string, RegExp])[] = [
  [
    'installation',
    /install|get(?:ting)? started|set-?up|quick ?start|download|requirement|build|deploy|usage|how to|running|start|development|begin/,
  ],
  [
    'usage',
    /usage|use|using|example|quick ?start|get(?:ting)? started|how|tutorial|guide|command|api|run|demo|feature|documentation|docs|start|options|reference|overview/,
  ],
];
/** Below this a repository is a note; a README that is one paragraph is enough. */
const MIN_FILES_FOR_SECTIONS = 10;

const repository = (facts: readonly Facts[], shared: RepositoryFacts): Finding[] => {
  const names = shared.entries.map(({ path }) => path);
  const closed = facts.some(
    (each) => each.path === 'package.json' && (each.private === true || each.licensed === true),
  );
  const found: Finding[] = [];
  const readme =
    names.find(isRootReadme) ??
    names.find((path) => /^(?:docs|\.github)\/readme(?:\.\w+)?$/i.test(path));
  if (readme === undefined) {
    found.push(
      finding(rules.MISSING_README, { path: '.', line: 0, message: 'The root has no README.' }),
    );
  }
  const licence = names.some((path) =>
    /^(?:[^/]*(?:licen[sc]e|copying|unlicense|copyright)[^/]*|LICENSES\/.*)$/i.test(path),
  );
  if (!licence && !closed) {
    found.push(
      finding(rules.MISSING_LICENCE, {
        path: '.',
        line: 0,
        message: 'The root has no licence file.',
      }),
    );
  }
  const root = facts.find((each) => each.sections !== undefined && MARKDOWN.test(each.path));
  if (root !== undefined && names.length >= MIN_FILES_FOR_SECTIONS)
    found.push(...missingSections(root));
  return found;
};

const missingSections = ({ path, sections = [] }: Facts): Finding[] => {
  const missing = SECTIONS.filter(([, words]) => !sections.some((each) => words.test(each))).map(
    ([name]) => name,
  );
  return missing.map((name) => {
    const message = `The README does not say anything about ${name}.`;
    return finding(rules.MISSING_SECTION, { path, line: 0, message, key: name });
  });
};
