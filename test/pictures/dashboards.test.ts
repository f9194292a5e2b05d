import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Resvg } from '@resvg/resvg-js';
import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { readDashboards } from '../support/grafana/dashboard-files.ts';
import { DashboardSession } from '../support/grafana/dashboard-session.ts';
import { openFilledArchive } from '../support/grafana/filled-archive.ts';
import { drawDashboard } from './draw/dashboard.ts';

const IMAGES = join(import.meta.dirname, '..', '..', 'docs', 'images');

/** Pixels: sharp on a page of documentation, and no more. */
const WIDTH = 1400;

let reader: pg.Client;
let now: Date;

beforeAll(async () => {
  ({ reader, now } = await openFilledArchive({ deliveries: 300_000 }));
  await mkdir(IMAGES, { recursive: true });
});

afterAll(() => reader?.end());

test.each([...readDashboards()])('docs/images/grafana-%s.png', async (name, dashboard) => {
  const session = await DashboardSession.open(dashboard, reader, { to: now });
  const svg = await drawDashboard(dashboard, session, now);
  const png = new Resvg(svg, { fitTo: { mode: 'width', value: WIDTH } }).render().asPng();
  expect(png.length).toBeGreaterThan(10_000);
  await writeFile(join(IMAGES, `grafana-${name}.png`), png);
});
