import pg from 'pg';

/** Writes out what is dirty, so that nothing that is measured pays for what was before. */
export async function checkpoint(url: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query('checkpoint').catch((error: unknown) => {
      if (!(error instanceof pg.DatabaseError && error.code === INSUFFICIENT_PRIVILEGE)) throw error;
    });
  } finally {
    await client.end();
  }
}

const INSUFFICIENT_PRIVILEGE = '42501';
