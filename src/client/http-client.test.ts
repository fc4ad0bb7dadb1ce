import { createServer } from 'node:http';
import type { IncomingMessage, Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createClient } from './http-client.ts';

let server: Server | undefined;
afterEach(async () => {
  server?.closeAllConnections();
  await new Promise((resolve) =>
    server === undefined ? resolve(undefined) : server.close(resolve),
  );
  server = undefined;
});

async function serve(
  answer: (request: IncomingMessage, body: string) => [number, string],
): Promise<string> {
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk) => (body += String(chunk)));
    request.on('end', () => {
      const [status, text] = answer(request, body);
      response.writeHead(status).end(text);
    });
  });
  await new Promise((resolve) => server?.listen(0, '127.0.0.1', () => resolve(undefined)));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

test('fields go into the path, the query or the body', async () => {
  const seen: string[] = [];
  const url = await serve((request, body) => {
    seen.push(`${request.method} ${request.url} ${body} ${request.headers.authorization}`);
    return [200, '{}'];
  });
  const client = createClient({ url, token: 't' });
  await client.call('run.tasks', { id: 'run_/..', limit: 5 });
  await client.call('task.create', { name: 'a', capabilities: ['x'] });
  await client.call('run.cancel', { id: 'run_1' });
  await client.call('run.diff', { id: 'run_1', other: 'run_2' });
  await client.call('approval.list', { all: true });
  expect(seen).toEqual([
    'GET /api/v1/runs/run_%2F../tasks?limit=5  Bearer t',
    'POST /api/v1/tasks {"name":"a","capabilities":["x"]} Bearer t',
    'POST /api/v1/runs/run_1/cancel {} Bearer t',
    'GET /api/v1/runs/run_1/diff/run_2  Bearer t',
    'GET /api/v1/approvals?all=true  Bearer t',
  ]);
});

test('a problem document becomes the error that it was', async () => {
  const problem = { code: 'QUEUE_FULL', detail: 'busy', requestId: 'r1', details: { a: 1 } };
  const client = createClient({
    url: await serve(() => [429, JSON.stringify(problem)]),
    token: 't',
  });
  await expect(client.call('run.list', {})).rejects.toMatchObject({
    code: 'QUEUE_FULL',
    message: 'busy',
    details: { a: 1, requestId: 'r1' },
  });
});

test('an answer of something else is not taken for a hive', async () => {
  const client = createClient({ url: await serve(() => [502, '<html>']), token: 't' });
  await expect(client.call('run.list', {})).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
});

test('no server, a late answer and giving up each have their code', async () => {
  const gone = createClient({ url: 'http://127.0.0.1:9', token: 't' });
  await expect(gone.call('run.list', {})).rejects.toMatchObject({ code: 'SERVER_UNREACHABLE' });
  const never: typeof fetch = (_, init) =>
    new Promise((_resolve, reject) => {
      init?.signal?.addEventListener('abort', () => reject(init.signal?.reason as Error));
    });
  const slow = createClient({ url: 'http://127.0.0.1:9', token: 't', fetch: never });
  await expect(slow.call('run.list', {}, { timeoutMs: 5 })).rejects.toMatchObject({
    code: 'TIMEOUT',
  });
  const stop = new AbortController();
  const given = slow.call('run.list', {}, { signal: stop.signal });
  stop.abort();
  await expect(given).rejects.toMatchObject({ code: 'TASK_CANCELLED' });
});
