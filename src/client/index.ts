// client: the typed client of the API, used by the command line, the dashboard and users. Speaks contract only.

export { clientOver } from './hive-client.ts';
export type { CallOptions, HiveClient, Transport } from './hive-client.ts';
export { createClient } from './http-client.ts';
export type { ClientOptions } from './http-client.ts';
