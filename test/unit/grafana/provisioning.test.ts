import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readDashboards } from '../../support/grafana/dashboard-files.ts';

const ROOT = join(import.meta.dirname, '..', '..', '..');
const read = (...path: string[]): string => readFileSync(join(ROOT, ...path), 'utf8');

const compose = read('docker-compose.yml');
const source = read('kits', 'grafana', 'provisioning', 'datasources', 'meraki-historian.yaml');
const provider = read('kits', 'grafana', 'provisioning', 'dashboards', 'meraki-historian.yaml');

/** One service of the compose file, from its name to the next. */
function service(name: string): string {
  const [, text = ''] =
    new RegExp(`\\n  ${name}:\\n(.*?)(?=\\n  [\\w-]+:\\n|\\n\\w)`, 's').exec(compose) ?? [];
  return text;
}

test.each(['grafana', 'demo-grafana'])('%s has every variable that the data source names', (name) => {
  const [, common = ''] = /&grafana-environment\n(.*?)\n\n/s.exec(compose) ?? [];
  const wanted = [...source.matchAll(/\$(\w+)/g)].map(([, variable = '']) => variable);
  expect(wanted).toHaveLength(4);
  for (const variable of wanted) expect(`${common}\n${service(name)}`).toContain(`${variable}: `);
});

test.each(['grafana', 'demo-grafana'])('%s mounts, read-only, what is provisioned', (name) => {
  const [, path = ''] = /path: (\S+)/.exec(provider) ?? [];
  expect(service(name)).toContain(`./kits/grafana/dashboards:${path}:ro`);
  expect(service(name)).toContain('./kits/grafana/provisioning:/etc/grafana/provisioning:ro');
  expect(service(name)).toContain('"127.0.0.1:');
});

test('dashboards begin with the data source that is provisioned', () => {
  const [, uid] = /uid: (\S+)/.exec(source) ?? [];
  for (const [, { templating }] of readDashboards()) expect(templating.list[0]?.current.value).toBe(uid);
  expect(source).toContain('user: meraki_reader');
});
