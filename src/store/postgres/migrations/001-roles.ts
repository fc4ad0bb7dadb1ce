// The two roles, first of all: hive_core runs the hot path over all tenants, hive_tenant reads inside one tenant under row level security.
// Roles belong to the whole server, so they stay when the schema goes down, and another database may have made them already.

import type { Migration } from './migration.ts';

const role = (name: string): string => `do $$ begin
    if not exists (select from pg_roles where rolname = '${name}') then
      create role ${name} nologin nosuperuser nocreatedb nocreaterole noinherit nobypassrls;
    end if;
  exception when duplicate_object or unique_violation then null; -- another hive made it at the same moment
  end $$`;

/** The login that Hivewright connects with must be able to become the role. */
const membership = (name: string): string => `do $$ begin
    if not pg_has_role(current_user, '${name}', 'member') then
      execute format('grant ${name} to %I', current_user);
    end if;
  end $$`;

export const roles: Migration = {
  version: 1,
  name: 'roles',
  up: [
    role('hive_core'),
    role('hive_tenant'),
    membership('hive_core'),
    membership('hive_tenant'),
    `do $$ begin execute format('grant usage on schema %I to hive_core, hive_tenant', current_schema()); end $$`,
    'grant select on schema_migrations to hive_core',
  ],
  down: ['revoke select on schema_migrations from hive_core'],
};
