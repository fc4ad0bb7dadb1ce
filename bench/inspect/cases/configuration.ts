import { fixtureArea } from '../fixture-case.ts';
import type { FixtureFile } from '../fixture-case.ts';

const area = fixtureArea('configuration');
const { planted, clean } = area;
export const configurationCases = area.cases;

const SHA = '8f3b2c1d9e0a7b6c5d4e3f2a1b0c9d8e7f6a5b4c';
const expression = (inner: string): string => `\${{ ${inner} }}`;
const workflow = (
  steps: string,
  options: { on?: string; permissions?: boolean } = {},
): FixtureFile => [
  '.github/workflows/ci.yml',
  [
    'name: ci',
    `on: ${options.on ?? 'push'}`,
    ...(options.permissions === false ? [] : ['permissions:', '  contents: read']),
    'jobs:',
    '  build:',
    '    runs-on: ubuntu-24.04',
    '    steps:',
    ...steps.split('\n').map((line) => `      ${line}`),
    '',
  ].join('\n'),
];
const IGNORE: FixtureFile = ['.dockerignore', '.git\nnode_modules\n'];

planted('unpinned-action', 'third-party action by tag', [
  workflow('- uses: some/deploy-action@v3'),
]);
planted('unpinned-action', 'official action on a branch', [
  workflow('- uses: actions/checkout@main'),
]);
planted('workflow-permissions', 'no permissions', [
  workflow('- run: npm test', { permissions: false }),
]);
planted('privileged-checkout', 'head of a fork with secrets', [
  workflow(
    `- uses: actions/checkout@v4\n  with:\n    ref: ${expression('github.event.pull_request.head.sha')}`,
    { on: 'pull_request_target' },
  ),
]);
planted('script-injection', 'issue title in a shell', [
  workflow(`- run: echo "${expression('github.event.issue.title')}"`),
]);
planted('script-injection', 'branch name in a script block', [
  workflow(`- run: |\n    git fetch\n    git checkout ${expression('github.head_ref')}`),
]);
planted('unpinned-image', 'image without a tag', [
  ['Dockerfile', 'FROM node\nUSER node\nCMD ["node"]\n'],
  IGNORE,
]);
planted('unpinned-image', 'latest in compose', [
  ['docker-compose.yml', 'services:\n  cache:\n    image: redis:latest\n'],
]);
planted('container-root', 'no user', [
  ['Dockerfile', 'FROM node:24.1\nCOPY src /app\nCMD ["node", "/app"]\n'],
  IGNORE,
]);
planted('remote-add', 'ADD from the web', [
  ['Dockerfile', 'FROM node:24.1\nADD https://a.io/tool.tgz /opt/\nUSER node\nCMD ["node"]\n'],
  IGNORE,
]);
planted('piped-download', 'curl into bash', [
  [
    'Dockerfile',
    'FROM node:24.1\nRUN apt-get update && \\\n    curl -fsSL https://a.io/install.sh | bash\nUSER node\n',
  ],
  IGNORE,
]);
planted('missing-dockerignore', 'COPY . without .dockerignore', [
  ['Dockerfile', 'FROM node:24.1\nCOPY . /app\nUSER node\nCMD ["node"]\n'],
]);
planted('privileged-service', 'privileged in compose', [
  ['compose.yaml', 'services:\n  agent:\n    image: agent:1.2\n    privileged: true\n'],
]);
planted('tsconfig-not-strict', 'strict is false', [
  ['tsconfig.json', '{ "compilerOptions": { "target": "es2022", "strict": false } }\n'],
]);
planted('env-file', 'values in .env', [
  ['.env', `PORT=3000\nSMTP_PASSWORD=${['Gr4nite', '-Fox-91'].join('')}\n`],
]);
planted('install-script', 'postinstall that downloads', [
  [
    'tool/package.json',
    '{ "name": "tool", "version": "1.0.0", "main": "../src/main.ts", "scripts": { "postinstall": "curl https://a.io/x.sh | sh" } }\n',
  ],
]);
planted('gitignore-gap', 'node_modules not ignored', [['.gitignore', '*.log\n']]);
planted('tls-verification-off', 'in a shell script', [
  ['deploy.sh', 'export NODE_TLS_REJECT_UNAUTHORIZED=0\nnode deploy.js\n'],
]);
planted('invalid-yaml', 'workflow that does not parse', [
  ['.github/workflows/ci.yml', 'on: push\njobs:\n  build: [\n    steps: }\n'],
]);

clean('action pinned to a commit', [workflow(`- uses: some/deploy-action@${SHA} # v3`)]);
clean('official action by tag, local action', [
  workflow(
    '- uses: actions/checkout@v4\n- uses: ./.github/actions/setup\n- uses: docker://alpine:3.20',
  ),
]);
clean('permissions per job', [
  [
    '.github/workflows/ci.yml',
    'on: push\njobs:\n  build:\n    permissions:\n      contents: read\n    runs-on: ubuntu-24.04\n    steps:\n      - run: npm test\n',
  ],
]);
clean('pull_request_target that checks out the base', [
  workflow('- uses: actions/checkout@v4', { on: 'pull_request_target' }),
]);
clean('checkout of the head without secrets', [
  workflow(
    `- uses: actions/checkout@v4\n  with:\n    ref: ${expression('github.event.pull_request.head.sha')}`,
    { on: 'pull_request' },
  ),
]);
clean('title passed by env', [
  workflow(`- env:\n    TITLE: ${expression('github.event.issue.title')}\n  run: echo "$TITLE"`),
]);
clean('harmless expressions in a script', [
  workflow(
    `- run: echo ${expression('github.sha')} ${expression('github.event.pull_request.number')} ${expression('matrix.os')}`,
  ),
]);
clean('multi-stage with an alias and a user', [
  ['Dockerfile', 'FROM node:24.1 AS build\nRUN npm ci\nFROM build\nUSER node\nCMD ["node"]\n'],
  IGNORE,
]);
clean('image by argument and by digest', [
  [
    'Dockerfile',
    `ARG BASE=node:24.1\nFROM \${BASE} AS a\nFROM node@sha256:${'ab'.repeat(32)}\nUSER 1000\nCMD ["node"]\n`,
  ],
  IGNORE,
]);
clean('base image that is not root', [
  ['Dockerfile', 'FROM gcr.io/distroless/nodejs24:nonroot\nCMD ["main.js"]\n'],
  IGNORE,
]);
clean('checked download', [
  [
    'Dockerfile',
    'FROM node:24.1\nADD --checksum=sha256:ab https://a.io/t.tgz /opt/\nRUN curl -fsSL https://a.io/t.tgz -o t.tgz && sha256sum -c sums\nUSER node\n',
  ],
  IGNORE,
]);
clean('compose that builds', [
  [
    'compose.yaml',
    'services:\n  app:\n    build: .\n    image: lantern\n  db:\n    image: postgres:16\n',
  ],
]);
clean('tsconfig that extends', [
  [
    'tsconfig.json',
    '{\n  // shared\n  "extends": "./tsconfig.base.json",\n  "compilerOptions": { "outDir": "dist" },\n}\n',
  ],
  ['tsconfig.base.json', '{ "compilerOptions": { "strict": true } }\n'],
]);
clean('example environment file', [['.env.example', 'SMTP_PASSWORD=Gr4nite-Fox-91x\n']]);
clean('environment file with public settings', [
  [
    '.env',
    'PORT=3000\nVITE_API_KEY_NAME=lantern\nDATABASE_URL=postgres://app:app@localhost/app\nAPI_KEY=\n',
  ],
]);
clean('private package that patches on install', [
  [
    'tool/package.json',
    '{ "name": "tool", "private": true, "scripts": { "postinstall": "patch-package" } }\n',
  ],
]);
clean('native module', [
  [
    'tool/package.json',
    '{ "name": "tool", "version": "1.0.0", "main": "../src/main.ts", "scripts": { "install": "node-gyp rebuild" } }\n',
  ],
]);
clean('TLS switch in a comment', [
  ['deploy.sh', '# never set NODE_TLS_REJECT_UNAUTHORIZED=0\nnode deploy.js\n'],
]);
clean('workflow that is only called', [
  [
    '.github/workflows/reuse.yml',
    'on: workflow_call\njobs:\n  build:\n    runs-on: ubuntu-24.04\n    steps:\n      - run: npm test\n',
  ],
]);
