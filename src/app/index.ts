// app: the composition root. Builds the rooms in order, starts them, stops them in reverse. Commands use embedded.ts.

export { startHive } from './start-hive.ts';
export type { Hive, StartHiveOptions } from './start-hive.ts';
