/** Examines the hive and says what to mend. */
import { toHiveError } from '../contract/index.ts';
import { examine } from './examine.ts';
import { defineOperation } from './operation.ts';
import { readAgents } from './read-agents.ts';

export const hiveDoctor = defineOperation('hive.doctor', {
  summary: 'Check the hive and say what to mend',
  permission: 'hive:read',
  handler: async (context) => {
    const { hive } = context;
    const store = await hive.store
      .health()
      .catch((error: unknown) => ({ problem: toHiveError(error, 'STORE_UNAVAILABLE').message }));
    const agents = 'problem' in store ? [] : await readAgents(context);
    const checks = examine({ host: hive.facts(), store, agents });
    return { checks, isHealthy: checks.every(({ status }) => status !== 'fail') };
  },
});
