/* `quarantine list`, some of it by the built program. */
import { describe, expect, test } from 'vitest';
import {
  logRow,
  quarantine,
  refused,
  run,
  SECRET,
  setUpQuarantine,
  start,
} from '../support/quarantined-rows.ts';
import { COUNTS, LOGS } from '../support/stream-reads.ts';

setUpQuarantine();

describe('quarantine list', () => {
  test('ends with 0 when there is nothing', async () => {
    expect(await start('list')).toMatchObject({ exitCode: 0, stdout: 'Nothing is in quarantine.\n' });
    expect(JSON.parse((await run('list', '--json')).stdout)).toEqual({ rows: [] });
  });

  test('shows why and how often, and the text only when it is asked for; ends with 7', async () => {
    await quarantine(LOGS, [refused(logRow(1, { responseCode: null }), 2, 'responseCode: is null')]);
    await quarantine({ ...COUNTS, organizationId: '2' }, [refused('{ "a":\t1e400 }', 1, 'bucket: is odd')]);
    const table = await start('list');
    expect(table).toMatchObject({ exitCode: 7, stderr: '' });
    expect(table.stdout).toMatch(/1 +webhook_logs .* 2 .*responseCode: is null/);
    expect(table.stdout).toContain('bucket: is odd');
    expect(table.stdout).not.toContain(SECRET);
    expect((await run('list', '--raw', '--stream', 'webhook_logs')).stdout).toContain(SECRET);
    const listed = await run('list', '--json', '--organization', '2');
    expect(listed.exitCode).toBe(7);
    expect(JSON.parse(listed.stdout).rows).toEqual([
      {
        organization_id: '2',
        stream: 'api_responses',
        series: 'all',
        id: expect.stringMatching(/^[0-9a-f]{64}$/),
        reason: 'bucket: is odd',
        copies: 1,
        sent_at: null,
        first_seen_at: '2026-01-15T12:00:00.000000Z',
        last_seen_at: '2026-01-15T12:00:00.000000Z',
        raw: '{ "a":\t1e400 }',
      },
    ]);
    expect((await run('list', '--json', '--organization', 'Two')).stdout).toBe(listed.stdout);
    expect((await run('list', '--organization', '3')).exitCode).toBe(0);
    expect(await run('list', '--organization', '4')).toMatchObject({
      exitCode: 2,
      stderr: expect.stringContaining('No organization has the id or the name 4.'),
    });
    expect((await run('list', '--stream', 'events')).exitCode).toBe(2);
  });

  test('lists more rows than one batch holds', async () => {
    await quarantine(
      LOGS,
      Array.from({ length: 1_203 }, (_, n) => refused(`{"n":${n}}`)),
    );
    const { stdout } = await run('list', '--json');
    expect(new Set(JSON.parse(stdout).rows.map(({ raw }: { raw: string }) => raw)).size).toBe(1_203);
    expect((await run('list')).stdout).toContain('1,003 more');
  });
});
