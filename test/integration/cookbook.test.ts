import { writeFileSync } from 'node:fs';
import { isDeepStrictEqual } from 'node:util';
import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { migrate } from '../../src/db/migrate.ts';
import { type Checks, differences, Variables } from '../cookbook/answers.ts';
import { ALERT_CHECKS } from '../cookbook/checks/alerts.ts';
import { ARCHIVE_CHECKS } from '../cookbook/checks/archive.ts';
import { CUSTOMER_CHECKS } from '../cookbook/checks/customers.ts';
import { LATENCY_CHECKS } from '../cookbook/checks/latency.ts';
import { RECEIVER_CHECKS } from '../cookbook/checks/receivers.ts';
import { REQUEST_CHECKS } from '../cookbook/checks/requests.ts';
import { fillArchive } from '../cookbook/fill-archive.ts';
import { Known } from '../cookbook/known.ts';
import { makeFacts } from '../cookbook/known-facts.ts';
import { COOKBOOK, defaultsIn, questionsIn, readCookbook, withVariables } from '../cookbook/questions.ts';
import { connectReader } from '../cookbook/reader.ts';
import { columnsOf, sampleOf, withSample } from '../cookbook/samples.ts';
import { createTestDatabase } from '../support/test-database.ts';

const CHECKS: Checks = {
  ...RECEIVER_CHECKS,
  ...LATENCY_CHECKS,
  ...ALERT_CHECKS,
  ...REQUEST_CHECKS,
  ...CUSTOMER_CHECKS,
  ...ARCHIVE_CHECKS,
};

const text = readCookbook();
const questions = questionsIn(text);
const known = new Known(makeFacts());
/** Writes samples that changed into the cookbook. */
const isWriting = process.env['COOKBOOK_SAMPLES'] === 'write';
let written = text;
let reader: pg.Client;

beforeAll(async () => {
  // Migrated, not cloned: the reader's settings in a database do not come with a copy.
  const owned = await createTestDatabase({ migrated: false });
  await migrate(owned.database);
  await fillArchive(owned.database, known.facts);
  reader = await connectReader(owned);
}, 120_000);

afterAll(async () => {
  await reader?.end();
  if (isWriting) writeFileSync(COOKBOOK, written);
});

test('every question has a check, and every check a question', () => {
  expect(questions.map(({ title }) => title).sort()).toEqual(Object.keys(CHECKS).sort());
});

describe('the answer to', () => {
  test.each(questions)('$title', async ({ title, sql, sample }) => {
    const check = CHECKS[title];
    if (check === undefined) throw new Error('no check');
    const set = { ...defaultsIn(text), ...check.set?.(known) };
    const answer = await reader.query<Record<string, unknown>>(withVariables(sql, set));
    const expected = check.answer(known, new Variables(set));
    expect(expected.length, 'rows to compare with').toBeGreaterThan(0);
    expect(differences(answer.rows, expected).slice(0, 10)).toEqual([]);

    const fresh = sampleOf(answer);
    const comparable = check.isOfThePresent ? columnsOf : (text: string) => text;
    const isAsPrinted = isDeepStrictEqual(comparable(sample ?? ''), comparable(fresh));
    if (isWriting && !isAsPrinted) written = withSample(written, title, fresh);
    else expect(comparable(sample ?? ''), 'the printed sample').toEqual(comparable(fresh));
  });
});
