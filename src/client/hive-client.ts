/** The typed client: one method for every operation, over any way to carry a call (HTTP, or the same process). */
import type { OperationName, OperationOutput, OperationRequest } from '../contract/index.ts';

export interface CallOptions {
  signal?: AbortSignal;
  /** How long to wait for the answer; long polls need their own wait on top. */
  timeoutMs?: number;
}

/** Carries one call. Rejects with HiveErrors only. */
export type Transport = (
  name: OperationName,
  request: unknown,
  options: CallOptions,
) => Promise<unknown>;

export interface HiveClient {
  call<Name extends OperationName>(
    name: Name,
    request: OperationRequest<Name>,
    options?: CallOptions,
  ): Promise<OperationOutput<Name>>;
}

/** The server checks what it sends against the same table; the client trusts the hive it was pointed at. */
export function clientOver(transport: Transport): HiveClient {
  return {
    call: async (name, request, options = {}) =>
      (await transport(name, request, options)) as OperationOutput<typeof name>,
  };
}
