import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import type { QueryResult } from 'pg';
import { describe, expect, test } from 'vitest';
import type { OpenArchive } from '../known-archive/open-archive.ts';
import { BIRCH } from '../known-archive/places.ts';
import { type Check, type Checks, differences, Variables } from './answers.ts';
import { ALERT_CHECKS } from './checks/alerts.ts';
import { ARCHIVE_CHECKS } from './checks/archive.ts';
import { COMPLETENESS_CHECKS } from './checks/completeness.ts';
import { CUSTOMER_CHECKS } from './checks/customers.ts';
import { LATENCY_CHECKS } from './checks/latency.ts';
import { OUTAGE_CHECKS } from './checks/outages.ts';
import { RATE_LIMIT_CHECKS } from './checks/rate-limit.ts';
import { RECEIVER_CHECKS } from './checks/receivers.ts';
import { REQUEST_CHECKS } from './checks/requests.ts';
import {
  COOKBOOK,
  defaultsIn,
  type Question,
  questionsIn,
  readCookbook,
  withVariables,
} from './questions.ts';
import { columnsOf, sampleOf, withSample } from './samples.ts';

const CHECKS: Checks = {
  ...RECEIVER_CHECKS,
  ...OUTAGE_CHECKS,
  ...LATENCY_CHECKS,
  ...ALERT_CHECKS,
  ...REQUEST_CHECKS,
  ...RATE_LIMIT_CHECKS,
  ...CUSTOMER_CHECKS,
  ...COMPLETENESS_CHECKS,
  ...ARCHIVE_CHECKS,
};
const README = join(import.meta.dirname, '..', '..', 'README.md');
type Values = Readonly<Record<string, string>>;

/** Asked a second and a third time: for a stretch that cuts things in two, and for another customer. */
const OTHER_VALUES: readonly Values[] = [
  { from: '2025-11-11 Europe/Berlin', to: '2025-12-03 Europe/Berlin' },
  { organization: BIRCH, from: '2025-10-01', to: '2026-01-01' },
];
const STALE = 'the samples in docs/cookbook.md are not the answers: run `npm run docs:update`';

/** Every question of the cookbook is asked, and its answer compared with one that is computed without SQL. */
export function cookbookTests(open: OpenArchive): void {
  const text = readCookbook();
  const questions = questionsIn(text);
  const defaults = defaultsIn(text);

  async function ask({ title, sql }: Question, check: Check, other: Values) {
    const { known, reader } = open();
    const set = { ...defaults, ...check.set?.(known), ...other };
    const answer = await reader.query<Record<string, unknown>>(withVariables(sql, set));
    return { title, answer, expected: check.answer(known, new Variables(set)) };
  }

  test('every question of the cookbook has a check, and every check a question', () => {
    expect(questions.map(({ title }) => title).sort()).toEqual(Object.keys(CHECKS).sort());
  });

  test('the README counts the questions', () => {
    expect(readFileSync(README, 'utf8')).toContain(`${questions.length} questions`);
  });

  describe('the cookbook answers', () => {
    const samples: [Question, QueryResult<Record<string, unknown>>][] = [];

    test.each(questions)('$title', async (question) => {
      const check = CHECKS[question.title] as Check;
      const { answer, expected } = await ask(question, check, {});
      expect(expected.length, 'rows to compare with').toBeGreaterThan(0);
      expect(differences(answer.rows, expected).slice(0, 10)).toEqual([]);
      samples.push([question, answer]);
      if (check.isOfThePresent) return;
      for (const other of OTHER_VALUES) {
        const asked = await ask(question, check, other);
        const found = differences(asked.answer.rows, asked.expected).slice(0, 10);
        expect(found, JSON.stringify(other)).toEqual([]);
      }
    });

    test('as its samples say', async () => {
      let told = text;
      for (const [{ title, sample }, answer] of samples) {
        const fresh = sampleOf(answer);
        // What goes with the present moment is another answer each time.
        const isTold =
          CHECKS[title]?.isOfThePresent && isDeepStrictEqual(columnsOf(sample ?? ''), columnsOf(fresh));
        if (!isTold) told = withSample(told, title, fresh);
      }
      await expect(told, STALE).toMatchFileSnapshot(COOKBOOK);
    });
  });
}
