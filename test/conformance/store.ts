// The conformance suite of the store port: one test per promise of contract/store.ts and per operation, run on every driver.

import { afterAll, describe } from 'vitest';
import { blobCases } from './blob-cases.ts';
import { childCases } from './child-cases.ts';
import { claimCases } from './claim-cases.ts';
import { copyCases } from './copy-cases.ts';
import { deliverCases } from './deliver-cases.ts';
import { enqueueCases } from './enqueue-cases.ts';
import { fairCases } from './fair-cases.ts';
import { fieldCases } from './field-cases.ts';
import { journalCases } from './journal-cases.ts';
import { leaseCases } from './lease-cases.ts';
import { modelCases } from './model-cases.ts';
import { pruneCases } from './prune-cases.ts';
import { readCases } from './read-cases.ts';
import { runEndCases } from './run-end-cases.ts';
import { runCases } from './run-cases.ts';
import { settleCases } from './settle-cases.ts';
import { waitCases } from './wait-cases.ts';
import { sweepCases } from './sweep-cases.ts';
import { suiteStores } from './store-fixture.ts';
import type { OpenStore } from './store-fixture.ts';

/** Random sequences per driver: enough to meet every pair of steps many times, few enough to take some seconds. */
const MODEL_RUNS = 100;

/** Runs every case against stores of one driver. */
export function storeConformance(name: string, open: OpenStore): void {
  describe(`store conformance: ${name}`, () => {
    const stores = suiteStores(open);
    const modelStores = suiteStores(open); // its own: its reaps and promotes look at the whole store
    afterAll(async () => {
      await stores.close();
      await modelStores.close();
    });
    describe('enqueue', () => enqueueCases(stores));
    describe('claim', () => claimCases(stores));
    describe('settle', () => settleCases(stores));
    describe('runs', () => runCases(stores));
    describe('ends of run tasks', () => runEndCases(stores));
    describe('leases', () => leaseCases(stores));
    describe('model', () => modelCases(modelStores, MODEL_RUNS));
    describe('journal', () => journalCases(stores));
    describe('results by content', () => blobCases(stores));
    describe('waits and answers', () => waitCases(stores));
    describe('events for runs', () => deliverCases(stores));
    describe('child runs', () => childCases(stores));
    describe('sweeps and holds', () => sweepCases(stores));
    describe('copies', () => copyCases(stores));
    describe('prune and size', () => pruneCases(stores));
    describe('reading', () => readCases(stores));
    describe('fairness and caps', () => fairCases(stores)); // last: once a cap exists, the uncapped fast path is not taken
    describe('fields of the seed', () => fieldCases(stores));
  });
}
