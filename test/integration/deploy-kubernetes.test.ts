import pg from 'pg';
import { beforeAll, describe, expect, test } from 'vitest';
import { rememberStream } from '../../src/db/streams.ts';
import { instantOfMilliseconds } from '../../src/instant.ts';
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
  }, 60_000);

  test.each([
    ['Deployment', { spec: { replica: 2 } }, `'"replica"' does not exist`],
    ['Job', { spec: { backoffLimit: '3' } }, "'string' is not assignable to type 'number'"],
    ['ScaledObject', { spec: { maxReplicas: 3 } }, `'"maxReplicas"' does not exist`],
  ])(
    'a mistake in a %s is found',
    async (kind, mistake, said) => {
      const right = manifests.find((manifest) => manifest.kind === kind);
      const content = right?.content as { readonly spec: object };
      const wrong = { ...content, spec: { ...content.spec, ...mistake.spec } };
      expect(await checkManifests([{ ...right, content: wrong } as Manifest])).toContain(said);
    },
    60_000,
  );
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
  expect(scaled.spec.triggers[0]).toMatchObject({ authenticationRef: { name: 'meraki-historian-reader' } });
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

test('the query that counts what is queued is answered for a reader: one for each stream with a pending gap', async () => {
  const scaled = only('ScaledObject', 'meraki-historian-worker') as never as {
    readonly spec: { readonly triggers: readonly { readonly metadata: { readonly query: string } }[] };
  };
  const { database, readerUrl } = await createTestDatabase();
  const now = instantOfMilliseconds(Date.now());
  const since = now - 10 * 86_400_000_000;
  for (const organizationId of ['1', '2']) {
    await rememberStream(
      database,
      { organizationId, stream: 'webhook_logs', series: 'all' },
      { wantedFrom: since, lookbackSeconds: 30 * 86_400, expectedLagSeconds: 600 },
      now,
    );
  }
  if (readerUrl === undefined) return;
  const client = new pg.Client({ connectionString: readerUrl });
  await client.connect();
  try {
    const found = await client.query<{ count: string }>(scaled.spec.triggers[0]?.metadata.query ?? '');
    expect(found.rows).toEqual([{ count: '2' }]);
  } finally {
    await client.end();
  }
});
