import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { markdownTable, plainTable } from '../ingest/results/ingest-table.ts';
import { openBenchRedis } from '../own-redis.ts';
import { openBenchServer } from '../reports/bench-server.ts';
import { describeMachine } from '../reports/results/machine.ts';
import { IdleArchive, type Usage } from './idle-archive.ts';
import { type IdleOptions, idleOptions, USAGE } from './idle-options.ts';

/** `BENCH_RESULTS`: where tests have them written. */
const FOLDER = process.env['BENCH_RESULTS'] ?? join(import.meta.dirname, '..', 'results');
/** Of one core, for a thousand organizations. */
const MOST_OF_A_CORE = 0.1;
const FLOOR_ORGANIZATIONS = 1_000;

/** @returns 0 when the floor was kept, 1 when it was missed */
export async function main(given: readonly string[]): Promise<number> {
  const options = idleOptions(given);
  if (options.help) {
    console.log(USAGE);
    return 0;
  }
  const server = await openBenchServer(process.env['BENCH_DATABASE_URL'] || undefined);
  const redis =
    options.queue === 'redis' ? await openBenchRedis(process.env['BENCH_REDIS_URL'] || undefined) : undefined;
  const name = await server.create();
  const archive = new IdleArchive(options, server.urlOf(name), redis);
  try {
    await redis?.flush();
    await archive.start();
    console.log(`reading what ${options.organizations} organizations have`);
    await archive.untilCaughtUp();
    console.log(`measuring for ${options.seconds} seconds`);
    const before = await archive.usage();
    await delay(options.seconds * 1_000);
    const after = await archive.usage();
    return await report(options, await describeMachine(server.urlOf(name)), before, after);
  } finally {
    await archive.stop();
    await server.drop(name);
    await redis?.close();
    await server.close();
  }
}

async function report(options: IdleOptions, machine: string, before: Usage, after: Usage): Promise<number> {
  const seconds = (after.at - before.at) / 1_000;
  const used = (of: (usage: Usage) => number | null) => {
    const [then, now] = [of(before), of(after)];
    return then === null || now === null ? null : now - then;
  };
  const cpu = [
    ['worker', used((usage) => usage.workerCpuSeconds)],
    ['Postgres', used((usage) => usage.postgresCpuSeconds)],
    ['Redis', options.queue === 'redis' ? used((usage) => usage.redisCpuSeconds) : 0],
  ] as const;
  const all = cpu.reduce((sum, [, one]) => sum + (one ?? 0), 0);
  const share = all / seconds;
  const most = (MOST_OF_A_CORE * options.organizations) / FLOOR_ORGANIZATIONS;
  const hourly = (amount: number | null) =>
    amount === null ? 'not known' : Math.round((amount * 3_600) / seconds).toLocaleString('en');
  const runs = used((usage) => usage.runs) ?? 0;
  const each = (amount: number | null) =>
    amount === null || runs === 0 ? '' : (amount / runs).toPrecision(3);
  const line = (what: string, amount: number | null) => [what, hourly(amount), each(amount)];
  const rows = [
    ['', 'an hour', 'for each run'],
    ...cpu.map(([what, one]) => line(`CPU seconds of ${what}`, one)),
    line('CPU seconds in all', all),
    line('runs', runs),
    line(
      'requests to Meraki',
      used((usage) => usage.requests),
    ),
    line(
      'new rows',
      used((usage) => usage.rowsNew),
    ),
    line(
      'statements to Postgres',
      used((usage) => usage.queries),
    ),
    line(
      'commands to Redis',
      used((usage) => usage.redisCommands),
    ),
    line(
      'bytes of WAL',
      used((usage) => usage.walBytes),
    ),
    ['share of one core', `${(100 * share).toFixed(2)} %`, ''],
    [`floor: at most ${(100 * most).toFixed(2)} %`, share <= most ? 'ok' : 'MISSED', ''],
  ];
  const { organizations, perDay, workers, queue } = options;
  const contents = `${organizations} organizations with ${perDay} deliveries a day each, ${workers} worker processes, the queue in ${queue}, measured for ${Math.round(seconds)} seconds.`;
  console.log(`\n${machine}\n${contents}\n\n${plainTable(rows)}`);
  await mkdir(FOLDER, { recursive: true });
  const date = new Date().toISOString().slice(0, 10);
  await writeFile(
    join(FOLDER, 'idle.md'),
    `# ${date}\n\n${machine}\n\n${contents}\n\n${markdownTable(rows)}\n`,
  );
  const json = { machine, options, before, after };
  await writeFile(join(FOLDER, 'idle.json'), `${JSON.stringify(json, undefined, 2)}\n`);
  console.log(`\nwritten to ${FOLDER}`);
  return share <= most ? 0 : 1;
}
