// Where the hives of a chaos round keep their data: a fresh directory, or a fresh database of one PostgreSQL.

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PostgresServer } from '../harness/postgres.ts';

export interface ChaosDatabase {
  child: { directory: string; postgresUrl?: string };
  oracle: { sqlite?: string; postgresUrl?: string };
  remove(): Promise<void>;
}

export interface ChaosStore {
  name: 'sqlite' | 'postgres';
  create(): Promise<ChaosDatabase>;
}

const newDirectory = (): Promise<string> => mkdtemp(join(tmpdir(), 'hive-chaos-'));

export const sqliteChaos: ChaosStore = {
  name: 'sqlite',
  create: async () => {
    const directory = await newDirectory();
    return {
      child: { directory },
      oracle: { sqlite: join(directory, 'hive.db') },
      remove: () => rm(directory, { recursive: true, force: true }),
    };
  },
};

export function postgresChaos(server: PostgresServer): ChaosStore {
  return {
    name: 'postgres',
    create: async () => {
      const directory = await newDirectory();
      const postgresUrl = await server.createDatabase();
      return {
        child: { directory, postgresUrl },
        oracle: { postgresUrl },
        remove: async () => {
          await rm(directory, { recursive: true, force: true });
          await server.dropDatabase(postgresUrl);
        },
      };
    },
  };
}
