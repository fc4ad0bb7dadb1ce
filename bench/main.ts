// npm run bench -- core|runs|inspect [--store sqlite|postgres] [--json] [...]: the measurements of docs/benchmarks.md.
// Benchmarks are not tests: nothing here passes or fails by a time.

import { runCoreBench } from './core/main.ts';

const [suite = 'core', ...rest] = process.argv.slice(2);

switch (suite) {
  case 'core':
    await runCoreBench(rest);
    break;
  case 'runs': {
    const { runRunsBench } = await import('./runs/main.ts');
    await runRunsBench(rest);
    break;
  }
  case 'inspect': {
    const { runInspectBench } = await import('./inspect/main.ts');
    await runInspectBench({ json: rest.includes('--json') });
    break;
  }
  default:
    console.error(`unknown suite "${suite}"; there are core, runs and inspect`);
    process.exitCode = 2;
}
