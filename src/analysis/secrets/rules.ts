import type { Rule } from '../finding.ts';

const FIX_REVOKE =
  'Revoke it at the issuer now, then load the new one from the environment or a secret store. Removing the line is not enough: history keeps it.';

const rule = (id: string, title: string, rest: Partial<Rule> = {}): Rule => ({
  id: `secrets/${id}`,
  severity: 'error',
  confidence: 0.9,
  title,
  why: 'Whoever reads the repository, a fork or a build log can act as the owner of this credential.',
  fix: FIX_REVOKE,
  ...rest,
});

export const PRIVATE_KEY = rule('private-key', 'Private key in the repository');
export const TOKEN = rule('service-token', 'Access token of a known service');
export const AWS_KEY = rule('aws-access-key', 'AWS access key');
export const URL_PASSWORD = rule('password-in-url', 'Password inside a URL', {
  severity: 'warning',
  confidence: 0.8,
});
export const GENERIC_SECRET = rule(
  'high-entropy-secret',
  'Random-looking value under a secret name',
  {
    severity: 'warning',
    confidence: 0.7,
  },
);
export const PASSWORD = rule('hardcoded-password', 'Password written into the source', {
  severity: 'warning',
  confidence: 0.6,
});

export const RULES: readonly Rule[] = [
  PRIVATE_KEY,
  TOKEN,
  AWS_KEY,
  URL_PASSWORD,
  GENERIC_SECRET,
  PASSWORD,
];
