import type { Rule } from '../finding.ts';

const rule = (id: string, rest: Omit<Rule, 'id'>): Rule => ({ id: `configuration/${id}`, ...rest });

export const UNPINNED_ACTION = rule('unpinned-action', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Third-party action is not pinned to a commit',
  why: 'Whoever can move the tag runs code in your pipeline, with its secrets.',
  fix: 'Pin the full commit hash and keep the version in a comment; let a bot update it.',
});
export const NO_PERMISSIONS = rule('workflow-permissions', {
  severity: 'note',
  confidence: 0.7,
  title: 'Workflow does not limit its token',
  why: 'Without `permissions` the token has what the organisation defaults to, often write access to everything.',
  fix: 'Set `permissions: contents: read` at the top and widen it per job.',
});
export const PRIVILEGED_CHECKOUT = rule('privileged-checkout', {
  severity: 'error',
  confidence: 0.9,
  title: 'Code of a pull request runs with secrets',
  why: 'pull_request_target and workflow_run have write tokens; checking out the head lets any fork use them.',
  fix: 'Use pull_request, or never run anything from the checked-out head.',
});
export const SCRIPT_INJECTION = rule('script-injection', {
  severity: 'error',
  confidence: 0.9,
  title: 'Text of strangers is pasted into a script',
  why: 'A title or branch name with a quote in it becomes a command of your pipeline.',
  fix: 'Pass the value through `env:` and use the quoted variable.',
});
export const INVALID_YAML = rule('invalid-yaml', {
  severity: 'error',
  confidence: 0.9,
  title: 'Configuration is not valid YAML',
  why: 'The pipeline or service will not start from it.',
  fix: 'Correct the syntax at the named line.',
});
export const LATEST_IMAGE = rule('unpinned-image', {
  severity: 'warning',
  confidence: 0.8,
  title: 'Container image without a version',
  why: 'The same file builds something else tomorrow, and nobody can say what ran yesterday.',
  fix: 'Name a version, better a digest.',
});
export const ROOT_IMAGE = rule('container-root', {
  severity: 'note',
  confidence: 0.6,
  title: 'Container runs as root',
  why: 'A break-out of the process starts with all rights.',
  fix: 'Create a user and switch to it with USER before the entry point.',
});
export const REMOTE_ADD = rule('remote-add', {
  severity: 'warning',
  confidence: 0.9,
  title: 'ADD downloads without a checksum',
  why: 'The build takes whatever the server sends that day.',
  fix: 'Use ADD --checksum, or curl with a verified hash.',
});
export const PIPED_SHELL = rule('piped-download', {
  severity: 'warning',
  confidence: 0.7,
  title: 'Download is piped into a shell',
  why: 'Nothing checks what is executed, and a cut connection runs half a script.',
  fix: 'Download a pinned version, verify its hash, then run it.',
});
export const NO_DOCKERIGNORE = rule('missing-dockerignore', {
  severity: 'note',
  confidence: 0.7,
  title: 'Image copies everything and there is no .dockerignore',
  why: 'Local secrets, .git and node_modules end up in the layers.',
  fix: 'Add a .dockerignore that starts with `*` or lists what must stay out.',
});
export const PRIVILEGED_SERVICE = rule('privileged-service', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Container has the rights of the host',
  why: 'Privileged mode and the engine socket make the container equal to root on the host.',
  fix: 'Grant the single capability or device that is needed.',
});
export const NOT_STRICT = rule('tsconfig-not-strict', {
  severity: 'note',
  confidence: 0.7,
  title: 'TypeScript without strict',
  why: 'null, undefined and implicit any pass unseen: the checks that find most defects are off.',
  fix: 'Set "strict": true, and switch single checks off while the code is brought up.',
});
export const ENV_COMMITTED = rule('env-file', {
  severity: 'error',
  confidence: 0.8,
  title: 'Environment file with values is committed',
  why: 'It holds the credentials of a real deployment sooner or later, for everyone with the repository.',
  fix: 'Commit a .env.example without values, ignore .env, and change what was in it.',
});
export const INSTALL_SCRIPT = rule('install-script', {
  severity: 'warning',
  confidence: 0.7,
  title: 'Package runs a command when it is installed',
  why: 'Everyone who installs it executes that command unasked; package managers begin to block it.',
  fix: 'Do the work at build or first use; ship prebuilt files.',
});
export const GITIGNORE = rule('gitignore-gap', {
  severity: 'note',
  confidence: 0.7,
  title: '.gitignore lets generated files in',
  why: 'One `git add .` commits thousands of files that nobody wrote.',
  fix: 'Add the named pattern to .gitignore.',
});
export const TLS_OFF = rule('tls-verification-off', {
  severity: 'warning',
  confidence: 0.85,
  title: 'Certificate checks are switched off',
  why: 'Anyone between this machine and the server can read and change the traffic.',
  fix: 'Trust the missing authority instead of switching verification off.',
});

export const RULES: readonly Rule[] = [
  UNPINNED_ACTION,
  NO_PERMISSIONS,
  PRIVILEGED_CHECKOUT,
  SCRIPT_INJECTION,
  INVALID_YAML,
  LATEST_IMAGE,
  ROOT_IMAGE,
  REMOTE_ADD,
  PIPED_SHELL,
  NO_DOCKERIGNORE,
  PRIVILEGED_SERVICE,
  NOT_STRICT,
  ENV_COMMITTED,
  INSTALL_SCRIPT,
  GITIGNORE,
  TLS_OFF,
];
