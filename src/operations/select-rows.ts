/** Compiles a Kysely query and reads it inside the principal's tenant. */
import type { CompiledQuery } from 'kysely';
import type { OperationContext } from './operation.ts';

interface Compilable<Row> {
  compile(): CompiledQuery<Row>;
}

export function selectRows<Row>(
  { hive, principal }: OperationContext,
  query: Compilable<Row>,
): Promise<Row[]> {
  const { sql, parameters } = query.compile();
  return hive.store.read<Row>(principal.tenant, { sql, parameters });
}

/** The row that a query gives. */
export type QueryRow<Query> = Query extends Compilable<infer Row> ? Row : never;
