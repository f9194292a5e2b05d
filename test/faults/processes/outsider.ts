import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

/** A server on a host that nobody has called trusted; answers would send the key there. */
export interface Outsider {
  readonly url: string;
  /** What it was asked, with the headers it got: nothing at all is right. */
  readonly asked: readonly string[];
  stop(): Promise<void>;
}

/** Stands in a plan for the address that is known only when the outsider listens. */
export const OUTSIDER_URL = 'http://127.0.0.2:1/';

export async function startOutsider(): Promise<Outsider> {
  const asked: string[] = [];
  const server = createServer((request, response) => {
    asked.push(`${request.method} ${request.url} ${JSON.stringify(request.headers)}`);
    response.end('[]');
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.2', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.2:${port}/`,
    asked,
    stop: () =>
      new Promise((resolve) => {
        server.closeAllConnections();
        server.close(() => resolve());
      }),
  };
}
