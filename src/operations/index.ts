// operations: everything a user can do, one file each: input and output schema, permission, handler. Transports only carry them.

export type {
  HivePort,
  HostFacts,
  InspectGraphOptions,
  StartRun,
  ProjectRetentionChange,
} from './hive-port.ts';
export { invokeOperation, operations } from './operation-list.ts';
export { permissions } from './operation.ts';
export type { Operation, OperationContext, Permission, Principal } from './operation.ts';
