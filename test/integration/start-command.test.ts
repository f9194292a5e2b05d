/* `start`, told to stop, and without Meraki. */
import { once } from 'node:events';
import { type AddressInfo, createServer } from 'node:net';
import { describe, expect, onTestFinished, test } from 'vitest';
import { KEY, PASSWORD, settings, setUpCommandLine } from '../support/command-line.ts';
import { expectPresentable, startProgram } from '../support/program.ts';
import { createTestDatabase } from '../support/test-database.ts';

setUpCommandLine();

/** A port that refuses connections. */
async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}

describe('signals', () => {
  test.each([['SIGTERM'], ['SIGINT']] as const)('start ends with 0 on %s', async (signal) => {
    const { url } = await createTestDatabase();
    const program = startProgram(['start'], settings(url));
    await program.says('stderr', '"working"');
    program.process.kill(signal);
    const ended = await program.ended;
    expect(ended).toMatchObject({ exitCode: 0, stderr: expect.stringContaining(`${signal}: stopping`) });
    expectPresentable(ended, [KEY, PASSWORD]);
  });

  test('a second one ends at once what cannot stop', async () => {
    const silent = createServer().listen(0, '127.0.0.1');
    await once(silent, 'listening');
    onTestFinished(() => void silent.close());
    const { port } = silent.address() as AddressInfo;
    const connected = once(silent, 'connection');
    const program = startProgram(['start'], settings(`postgres://u:${PASSWORD}@127.0.0.1:${port}/archive`));
    const [socket] = await connected;
    socket.on('error', () => undefined);
    program.process.kill('SIGTERM');
    await program.says('stderr', 'SIGTERM: stopping');
    expect(program.process.exitCode).toBeNull();
    program.process.kill('SIGTERM');
    const ended = await program.ended;
    expect(ended.exitCode).toBe(130);
    expectPresentable(ended, [KEY, PASSWORD]);
  });
});

test('start without Meraki stays alive and says so, and works once there is one', async () => {
  const { url } = await createTestDatabase();
  const port = await freePort();
  const base = `http://127.0.0.1:${port}/api/v1`;
  const start = startProgram(['start'], { ...settings(url), MERAKI_BASE_URL: base });
  await start.says('stderr', `Meraki cannot be reached at 127.0.0.1:${port}`);
  expect(start.process.exitCode).toBeNull();
  const dashboard = startProgram(['simulator', '--port', String(port), '--rows', '100'], {});
  await dashboard.says('stdout', base);
  const told = await fetch(`http://127.0.0.1:${port}/simulator/settings`);
  expect(await told.json()).toMatchObject({ rows: 100 });
  // Its key is another than the one given, so what was patient until now ends for a person to mend it.
  const ended = await start.ended;
  expect(ended.exitCode).toBe(4);
  expectPresentable(ended, [KEY, PASSWORD]);
  dashboard.process.kill('SIGTERM');
  expect((await dashboard.ended).exitCode).toBe(0);
});
