// Every migration, oldest first. Append only: a released step never changes.

import { firstLight } from './002-first-light.ts';
import type { Migration } from './migration.ts';
import { outlive } from './003-outlive.ts';
import { roles } from './001-roles.ts';

export const migrations: readonly Migration[] = [roles, firstLight, outlive];
