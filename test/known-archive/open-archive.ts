import type pg from 'pg';
import type { Database } from '../../src/db/database.ts';
import type { Known } from './known.ts';

/** A filled archive with what it was filled with, once its tests run. */
export type OpenArchive = () => {
  readonly known: Known;
  readonly database: Database;
  /** Is meraki_reader. */
  readonly reader: pg.Client;
};
