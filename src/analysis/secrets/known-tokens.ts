/**
 * Tokens whose shape names their issuer. `anchor` is a literal that every match contains: a file without
 * it is never scanned with the expression, which keeps 5,000 files fast. Expressions are linear.
 */
import type { Rule } from '../finding.ts';
import { AWS_KEY, TOKEN } from './rules.ts';

export type KnownToken = {
  readonly issuer: string;
  readonly anchor: string;
  readonly pattern: RegExp;
  readonly rule: Rule;
  /** Characters that may be shown: the public prefix. */
  readonly shown: number;
  readonly confidence?: number;
};

const token = (issuer: string, anchor: string, pattern: RegExp): KnownToken => ({
  issuer,
  anchor,
  pattern,
  rule: TOKEN,
  shown: anchor.length,
});

export const KNOWN_TOKENS: readonly KnownToken[] = [
  { ...token('AWS', 'AKIA', /\bAKIA[A-Z2-7]{16}\b/g), rule: AWS_KEY },
  { ...token('AWS', 'ASIA', /\bASIA[A-Z2-7]{16}\b/g), rule: AWS_KEY },
  token('GitHub', 'ghp_', /\bghp_[A-Za-z0-9]{36}\b/g),
  token('GitHub', 'gho_', /\bgho_[A-Za-z0-9]{36}\b/g),
  token('GitHub', 'ghs_', /\bghs_[A-Za-z0-9]{36}\b/g),
  token('GitHub', 'ghu_', /\bghu_[A-Za-z0-9]{36}\b/g),
  token('GitHub', 'github_pat_', /\bgithub_pat_[A-Za-z0-9]{22}_[A-Za-z0-9]{59}\b/g),
  token('GitLab', 'glpat-', /\bglpat-[\w-]{20}\b/g),
  token('Slack', 'xoxb-', /\bxoxb-\d{9,14}-\d{9,14}-[A-Za-z0-9]{24}\b/g),
  token('Slack', 'xoxp-', /\bxoxp-\d{9,14}-\d{9,14}-\d{9,14}-[a-f0-9]{28,34}\b/g),
  token(
    'Slack',
    'hooks.slack.com/services/T',
    /hooks\.slack\.com\/services\/T\w{8,12}\/B\w{8,12}\/\w{24}\b/g,
  ),
  token('Stripe', 'sk_live_', /\bsk_live_[A-Za-z0-9]{24,99}\b/g),
  token('Stripe', 'rk_live_', /\brk_live_[A-Za-z0-9]{24,99}\b/g),
  { ...token('Google', 'AIza', /\bAIza[\w-]{35}(?![\w-])/g), confidence: 0.6 },
  token('npm', 'npm_', /\bnpm_[A-Za-z0-9]{36}\b/g),
  token('PyPI', 'pypi-AgEI', /\bpypi-AgEI[\w-]{60,250}/g),
  token('SendGrid', 'SG.', /\bSG\.[\w-]{22}\.[\w-]{43}(?![\w-])/g),
  token('Anthropic', 'sk-ant-', /\bsk-ant-(?:api|admin)\d\d-[\w-]{80,120}/g),
  token('OpenAI', 'sk-proj-', /\bsk-proj-[\w-]{40,200}/g),
  token('OpenAI', 'T3BlbkFJ', /\bsk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}\b/g),
  token('Hugging Face', 'hf_', /\bhf_[A-Za-z]{34}\b/g),
  token('Telegram', ':AA', /\b\d{8,10}:AA[\w-]{33}(?![\w-])/g),
  token('Discord', 'discord', /discord(?:app)?\.com\/api\/webhooks\/\d{17,20}\/[\w-]{60,72}/g),
  token('DigitalOcean', 'dop_v1_', /\bdop_v1_[a-f0-9]{64}\b/g),
  token('Shopify', 'shpat_', /\bshpat_[a-fA-F0-9]{32}\b/g),
  token('Azure Storage', 'AccountKey=', /AccountKey=[A-Za-z0-9+/]{86}==/g),
  token('Databricks', 'dapi', /\bdapi[a-f0-9]{32}\b/g),
  token('Linear', 'lin_api_', /\blin_api_[A-Za-z0-9]{40}\b/g),
  token('Mailgun', 'key-', /\bkey-[a-f0-9]{32}\b/g),
  token('Docker Hub', 'dckr_pat_', /\bdckr_pat_[\w-]{27}(?![\w-])/g),
];
