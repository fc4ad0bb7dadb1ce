// A TCP proxy before a server, to lose an answer at a chosen moment. Owns its listener and sockets; close() ends all.

import { connect, createServer } from 'node:net';
import type { Socket } from 'node:net';

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** The next request that contains the text reaches the server; its answer is dropped and the connection is cut. Resolves when that happened. */
  dropAnswerTo(text: string): Promise<void>;
  close(): Promise<void>;
}

export async function tcpProxy(target: { host: string; port: number }): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  let armed: { text: string; done: () => void } | undefined;
  const server = createServer((client) => {
    const upstream = connect(target.port, target.host);
    let dropping: (() => void) | undefined;
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    client.on('data', (chunk) => {
      if (armed !== undefined && chunk.includes(armed.text)) {
        dropping = armed.done;
        armed = undefined;
      }
      upstream.write(chunk);
    });
    upstream.on('data', (chunk) => {
      if (dropping === undefined) {
        client.write(chunk);
        return;
      }
      dropping(); // the server has answered, so it has committed
      cut();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const close = async (): Promise<void> => {
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    for (const socket of sockets) socket.destroy();
    await closed;
  };
  return {
    port: typeof address === 'object' && address !== null ? address.port : 0,
    dropAnswerTo: (text) =>
      new Promise((resolve) => {
        armed = { text, done: resolve };
      }),
    close,
    [Symbol.asyncDispose]: close,
  };
}
