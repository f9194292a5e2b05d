/* A source that forgets rows, for good or for one answer: nothing that is stored is given up for it. */
import { expect, test } from 'vitest';
import type { Simulator } from '../../src/simulator/simulator.ts';
import {
  type Bench,
  expectTruth,
  FIRST_HOURS,
  meddle,
  rowsOf,
  setUp,
  total,
  WEBHOOKS,
} from '../support/audit-bench.ts';

test('I1: what the source gives no more is never taken out, however often it is asked', async () => {
  const simulators: Simulator[] = [];
  const bench = await setUp({
    beforeAnswer: ({ operation, organizationId, url }, reply) => {
      const [simulator] = simulators;
      if (operation !== WEBHOOKS || simulator === undefined) return;
      const { searchParams } = new URL(url, 'http://localhost');
      const range = { from: searchParams.get('t0') ?? '', to: searchParams.get('t1') ?? '' };
      const rows = simulator.truthDeliveries(organizationId ?? '', range);
      // As a dashboard does that has lost a third of its store for good.
      void reply.send(rows.filter(({ sentAt }) => Number(sentAt.slice(-7, -1)) % 3 !== 0));
    },
  });
  await bench.sync();
  const before = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  simulators.push(bench.simulator);
  for (let times = 1; times <= 3; times += 1) {
    const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
    if (times === 1) expect(exitCode).toBe(7);
    if (times === 1) expect(audits.some(({ outcome }) => outcome === 'doubtful')).toBe(true);
    expect(total(audits, ({ repaired }) => repaired)).toBe(0);
  }
  const after = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  expect(after).toEqual(before);
});

test('a source that answers next to nothing is doubted, and changes nothing', async () => {
  let broken = false;
  const bench = await setUp({
    beforeAnswer: ({ operation }, reply) =>
      broken && operation === WEBHOOKS ? void reply.send([]) : undefined,
  });
  await bench.sync();
  const before = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  broken = true;
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'doubtful', repaired: 0 });
  const after = await rowsOf(bench, 'select * from meraki_store.webhook_deliveries order by 1, 2, 3, 4');
  expect(after).toEqual(before);
});

test('a difference that a second reading does not show changes nothing', async () => {
  let answers = 0;
  let forgetful = false;
  const bench = await setUp({
    beforeAnswer: ({ operation }, reply) => {
      if (operation !== WEBHOOKS || !forgetful) return undefined;
      answers += 1;
      return answers === 1 ? undefined : void reply.code(400).send({ errors: ['no'] });
    },
  });
  await bench.sync();
  const deleted = await meddle(
    bench,
    `delete from meraki_store.webhook_deliveries where ${FIRST_HOURS} and fingerprint % 7 = 0`,
  );
  forgetful = true;
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs', requests: 4 });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'unconfirmed', repaired: 0 });
  expect(audits[0]?.rows_missing).toBeGreaterThan(0);
  expect(audits[0]?.rows_missing).toBeLessThanOrEqual(deleted);
});

/** An archive whose source leaves rows out of its next answers: for each, places from 0 up to 1 within the answer. */
async function setUpForgetful(forgotten: (readonly number[])[]): Promise<Bench> {
  const simulators: Simulator[] = [];
  let armed = false;
  const bench = await setUp({
    beforeAnswer: ({ operation, organizationId, url }, reply) => {
      if (operation !== WEBHOOKS || !armed) return;
      const places = forgotten.shift();
      if (places === undefined) return;
      const { searchParams } = new URL(url, 'http://localhost');
      const range = { from: searchParams.get('t0') ?? '', to: searchParams.get('t1') ?? '' };
      const rows = simulators[0]?.truthDeliveries(organizationId ?? '', range) ?? [];
      const left = new Set(places.map((place) => Math.floor(rows.length * place)));
      void reply.send(rows.filter((_, index) => !left.has(index)));
    },
  });
  simulators.push(bench.simulator);
  await bench.sync();
  armed = true;
  return bench;
}

test('a row that one answer forgets and the next one has stays where it is', async () => {
  const bench = await setUpForgetful([[0.5]]);
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(0);
  expect(audits[0]).toMatchObject({ outcome: 'equal', requests: 2, rows_surplus: 0, repaired: 0 });
  await expectTruth(bench);
  expect(await rowsOf(bench, 'select from meraki_ingest.quarantine')).toEqual([]);
});

test('answers that forget now this row and now that one change nothing', async () => {
  const bench = await setUpForgetful([[0.2, 0.8], [0.5]]);
  const { exitCode, audits } = await bench.audit({ stream: 'webhook_logs' });
  expect(exitCode).toBe(7);
  expect(audits[0]).toMatchObject({ outcome: 'unconfirmed', rows_surplus: 2, repaired: 0 });
  await expectTruth(bench);
  expect(await rowsOf(bench, 'select from meraki_ingest.quarantine')).toEqual([]);
});
