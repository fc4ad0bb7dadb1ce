// The error registry: every code that Hivewright can show, its kind (the retry policy), HTTP status and advice.
// kind: retry = may pass when tried again; stop = trying again cannot help; pause = a human must act; cancelled = somebody asked for it.

export type ErrorKind = 'retry' | 'stop' | 'pause' | 'cancelled';

interface Entry {
  kind: ErrorKind;
  status: number;
  message: string;
  advice: string;
}

const entry = (
  kind: ErrorKind,
  status: number,
  text: { message: string; advice: string },
): Entry => ({ kind, status, ...text });

export const errorCodes = {
  INTERNAL: entry('stop', 500, {
    message: 'An internal fault',
    advice:
      'Run again with --debug and report the stack trace; nothing that was acknowledged is lost.',
  }),
  USAGE: entry('stop', 400, {
    message: 'The command line is not right',
    advice: 'See `hive help` for the commands and their options.',
  }),
  INPUT_INVALID: entry('stop', 400, {
    message: 'The input does not match its schema',
    advice: 'Correct the fields named in the message and send it again.',
  }),
  INPUT_TOO_LARGE: entry('stop', 413, {
    message: 'The payload is over the limit',
    advice:
      'Pass a reference (a path or an id) instead of the content, or raise HIVE_MAX_PAYLOAD_BYTES.',
  }),
  INPUT_TOO_DEEP: entry('stop', 400, {
    message: 'The JSON is nested too deeply',
    advice: 'Flatten the value; at most 32 levels and 100,000 keys are accepted.',
  }),
  INPUT_NUL: entry('stop', 400, {
    message: 'The text contains \\u0000, which no store keeps',
    advice: 'Remove the NUL characters or encode the value as base64.',
  }),
  ID_INVALID: entry('stop', 400, {
    message: 'Not a valid id',
    advice: 'Copy the whole id from `hive run list`, `hive task list` or `hive approval list`.',
  }),
  NOT_FOUND: entry('stop', 404, {
    message: 'There is nothing with this id',
    advice: 'List what exists with `hive run list`, `hive task list` or `hive approval list`.',
  }),
  IDEMPOTENCY_CONFLICT: entry('stop', 409, {
    message: 'This idempotency key was used with another body',
    advice: 'Use a new key for a new request, or send exactly the first body again.',
  }),
  ILLEGAL_TRANSITION: entry('stop', 409, {
    message: 'This state does not allow that change',
    advice: 'Look at the present state with `hive run show <id>` or `hive task show <id>`.',
  }),
  STALE_FENCE: entry('stop', 409, {
    message: 'A newer attempt owns this task; this result is not accepted',
    advice: 'Nothing to do: the newer attempt settles the task.',
  }),
  STALE_VERSION: entry('retry', 409, {
    message: 'The run changed meanwhile',
    advice: 'Read it again and repeat the request.',
  }),
  CAPABILITY_UNKNOWN: entry('stop', 422, {
    message: 'No agent offers the capabilities that are needed',
    advice:
      'See `hive doctor` for the agents and their capabilities; correct the name or add an agent.',
  }),
  AGENT_UNKNOWN: entry('stop', 404, {
    message: 'There is no agent of this name',
    advice: 'See `hive doctor` for the agents of this hive.',
  }),
  AGENT_INVALID: entry('stop', 422, {
    message: 'The agent definition is not valid',
    advice:
      'Correct the fields named in the message; `defineAgent` in the documentation shows the shape.',
  }),
  AGENT_THREW: entry('retry', 500, {
    message: 'The agent threw an error',
    advice:
      'Read the message and `hive task show <id>`; throw a stop error where a retry cannot help.',
  }),
  AGENT_STOPPED: entry('stop', 500, {
    message: 'The agent gave up',
    advice:
      'Read the message: trying again cannot help; correct what it names and start the task afresh.',
  }),
  AGENT_NO_RESULT: entry('stop', 500, {
    message: 'The agent returned nothing',
    advice: 'Return a JSON value from execute(), or null to say that there is no result.',
  }),
  AGENT_OUTPUT_INVALID: entry('stop', 500, {
    message: 'The agent returned something that is not JSON or not of its output schema',
    advice: 'Return plain JSON values that match the output schema of the agent.',
  }),
  AGENT_TIMEOUT: entry('retry', 504, {
    message: 'The agent did not finish before its deadline and was ended',
    advice: 'Raise the time limit of the task, or split the work.',
  }),
  AGENT_CRASHED: entry('retry', 500, {
    message: 'The worker that ran the agent died',
    advice:
      'Look for memory use and process.exit in the agent; after three crashes the task is dead.',
  }),
  AGENT_MEMORY: entry('retry', 500, {
    message: 'The agent went over its memory limit and its worker was ended',
    advice: 'Work in smaller pieces, or raise HIVE_WORKER_HEAP_MB.',
  }),
  TASK_CANCELLED: entry('cancelled', 409, {
    message: 'The task was cancelled',
    advice: 'Start the work again if it is still wanted.',
  }),
  TASK_DEAD: entry('stop', 409, {
    message: 'The task is dead: it crashed or failed too often',
    advice: 'See `hive task show <id>` for its attempts, mend the cause, then start it again.',
  }),
  GRAPH_INVALID: entry('stop', 422, {
    message: 'The workflow graph is not valid',
    advice: 'Correct the places that the message names.',
  }),
  RUN_FAILED: entry('stop', 409, {
    message: 'The run failed',
    advice: 'See `hive run show <id>` for the tasks that failed.',
  }),
  QUEUE_FULL: entry('retry', 429, {
    message: 'The queue is full',
    advice: 'Wait and try again; see `hive doctor` for what holds it up.',
  }),
  CONFIG_INVALID: entry('stop', 500, {
    message: 'The configuration is not valid',
    advice: 'Correct every line named in the message; nothing was started.',
  }),
  PORT_IN_USE: entry('stop', 500, {
    message: 'The port is taken',
    advice: 'End the other program, or choose another port with --port or API_PORT.',
  }),
  LOCK_HELD: entry('stop', 423, {
    message: 'Another hive holds this data directory',
    advice:
      'Use the running hive (commands find it by themselves), end it, or choose another directory with --data.',
  }),
  STORE_UNAVAILABLE: entry('retry', 503, {
    message: 'The store does not answer',
    advice:
      'Check that the database runs and is reachable; work goes on by itself when it is back.',
  }),
  STORE_FULL: entry('pause', 507, {
    message: 'The disk is full',
    advice: 'Free space on the volume of the data directory; nothing acknowledged was lost.',
  }),
  STORAGE_LOW: entry('pause', 507, {
    message: 'Free disk space is below the watermark; new work is not accepted',
    advice: 'Free space on the volume of the data directory, or lower HIVE_MIN_FREE_BYTES.',
  }),
  STORE_READ_ONLY: entry('stop', 500, {
    message: 'The data directory cannot be written',
    advice: 'Give this user write permission, or choose another directory with --data.',
  }),
  STORE_CORRUPT: entry('stop', 500, {
    message: 'The database file is damaged',
    advice:
      'Keep the file, restore a backup, or choose a new directory with --data; `hive doctor` tells more.',
  }),
  SCHEMA_FUTURE: entry('stop', 500, {
    message: 'The database was made by a newer Hivewright',
    advice: 'Start the newer version, or restore a backup made by this one.',
  }),
  SCHEMA_FAILED: entry('stop', 500, {
    message: 'A migration did not finish',
    advice: 'Read the cause, mend it and start again; migrations resume where they stopped.',
  }),
  TOKEN_INVALID: entry('stop', 401, {
    message: 'The token is missing or wrong',
    advice:
      'Use the token of the data directory (file `token`); the hive command finds it by itself.',
  }),
  ORIGIN_REFUSED: entry('stop', 403, {
    message: 'This Host or Origin may not talk to the hive',
    advice: 'Open the dashboard by its loopback address as printed at start.',
  }),
  FORBIDDEN: entry('stop', 403, {
    message: 'Not permitted',
    advice: 'Ask an administrator for the grant named in the message.',
  }),
  SERVER_UNREACHABLE: entry('retry', 503, {
    message: 'The hive does not answer',
    advice: 'Start it with `hive start`, or name its address with --url.',
  }),
  SHUTTING_DOWN: entry('retry', 503, {
    message: 'The hive is shutting down',
    advice: 'Try again after it has started; accepted work is kept.',
  }),
  TIMEOUT: entry('retry', 504, {
    message: 'Not finished in time',
    advice: 'Wait longer with --timeout; the work itself goes on.',
  }),
  PATH_INVALID: entry('stop', 400, {
    message: 'The path cannot be used',
    advice: 'Give an existing directory that this user can read.',
  }),
  JOURNAL_MISMATCH: entry('stop', 409, {
    message: 'The journal does not fit the code that resumes it',
    advice: 'Keep steps and their names unchanged while tasks wait, or start the task afresh.',
  }),
  LOOP_BOUND: entry('stop', 422, {
    message: 'A loop reached its bound before its condition held',
    advice: 'Look at the last iteration, then raise `max` of the loop or correct its `until`.',
  }),
  EXPRESSION_FAILED: entry('stop', 422, {
    message: 'An expression of the workflow could not be computed',
    advice: 'Correct the expression named in the message; `hive workflow validate` checks names.',
  }),
  OUTPUT_MISMATCH: entry('stop', 422, {
    message: 'The result does not match the output schema of its node',
    advice: 'Correct the agent, or the `output` schema of the node in the workflow.',
  }),
  CHILD_FAILED: entry('stop', 422, {
    message: 'A child run did not complete',
    advice: 'Look at the child run named in the message with `hive run show <id>`.',
  }),
  CHILD_LIMIT: entry('stop', 422, {
    message: 'Child runs are nested too deeply or there are too many',
    advice: 'At most 8 levels and 10,000 child runs below one run; use a map, or split the work.',
  }),
  WAIT_TIMEOUT: entry('stop', 408, {
    message: 'What was waited for did not come in time',
    advice: 'Raise the timeout of the wait, or handle it with onTimeout: continue.',
  }),
  APPROVAL_REJECTED: entry('stop', 409, {
    message: 'A person rejected it',
    advice: 'Read the comment in `hive approval show <id>`.',
  }),
  APPROVAL_EXPIRED: entry('stop', 408, {
    message: 'Nobody decided before the deadline',
    advice: 'Give the approval a later deadline or an escalation, then retry the run.',
  }),
  APPROVAL_CLOSED: entry('stop', 409, {
    message: 'This approval is not open any more',
    advice: 'See who decided with `hive approval show <id>`.',
  }),
  EFFECT_UNKNOWN: entry('stop', 409, {
    message: 'It is not known whether an effect happened',
    advice: 'Look at the receiver, then `hive task resolve <id> --done`, `--retry` or `--fail`.',
  }),
  EFFECT_NOT_DONE: entry('retry', 502, {
    message: 'The receiver certainly did not do it',
    advice: 'Read the reason; the task is tried again under its retry policy.',
  }),
  RUN_DEADLINE: entry('stop', 408, {
    message: 'The run passed its deadline',
    advice: 'Raise `timeoutMs` of the workflow, then `hive run retry <id>`.',
  }),
  REPLAY_DIVERGED: entry('stop', 409, {
    message: 'The replay did not do what was recorded',
    advice: 'The code changed since, or it reads clock, random or input outside ctx.',
  }),
  COMPENSATION_FAILED: entry('stop', 500, {
    message: 'Something could not be undone',
    advice: 'Look at the failed compensate task and undo it by hand; it is listed in the run.',
  }),
  FEATURE_MISSING: entry('stop', 501, {
    message: 'This version cannot do that yet',
    advice: 'See CHANGELOG.md for what this version does.',
  }),
} as const satisfies Record<string, Entry>;

export type ErrorCode = keyof typeof errorCodes;
