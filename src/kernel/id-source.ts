// Makes ids: UUIDv7 (RFC 9562, 5.7): 48 bits of time, 74 random bits. Randomness and time are injected.

import { randomFillSync } from 'node:crypto';
import { formatId } from '../contract/plain.ts';
import type { Id, IdKind } from '../contract/index.ts';
import type { Clock } from './clock.ts';

/** Fills the bytes with randomness. */
export type RandomFill = (bytes: Uint8Array) => void;

export interface IdSource {
  make<K extends IdKind>(kind: K): Id<K>;
}

export const systemRandom: RandomFill = (bytes) => {
  randomFillSync(bytes);
};

const POOL_BYTES = 10 * 512; // one call into the generator for 512 ids: the call costs more than the bytes

export function idSource(clock: Clock, random: RandomFill = systemRandom): IdSource {
  const pool = new Uint8Array(POOL_BYTES);
  let at = POOL_BYTES;
  const bytes = new Uint8Array(16);
  return {
    make: (kind) => {
      if (at === POOL_BYTES) {
        random(pool);
        at = 0;
      }
      const ms = clock.now();
      bytes[0] = (ms / 2 ** 40) & 255;
      bytes[1] = (ms / 2 ** 32) & 255;
      bytes[2] = (ms / 2 ** 24) & 255;
      bytes[3] = (ms / 2 ** 16) & 255;
      bytes[4] = (ms / 2 ** 8) & 255;
      bytes[5] = ms & 255;
      bytes.set(pool.subarray(at, at + 10), 6);
      at += 10;
      bytes[6] = ((bytes[6] ?? 0) & 0x0f) | 0x70;
      bytes[8] = ((bytes[8] ?? 0) & 0x3f) | 0x80;
      return formatId(kind, bytes);
    },
  };
}
