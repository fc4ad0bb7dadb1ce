/**
 * An agent in one file: types flow from the schemas, each step is durable. After a crash or a restart
 * of the hive it goes on after the last step that was written.
 */
import { z } from 'zod';
import { defineAgent, stopError } from 'hivewright';

export const wordCount = defineAgent({
  name: 'word-count',
  type: 'example',
  version: '1.0.0',
  description: 'Counts the words of a text and names the longest one.',
  capabilities: ['word_count'],
  input: z.object({ text: z.string(), pauseMs: z.number().min(0).default(0) }),
  output: z.object({ words: z.number(), longest: z.string(), countedAt: z.number() }),
  execute: async ({ input, step, sleep, now, log }) => {
    const words = await step('split', () => input.text.split(/\s+/).filter((word) => word !== ''));
    // trying again cannot help, so say so instead of throwing something that is retried
    if (words.length === 0) throw stopError('the text has no words; send one that has');
    log('INFO', 'counted', { words: words.length });
    if (input.pauseMs > 0) await sleep(input.pauseMs); // gives the slot back meanwhile
    const [longest = ''] = words.toSorted((a, b) => b.length - a.length);
    return { words: words.length, longest, countedAt: now() };
  },
});
