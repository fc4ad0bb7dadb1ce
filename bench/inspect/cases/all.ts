import type { FixtureCase } from '../fixture-case.ts';
import { accessibilityCases } from './accessibility.ts';
import { complexityCases } from './complexity.ts';
import { configurationCases } from './configuration.ts';
import { deadExportCases } from './dead-exports.ts';
import { dependencyCases } from './dependencies.ts';
import { documentationCases } from './documentation.ts';
import { inventoryCases } from './inventory.ts';
import { secretCases } from './secrets.ts';
import { testCases } from './tests.ts';

export const fixtureCases: readonly FixtureCase[] = [
  ...inventoryCases,
  ...dependencyCases,
  ...secretCases,
  ...complexityCases,
  ...deadExportCases,
  ...testCases,
  ...documentationCases,
  ...configurationCases,
  ...accessibilityCases,
];
