import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { bucketAlterations } from '../../../src/simulator/faults/alter-buckets.ts';
import { rowAlterations } from '../../../src/simulator/faults/alter-row.ts';
import { readFaultPlan } from '../../../src/simulator/faults/fault-plan.ts';
import { faultRule } from '../../../src/simulator/faults/fault-rule.ts';
import { randomFaultPlan } from '../../../src/simulator/simulator.ts';

const text = readFileSync(new URL('../../../docs/simulator.md', import.meta.url), 'utf8');

test('docs/simulator.md names every part of a plan, every condition, kind and alteration', () => {
  const conditions = Object.keys(faultRule.shape).filter((name) => name !== 'fault');
  const parts = Object.keys(readFaultPlan({})).concat('alteredRows', 'alteredBuckets', 'lateness');
  const kinds = Array.from({ length: 400 }, (_, seed) =>
    (randomFaultPlan(seed, { untrustedUrl: 'https://elsewhere.example/' }).rules ?? []).map(
      ({ fault }) => fault.kind,
    ),
  ).flat();
  const names = [...conditions, ...kinds, ...rowAlterations, ...bucketAlterations];
  expect(names.filter((name) => !text.includes(`\`${name}\``))).toEqual([]);
  expect(parts.filter((name) => name !== 'seed' && !text.includes(`\`${name}`))).toEqual([]);
});

test('the example in docs/simulator.md is a plan', () => {
  const example = /curl -X PUT .*? -d '(\{[^']+\})'/s.exec(text)?.[1] ?? '';
  expect(readFaultPlan(JSON.parse(example)).rules).toHaveLength(3);
});
