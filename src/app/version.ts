// The version of this product, from its package.json: beside src in the repository, beside dist in the published package.

import { readFileSync } from 'node:fs';

function packageVersion(): string {
  const text = readFileSync(new URL('../../package.json', import.meta.url), 'utf8');
  const value: unknown = JSON.parse(text);
  return typeof value === 'object' && value !== null && 'version' in value
    ? String(value.version)
    : '0.0.0';
}

export const VERSION = packageVersion();
