// node test/sim/main.ts [--seeds 10000] [--from 1] [--seed 7] [--flows]: runs simulations (of workflows), each seed twice, and prints the seeds that fail.

import { parseArgs } from 'node:util';
import { simulateFlows } from './simulate-flows.ts';
import { simulate } from './simulate.ts';

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '1000' },
    from: { type: 'string', default: '1' },
    seed: { type: 'string' },
    flows: { type: 'boolean', default: false },
  },
});
const from = Number(values.seed ?? values.from);
const count = values.seed === undefined ? Number(values.seeds) : 1;
const run = values.flows ? simulateFlows : simulate;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

let failed = 0;
let tasks = 0;
for (let seed = from; seed < from + count; seed++) {
  const [first, second] = [await run(seed), await run(seed)];
  const problems =
    first.hash === second.hash
      ? first.problems
      : [...first.problems, 'the same seed gave another state'];
  tasks += first.counts.tasks;
  if (values.seed !== undefined) say(JSON.stringify({ ...first, problems }, null, 2));
  if (problems.length === 0) continue;
  failed++;
  say(`seed ${seed}: ${problems.join('; ')}`);
}
say(`${count} seeds, ${tasks} tasks, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
