// api: transports over operations. This version: REST at /api/v1, probes, and a plain status page. No decisions here.

export type { ApiOptions, ApiTelemetry } from './api-options.ts';
export { createApi } from './create-api.ts';
export type { Api } from './create-api.ts';
