import { expect, test } from 'vitest';
import { unknownCapability } from './unknown-capability.ts';

const manifests = [
  { name: 'echo', capabilities: ['echo'] },
  { name: 'reviewer', capabilities: ['review', 'lint'] },
];

test.each([
  [
    { capabilities: ['agent:ecko'], node: 'x' },
    'node "x": no agent offers agent:ecko',
    'agent:echo',
  ],
  [{ capabilities: ['reveiw'] }, 'no agent offers reveiw', 'did you mean review'],
  [{ capabilities: ['echo', 'lint'] }, 'no single agent offers all of echo, lint', undefined],
  [{ capabilities: ['quantum.physics'] }, 'no agent offers quantum.physics', undefined],
])('%j', (need, message, fix) => {
  const error = unknownCapability({ ...need, manifests });
  expect(error).toMatchObject({ code: 'CAPABILITY_UNKNOWN', message });
  const { details } = error as Error & { details: { fix?: string[] } };
  if (fix === undefined) expect(details.fix).toBeUndefined();
  else expect(details.fix?.join()).toContain(fix);
});
