/** GitHub Actions workflows: what strangers can make them do. */
import type { SourceFile } from '../analyser.ts';
import type { Finding, Rule } from '../finding.ts';
import { finding } from '../finding.ts';
import type { YamlNode } from '../reading/read-yaml.ts';
import { readYaml } from '../reading/read-yaml.ts';
import * as rules from './rules.ts';

const COMMIT = /@[0-9a-f]{40}(?:[0-9a-f]{24})?$/;
/** GitHub's own actions are as trusted as the runner; a moving branch of them is not. */
const TRUSTED_OWNER = /^(?:actions|github)\//;
const BRANCH = /@(?:main|master|develop|dev|trunk|head|latest)$/i;
/** Event fields that whoever opens an issue or a pull request writes. */
const UNTRUSTED =
  /\$\{\{[^}]{0,300}\b(?:github\.event\.(?:issue\.(?:title|body)|pull_request\.(?:title|body|head\.(?:ref|label|repo\.default_branch))|comment\.body|review\.body|review_comment\.body|discussion\.(?:title|body)|head_commit\.(?:message|author\.(?:email|name))|commits\b[^}]{0,60}message|workflow_run\.(?:head_branch|head_commit\.message|display_title)|pages\b[^}]{0,60}page_name)|github\.head_ref)\b[^}]{0,300}\}\}/;
const HEAD_REF =
  /github\.event\.pull_request\.head\.(?:sha|ref)|github\.head_ref|github\.event\.workflow_run\.head_(?:sha|branch)|refs\/pull\//;

export const isWorkflow = (path: string): boolean =>
  /(?:^|\/)\.github\/workflows\/[^/]+\.ya?ml$/.test(path);

type Report = (rule: Rule, place: { line: number; message: string; key: string }) => void;

export const inspectWorkflow = ({ path, text }: SourceFile): Finding[] => {
  const reading = readYaml(text);
  if (!reading.ok) {
    const message = `Not valid YAML: ${reading.message}`;
    return [finding(rules.INVALID_YAML, { path, line: reading.line, message, key: 'yaml' })];
  }
  const found: Finding[] = [];
  const report: Report = (rule, place) => found.push(finding(rule, { path, ...place }));
  const { members } = reading.root;
  const jobs = members.get('jobs');
  if (jobs === undefined) return [];
  const triggers = triggerNames(members.get('on') ?? members.get('true'));
  const privileged = triggers.some(
    (name) => name === 'pull_request_target' || name === 'workflow_run',
  );
  for (const [name, job] of jobs.members) {
    inspectUses(job.members.get('uses'), report);
    for (const step of job.members.get('steps')?.items ?? [])
      inspectStep(step, { privileged, report });
    if (
      !members.has('permissions') &&
      !job.members.has('permissions') &&
      !triggers.every((each) => each === 'workflow_call')
    ) {
      report(rules.NO_PERMISSIONS, {
        line: job.line,
        message: `Job ${name} runs with the default token rights.`,
        key: name,
      });
    }
  }
  return oncePerRule(found, rules.NO_PERMISSIONS.id);
};

/** One missing line at the top is one finding, however many jobs there are. */
const oncePerRule = (found: readonly Finding[], rule: string): Finding[] => {
  const first = found.find((each) => each.rule === rule);
  return found.filter((each) => each.rule !== rule || each === first);
};

const triggerNames = (on: YamlNode | undefined): string[] => {
  if (on === undefined) return [];
  if (on.text !== undefined) return [on.text];
  return [...on.members.keys(), ...on.items.map(({ text }) => text ?? '')];
};

const inspectUses = (uses: YamlNode | undefined, report: Report): void => {
  const name = uses?.text;
  if (
    uses === undefined ||
    name === undefined ||
    /^\.{1,2}\/|^docker:\/\//.test(name) ||
    COMMIT.test(name)
  )
    return;
  if (TRUSTED_OWNER.test(name) && !BRANCH.test(name)) return;
  report(rules.UNPINNED_ACTION, {
    line: uses.line,
    message: `${name} is not pinned to a commit.`,
    key: name,
  });
};

const inspectStep = (step: YamlNode, context: { privileged: boolean; report: Report }): void => {
  const { report, privileged } = context;
  const uses = step.members.get('uses');
  const inputs = step.members.get('with')?.members;
  inspectUses(uses, report);
  const ref = inputs?.get('ref');
  if (
    privileged &&
    uses?.text?.startsWith('actions/checkout@') === true &&
    HEAD_REF.test(ref?.text ?? '')
  ) {
    const message = 'The head of a pull request is checked out where secrets are available.';
    report(rules.PRIVILEGED_CHECKOUT, { line: ref?.line ?? uses.line, message, key: 'checkout' });
  }
  const scripts = [
    step.members.get('run'),
    uses?.text?.startsWith('actions/github-script@') === true ? inputs?.get('script') : undefined,
  ];
  for (const script of scripts) {
    const match = UNTRUSTED.exec((script?.text ?? '').slice(0, 50_000));
    if (script === undefined || match === null) continue;
    report(rules.SCRIPT_INJECTION, {
      line: script.line,
      message: `The script contains ${match[0]}.`,
      key: match[0],
    });
  }
};
