import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from 'vitest';
import { openHive } from './embedded.ts';

test('the token of the data directory is for addresses of this machine only', async () => {
  const data = mkdtempSync(path.join(tmpdir(), 'hive-token-'));
  try {
    writeFileSync(path.join(data, 'token'), 't'.repeat(40));
    const open = (url: string) => openHive({ purpose: 'any', flags: { url, data } });
    await expect(open('http://hive.invalid:8000')).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
    expect((await open('http://127.0.0.1:8000')).mode).toBe('remote');
    expect((await open('http://[::1]:8000')).mode).toBe('remote');
  } finally {
    rmSync(data, { recursive: true, force: true });
  }
});
