// The PostgreSQL that a suite measures on: a server of its own with fsync on, or databases on the one that is named.

export interface BenchServer {
  /** A new, empty database. */
  createDatabase(): Promise<string>;
  stop(): Promise<void>;
}

export async function benchServer(url: string | undefined): Promise<BenchServer> {
  if (url === undefined) {
    const { startPostgres } = await import('../../test/harness/postgres.ts');
    return startPostgres();
  }
  const { Client } = await import('pg');
  const client = new Client({ connectionString: url });
  await client.connect();
  const made: string[] = [];
  return {
    createDatabase: async () => {
      const name = `hive_bench_${process.pid}_${made.length}`;
      made.push(name);
      await client.query(`create database ${name}`);
      const target = new URL(url);
      target.pathname = `/${name}`;
      return target.href;
    },
    stop: async () => {
      for (const name of made) await client.query(`drop database ${name} with (force)`);
      await client.end();
    },
  };
}
