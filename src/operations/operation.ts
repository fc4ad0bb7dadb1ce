/**
 * The shape of an operation and the one way to call it. Every transport (HTTP, the embedded client) goes through
 * invokeOperation, so that the same checks hold everywhere.
 * I1: the permission is checked before the input is looked at. I2: a handler sees only checked input.
 * I3: unknown fields are refused, never stored.
 */
import type { z } from 'zod';
import {
  crashPoint,
  encodeJson,
  hiveError,
  operationTable,
  schemaWords,
} from '../contract/index.ts';
import type {
  OperationInput,
  OperationName,
  OperationOutput,
  ProjectKey,
  TenantKey,
} from '../contract/index.ts';
import type { Clock, IdSource } from '../kernel/index.ts';
import type { HivePort } from './hive-port.ts';

export const permissions = [
  'run:read',
  'run:write',
  'task:read',
  'task:write',
  'approval:decide',
  'hive:read',
] as const;
export type Permission = (typeof permissions)[number];

export interface Principal {
  tenant: TenantKey;
  project: ProjectKey;
  /** Written to the audit table. */
  name: string;
  permissions: ReadonlySet<Permission>;
}

export interface OperationContext {
  hive: HivePort;
  principal: Principal;
  clock: Clock;
  ids: IdSource;
  /** The caller has gone, or the server stops: long polls end. */
  signal?: AbortSignal;
}

interface OperationSpec<Name extends OperationName> {
  summary: string;
  permission: Permission;
  /** Work begins durably: crash point C1 lies before anything is stored. */
  startsWork?: boolean;
  handler(context: OperationContext, input: OperationInput<Name>): Promise<OperationOutput<Name>>;
}

export interface Operation {
  name: OperationName;
  summary: string;
  permission: Permission;
  http: { method: 'GET' | 'POST'; path: string };
  input: z.ZodObject;
  output: z.ZodType;
  /** Checks the input and runs the handler. Throws INPUT_INVALID and what the handler throws. */
  run(context: OperationContext, raw: unknown): Promise<unknown>;
}

/** Joins a handler with its row of the operation table. */
export function defineOperation<Name extends OperationName>(
  name: Name,
  spec: OperationSpec<Name>,
): Operation {
  const { method, path, input, output } = operationTable[name];
  return {
    name,
    summary: spec.summary,
    permission: spec.permission,
    http: { method, path },
    input,
    output,
    run: async (context, raw) => {
      encodeJson(raw, 'the request', context.hive.maxPayloadBytes + REQUEST_OVERHEAD_BYTES);
      const checked = checkInput(name, raw);
      if (spec.startsWork === true) crashPoint('C1');
      return spec.handler(context, checked);
    },
  };
}

/** Names, settings and punctuation around a payload that is itself limited. */
const REQUEST_OVERHEAD_BYTES = 64 * 1024;
/** More than these help nobody. */
const MAX_ISSUES = 5;

function checkInput<Name extends OperationName>(name: Name, raw: unknown): OperationInput<Name> {
  const result = operationTable[name].input.safeParse(raw, { error: schemaWords });
  // The table's row for `name` is the schema of OperationInput<Name>; TypeScript cannot follow the index.
  if (result.success) return result.data as OperationInput<Name>;
  const issues = result.error.issues.slice(0, MAX_ISSUES).map((issue) => ({
    path: issue.path.join('.'),
    message: issue.message,
  }));
  const text = issues.map(({ path, message }) => (path === '' ? message : `${path}: ${message}`));
  throw hiveError('INPUT_INVALID', { message: text.join('; '), details: { issues } });
}

export function requirePermission(principal: Principal, operation: Operation): void {
  if (principal.permissions.has(operation.permission)) return;
  throw hiveError('FORBIDDEN', {
    message: `${principal.name} may not ${operation.name}: it needs ${operation.permission}`,
  });
}
