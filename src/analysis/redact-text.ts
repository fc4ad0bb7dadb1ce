/**
 * The last wall in front of a report: whatever an analyser quotes, credentials inside URLs and well-known
 * token shapes do not pass. The secrets analyser does not rely on it (it never quotes), the others do.
 */
const TOKEN =
  /\b(?:AKIA|ASIA|gh[pousr]_|github_pat_|glpat-|xox[abeoprs]-|sk_live_|rk_live_|sk-|npm_|pypi-|hf_|dop_v1_|shpat_|SG\.|AIza|eyJ)[\w.-]{12,}/g;
const URL_CREDENTIALS = /\b([a-z][a-z0-9+.-]{1,20}:\/\/)[^\s/@'"]{1,200}@/gi;

/** Replaces URL credentials and token-like words by a mark; the rest is left as it is. */
export const redactText = (text: string): string =>
  text.replace(URL_CREDENTIALS, '$1[redacted]@').replace(TOKEN, '[redacted]');
