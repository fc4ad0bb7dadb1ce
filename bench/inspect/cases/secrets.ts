/** Every secret is put together here, so that no scanner of this repository has anything to report. */
import { BASE32, HEX, drawn, fixtureArea } from '../fixture-case.ts';

const area = fixtureArea('secrets');
const { planted, clean } = area;
export const secretCases = area.cases;

const join = (...parts: readonly string[]): string => parts.join('');
const keyBlock = (kind: string): string =>
  [
    join('-----BEGIN ', kind, 'PRIVATE', ' KEY-----'),
    ...[1, 2, 3, 4].map((seed) => drawn(seed + 90, 64)),
    join('-----END ', kind, 'PRIVATE', ' KEY-----'),
    '',
  ].join('\n');

planted('aws-access-key', 'AWS key in a config module', [
  [
    'src/aws.ts',
    `const accessKeyId = '${join('AK', 'IA', drawn(1, 16, BASE32))}';\nvoid accessKeyId;\n`,
  ],
]);
planted('service-token', 'GitHub token in a deploy script', [
  [
    'deploy.sh',
    `curl -H "Authorization: token ${join('gh', 'p_', drawn(2, 36))}" https://api.github.com\n`,
  ],
]);
planted('service-token', 'Stripe live key', [
  [
    'src/pay.ts',
    `const stripe = connect('${join('sk_', 'live_', drawn(3, 24))}');\nvoid stripe;\n`,
  ],
]);
planted('service-token', 'npm token in .npmrc', [
  ['.npmrc', `//registry.npmjs.org/:_authToken=${join('npm', '_', drawn(4, 36))}\n`],
]);
planted('service-token', 'SendGrid key in Python', [
  ['mail.py', `KEY = "${join('SG', '.', drawn(5, 22), '.', drawn(6, 43))}"\n`],
]);
planted('service-token', 'Slack webhook in YAML', [
  [
    'alerts.yml',
    `url: https://${join('hooks.slack', '.com/services/T', drawn(7, 9, BASE32), '/B', drawn(8, 9, BASE32), '/', drawn(9, 24))}\n`,
  ],
]);
planted('private-key', 'RSA key file', [['deploy_key.pem', keyBlock('RSA ')]]);
planted('private-key', 'key inside a JSON service account', [
  [
    'account.json',
    `{"private_key": "${join('-----BEGIN PRIVATE', ' KEY-----\\n', drawn(10, 64), '\\n', drawn(11, 64), '\\n')}"}\n`,
  ],
]);
planted('password-in-url', 'database URL with a password', [
  [
    'config/production.yml',
    `url: ${join('postgres://app:', drawn(12, 14), '@db.lantern.io:5432/app')}\n`,
  ],
]);
planted('high-entropy-secret', 'quoted secret in TypeScript', [
  ['src/session.ts', `const sessionSecret = '${drawn(13, 40)}';\nvoid sessionSecret;\n`],
]);
planted('high-entropy-secret', 'hex signing key in properties', [
  ['app.properties', `signing_key=${drawn(14, 64, HEX)}\n`],
]);
planted('hardcoded-password', 'password in Python settings', [
  ['settings.py', `DATABASE = {"user": "app", "password": "${join('Gr4nit', 'e!Fox')}"}\n`],
]);

clean('the example key of the AWS manual', [
  ['src/aws.ts', `const accessKeyId = '${join('AK', 'IAIOSFODNN7EXAMPLE')}';\nvoid accessKeyId;\n`],
]);
clean('placeholder token', [
  ['deploy.sh', `export GITHUB_TOKEN=${join('gh', 'p_', 'x'.repeat(36))}\n`],
]);
clean('token from the environment', [
  ['src/pay.ts', "const apiKey = process.env['STRIPE_SECRET_KEY'] ?? '';\nvoid apiKey;\n"],
]);
clean('npmrc with a variable', [['.npmrc', '//registry.npmjs.org/:_authToken=${NPM_TOKEN}\n']]);
clean('a commit hash and a digest', [
  [
    'src/build.ts',
    `const revision = '${drawn(20, 40, HEX)}';\nconst tokenDigest = 'sha256:${drawn(21, 64, HEX)}';\nvoid [revision, tokenDigest];\n`,
  ],
]);
clean('a UUID under a token name', [
  [
    'src/device.ts',
    "const deviceToken = '6f1c2b1e-8f4d-4c1a-9b7e-2d5a7c3e9f10';\nvoid deviceToken;\n",
  ],
]);
clean('public key', [
  [
    'deploy.pub',
    `${join('-----BEGIN PUBLIC', ' KEY-----')}\n${drawn(22, 64)}\n${drawn(23, 64)}\n${join('-----END PUBLIC', ' KEY-----')}\n`,
  ],
]);
clean('code that looks for key headers', [
  [
    'src/detect.ts',
    `const isKey = (text: string) => text.startsWith('${join('-----BEGIN PRIVATE', ' KEY-----')}');\nvoid isKey;\n`,
  ],
]);
clean('local database URL', [
  ['config/development.yml', 'url: postgres://postgres:postgres@localhost:5432/app\n'],
]);
clean('password labels and routes', [
  [
    'src/form.ts',
    "const text = { password: 'Enter your password', passwordHint: 'passwordHint1', reset: '/password/reset2' };\nvoid text;\n",
  ],
]);
clean('random dummy in a test', [
  [
    'test/session.test.ts',
    `import { expect, test } from 'vitest';\n\ntest('signs', () => {\n  const secret = '${drawn(24, 40)}';\n  expect(secret).toHaveLength(40);\n});\n`,
  ],
]);
clean('secret names that hold names', [
  [
    'k8s.yml',
    'secretName: lantern-production-tls-certificate\ntokenPath: /var/run/secrets/token\nsecretKeyRef: database-credentials-v2\n',
  ],
]);
