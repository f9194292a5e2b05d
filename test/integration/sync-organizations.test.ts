/* `sync` of organizations that vanish, lose their API access or refuse it, and come back. */
import { describe, expect, test } from 'vitest';
import { OrganizationRefusedError } from '../../src/errors.ts';
import { DAY, expectTruth, setUp } from '../support/sync-bench.ts';
import { asReader, expectNothingOpen } from '../support/truth.ts';

describe('organizations that change', () => {
  type Listed = { id: string; name: string; enabled: boolean };

  /** A bench whose list of organizations is what `change` makes of it. */
  async function setUpChanging(startedAt: number) {
    const list: { change: (organizations: Listed[]) => Listed[] } = { change: (same) => same };
    let known: Listed[] = [];
    const bench = await setUp(startedAt, {
      beforeAnswer: ({ operation }, reply) => {
        if (operation !== 'getOrganizations') return;
        reply.send(
          list.change(known).map(({ id, name, enabled }) => ({ id, name, url: null, api: { enabled } })),
        );
      },
    });
    known = bench.simulator.organizations.map((organization) => ({ ...organization }));
    const [first] = known;
    if (first === undefined) throw new Error('no organization');
    const stateOf = async (id: string) => {
      const found = await bench.database.database.pool.query<{ state: string }>(
        'select state from meraki.organizations where id = $1',
        [id],
      );
      return found.rows[0]?.state;
    };
    return { bench, list, first, stateOf };
  }

  const CHANGES: readonly { name: string; state: string; change: (id: string, all: Listed[]) => Listed[] }[] =
    [
      {
        name: 'vanishes',
        state: 'vanished',
        change: (id, all) => all.filter((organization) => organization.id !== id),
      },
      {
        name: 'has its API access disabled',
        state: 'api_disabled',
        change: (id, all) =>
          all.map((organization) =>
            organization.id === id ? { ...organization, enabled: false } : organization,
          ),
      },
    ];

  test.each(CHANGES)('one that $name is paused, and filled in when it is back', async ({ state, change }) => {
    const { bench, list, first, stateOf } = await setUpChanging(Date.now() - 2 * DAY);
    await bench.sync();
    list.change = (all) => change(first.id, all);
    bench.clock.set(Date.now() - DAY);
    const paused = await bench.sync();
    expect(paused.report.streams.map(({ organization_id }) => organization_id)).not.toContain(first.id);
    expect(await stateOf(first.id)).toBe(state);
    bench.clock.set(Date.now());
    expect((await bench.sync()).exitCode).toBe(7);
    const refused = await bench.sync({ organization: first.id }).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(OrganizationRefusedError);
    list.change = (all) => all;
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    expect(await stateOf(first.id)).toBe('active');
    await expectTruth(bench);
    await asReader(bench.database, expectNothingOpen);
  });

  test('one that answers 403 in the middle is marked, and the others go on', async () => {
    let forbidden: string | undefined;
    const bench = await setUp(Date.now() - DAY, {
      beforeAnswer: ({ organizationId }, reply) => {
        if (organizationId !== undefined && organizationId === forbidden) {
          reply.code(403).send({ errors: ['API access is disabled'] });
        }
      },
    });
    await bench.sync();
    const [first, second] = bench.simulator.organizations;
    forbidden = first?.id;
    bench.clock.set(Date.now());
    const { exitCode, report } = await bench.sync();
    expect(exitCode).not.toBe(0);
    for (const { organization_id, error, requests } of report.streams) {
      if (organization_id === first?.id) {
        expect({ error, requests }).toMatchObject({ error: { code: 'ORGANIZATION_REFUSED' }, requests: 1 });
      }
      if (organization_id === second?.id) expect(error).toBeNull();
    }
    await expectTruth(bench);
    forbidden = undefined;
    expect(await bench.sync()).toMatchObject({ exitCode: 0, report: { gaps: 0 } });
    await expectTruth(bench);
  });
});
