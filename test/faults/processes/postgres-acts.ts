import pg from 'pg';
import { type Act, wait } from './act.ts';
import { askPostgres } from './ask-postgres.ts';
import type { PostgresServer } from './postgres-server.ts';
import type { Stage } from './stage.ts';

export const postgresActs: readonly Act[] = [
  {
    name: 'kill -9 of all of Postgres',
    weight: 6,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        stage.tally.kills.postgres += 1;
        await postgres.kill();
        await comeBack(stage, postgres);
      }),
  },
  {
    name: 'immediate shutdown of Postgres',
    weight: 2,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        await postgres.stopImmediately();
        await comeBack(stage, postgres);
      }),
  },
  {
    name: 'kill -9 of one process of Postgres',
    weight: 4,
    perform: (stage) =>
      withPostgres(stage, async (postgres) => {
        stage.tally.kills.postgres += 1;
        await postgres.killOneChild(stage.random.pick);
      }),
  },
  {
    name: 'all connections terminated',
    weight: 5,
    perform: (stage) =>
      withPostgres(stage, ({ adminUrl }) =>
        askLoosely(
          adminUrl,
          'select pg_terminate_backend(pid) from pg_stat_activity where pid <> pg_backend_pid()',
        ),
      ),
  },
  {
    name: 'the connection limit is filled',
    weight: 2,
    perform: (stage) => withPostgres(stage, (postgres) => fillConnections(stage, postgres)),
  },
  {
    // As a worker whose clock is ahead sees it: it takes lanes from holders that are alive.
    name: 'all leases taken for expired',
    weight: 7,
    perform: (stage) => withPostgres(stage, ({ adminUrl }) => expireLeases(adminUrl)),
  },
];

/** Ends all leases before their time. */
export async function expireLeases(adminUrl: string): Promise<void> {
  await askLoosely(
    adminUrl,
    `update meraki_ingest.checkpoints set held_until = now() - interval '1 second' where holder is not null`,
  );
}

function withPostgres(
  { postgres }: Stage,
  act: (postgres: PostgresServer) => Promise<void>,
): Promise<void> | undefined {
  return postgres?.isUp ? act(postgres) : undefined;
}

/** At once or after seconds. */
async function comeBack(stage: Stage, postgres: PostgresServer): Promise<void> {
  if (stage.random.chance(0.5)) await wait(stage, 500, 8_000);
  await postgres.start();
}

/** Holds all places until there are no more, also those that become free, for some seconds. */
async function fillConnections(stage: Stage, postgres: PostgresServer): Promise<void> {
  const held: pg.Client[] = [];
  const enough = Date.now() + 2_000 + stage.random.next() * 4_000;
  while (Date.now() < enough && !stage.quiet.aborted) {
    const client = new pg.Client({ connectionString: postgres.url, connectionTimeoutMillis: 2_000 });
    client.on('error', () => undefined);
    const isIn = await client.connect().then(
      () => true,
      () => false,
    );
    if (isIn) held.push(client);
    else await wait(stage, 100, 100);
  }
  await Promise.all(held.map((client) => client.end().catch(() => undefined)));
}

/** A server that is being killed by another act answers nothing; that is no fault of this one. */
async function askLoosely(url: string, statement: string): Promise<void> {
  await askPostgres(url, (client) => client.query(statement)).catch(() => undefined);
}
