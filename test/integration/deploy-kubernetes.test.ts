import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { recordFailure, recordSuccess } from '../../src/db/stream-standing.ts';
import { rememberStream } from '../../src/db/streams.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
import type { StreamKey, StreamName } from '../../src/stream-key.ts';
import { checkManifests, type Manifest, readManifests } from '../deploy/check-manifests.ts';
import { readEnvironment } from '../deploy/read-environment.ts';
import { createTestDatabase } from '../support/test-database.ts';

let manifests: readonly Manifest[];

beforeAll(async () => {
  manifests = await readManifests();
});

function only(kind: string, name: string): Record<string, never> {
  const found = manifests.filter(
    (manifest) =>
      manifest.kind === kind && (manifest.content as { metadata: { name: string } }).metadata.name === name,
  );
  expect(found).toHaveLength(1);
  return found[0]?.content as Record<string, never>;
}

describe('every manifest is of its kind, by the definitions of Kubernetes', () => {
  test('as they are', async () => {
    expect(manifests.map(({ kind }) => kind).sort()).toEqual([
      'ConfigMap',
      'Deployment',
      'Job',
      'ScaledObject',
      'Secret',
      'TriggerAuthentication',
    ]);
    expect(await checkManifests(manifests)).toBe('');
  });

  test.each([
    ['Deployment', { spec: { replica: 2 } }, `'"replica"' does not exist`],
    ['Job', { spec: { backoffLimit: '3' } }, "'string' is not assignable to type 'number'"],
    ['ScaledObject', { spec: { maxReplicas: 3 } }, `'"maxReplicas"' does not exist`],
  ])('a mistake in a %s is found', async (kind, mistake, said) => {
    const right = manifests.find((manifest) => manifest.kind === kind);
    const content = right?.content as { readonly spec: object };
    const wrong = { ...content, spec: { ...content.spec, ...mistake.spec } };
    expect(await checkManifests([{ ...right, content: wrong } as Manifest])).toContain(said);
  });
});

test('the selector is that of the pods, and what is referred to is there', () => {
  const worker = only('Deployment', 'meraki-historian-worker') as never as {
    readonly spec: {
      readonly selector: { readonly matchLabels: object };
      readonly template: { readonly metadata: { readonly labels: object } };
    };
  };
  expect(worker.spec.template.metadata.labels).toMatchObject(worker.spec.selector.matchLabels);
  only('ConfigMap', 'meraki-historian');
  const scaled = only('ScaledObject', 'meraki-historian-worker') as never as {
    readonly spec: { readonly scaleTargetRef: object; readonly triggers: readonly object[] };
  };
  expect(scaled.spec.scaleTargetRef).toEqual({ name: 'meraki-historian-worker' });
  const authenticationRef = { name: 'meraki-historian-reader' };
  expect(scaled.spec.triggers).toMatchObject([
    { name: 'history', authenticationRef },
    { name: 'live', authenticationRef },
  ]);
  const secret = only('Secret', 'meraki-historian') as never as { readonly stringData: object };
  const login = only('TriggerAuthentication', 'meraki-historian-reader') as never as {
    readonly spec: { readonly secretTargetRef: readonly { readonly name: string; readonly key: string }[] };
  };
  for (const { name, key } of login.spec.secretTargetRef) {
    expect(name).toBe('meraki-historian');
    expect(Object.keys(secret.stringData)).toContain(key);
  }
});

test('the program knows every setting, but for the login of KEDA', async () => {
  const config = only('ConfigMap', 'meraki-historian') as never as { readonly data: object };
  const secret = only('Secret', 'meraki-historian') as never as { readonly stringData: object };
  const known = await readEnvironment();
  const given = [...Object.keys(config.data), ...Object.keys(secret.stringData)];
  expect(given.filter((name) => !known.includes(name))).toEqual(['READER_URL']);
});

/** What KEDA would learn of an archive by its query for one of the queues. */
async function askAsReader(readerUrl: string, name: string): Promise<string | undefined> {
  const scaled = only('ScaledObject', 'meraki-historian-worker') as never as {
    readonly spec: {
      readonly triggers: readonly { readonly name: string; readonly metadata: { readonly query: string } }[];
    };
  };
  const trigger = scaled.spec.triggers.find((one) => one.name === name);
  const client = new pg.Client({ connectionString: readerUrl });
  await client.connect();
  try {
    const found = await client.query<{ count: string }>(trigger?.metadata.query ?? '');
    expect(found.rows).toHaveLength(1);
    return found.rows[0]?.count;
  } finally {
    await client.end();
  }
}

describe('the queries that count what is queued are answered for a reader', () => {
  const now = instantOfMilliseconds(Date.now());
  const MINUTE = 60_000_000;
  const streamOf = (organizationId: string, stream: StreamName): StreamKey => ({
    organizationId,
    stream,
    series: 'all',
  });

  test('of history, one for each stream with a pending gap', async () => {
    const { database, readerUrl } = await createTestDatabase();
    const wanted = { wantedFrom: now - 10 * 1_440 * MINUTE, lookbackSeconds: 30 * 86_400 };
    for (const organizationId of ['1', '2']) {
      const key = streamOf(organizationId, 'webhook_logs');
      await rememberStream(database, key, { ...wanted, expectedLagSeconds: 600 }, now);
    }
    if (readerUrl === undefined) return;
    expect(await askAsReader(readerUrl, 'history')).toBe('2');
  });

  test('of the newest edge, one for each stream that is overdue and has not failed', async () => {
    const { database, readerUrl } = await createTestDatabase();
    const minutes: readonly (readonly [string, StreamName, number])[] = [
      ['1', 'webhook_logs', 11],
      ['2', 'webhook_logs', 9],
      ['3', 'api_responses', 31],
      ['4', 'api_responses', 29],
      ['failing', 'webhook_logs', 60],
      ['refused', 'webhook_logs', 60],
    ];
    for (const [organizationId, stream, ago] of minutes) {
      const key = streamOf(organizationId, stream);
      const wanted = { wantedFrom: now, lookbackSeconds: 86_400, expectedLagSeconds: 600 };
      await rememberStream(database, key, wanted, now);
      await recordSuccess(database, key, 0, now - ago * MINUTE);
      await database.pool.query(
        `insert into meraki_store.organizations (organization_id, name, state, first_seen_at, last_seen_at)
         values ($1, $1, $2, now(), now())`,
        [organizationId, organizationId === 'refused' ? 'refused' : 'active'],
      );
    }
    const failure = { code: 'UNREACHABLE', message: 'no answer' };
    await recordFailure(database, streamOf('failing', 'webhook_logs'), failure, now - MINUTE);
    if (readerUrl === undefined) return;
    expect(await askAsReader(readerUrl, 'live')).toBe('2');
  });
});
