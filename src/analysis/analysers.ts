/** Every analyser of the room, in the order of reports. */
import type { Analyser } from './analyser.ts';
import { accessibility } from './accessibility/accessibility.ts';
import { complexity } from './complexity/complexity.ts';
import { configuration } from './configuration/configuration.ts';
import { deadExports } from './dead-exports/dead-exports.ts';
import { dependencies } from './dependencies/dependencies.ts';
import { documentation } from './documentation/documentation.ts';
import { inventory } from './inventory/inventory.ts';
import { secrets } from './secrets/secrets.ts';
import { testsAgainstCode } from './tests-against-code/tests-against-code.ts';

export const analysers: readonly Analyser[] = [
  inventory,
  dependencies,
  secrets,
  complexity,
  deadExports,
  testsAgainstCode,
  documentation,
  configuration,
  accessibility,
];

/** Undefined for an unknown name. */
export const analyserByName = (name: string): Analyser | undefined =>
  analysers.find((each) => each.name === name);
