/*
 * Manifests are checked with Kubernetes' own definitions (kubernetes-types, made from its OpenAPI document): each is
 * written down as a TypeScript literal of its kind and compiled. Unlike most validators this finds fields that no kind
 * has. KEDA's kinds are described here, as far as they are used, after its ScaledObject specification 2.22.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parseAllDocuments } from 'yaml';

export interface Manifest {
  readonly file: string;
  readonly apiVersion: string;
  readonly kind: string;
  readonly content: unknown;
}

const ROOT = join(import.meta.dirname, '..', '..');
const FOLDER = join(ROOT, 'deploy', 'kubernetes');
const DEFINED_IN: Readonly<Record<string, string>> = {
  'v1 ConfigMap': 'kubernetes-types/core/v1',
  'v1 Secret': 'kubernetes-types/core/v1',
  'apps/v1 Deployment': 'kubernetes-types/apps/v1',
  'batch/v1 Job': 'kubernetes-types/batch/v1',
  'keda.sh/v1alpha1 ScaledObject': './keda.js',
  'keda.sh/v1alpha1 TriggerAuthentication': './keda.js',
};
const KEDA = `
interface Metadata { name: string; labels?: Record<string, string> }
export interface ScaledObject {
  apiVersion: 'keda.sh/v1alpha1';
  kind: 'ScaledObject';
  metadata: Metadata;
  spec: {
    scaleTargetRef: { name: string; apiVersion?: string; kind?: string; envSourceContainerName?: string };
    pollingInterval?: number;
    cooldownPeriod?: number;
    initialCooldownPeriod?: number;
    idleReplicaCount?: number;
    minReplicaCount?: number;
    maxReplicaCount?: number;
    triggers: {
      type: 'postgresql';
      name?: string;
      metricType?: 'AverageValue' | 'Value';
      metadata: { query: string; targetQueryValue: string; activationTargetQueryValue?: string };
      authenticationRef: { name: string; kind?: 'TriggerAuthentication' | 'ClusterTriggerAuthentication' };
    }[];
  };
}
export interface TriggerAuthentication {
  apiVersion: 'keda.sh/v1alpha1';
  kind: 'TriggerAuthentication';
  metadata: Metadata;
  spec: { secretTargetRef: { parameter: 'connection' | 'password'; name: string; key: string }[] };
}
`;

/** All manifests in deploy/kubernetes. */
export async function readManifests(): Promise<readonly Manifest[]> {
  const files = (await readdir(FOLDER)).filter((name) => name.endsWith('.yaml')).sort();
  const found: Manifest[] = [];
  for (const file of files) {
    for (const document of parseAllDocuments(await readFile(join(FOLDER, file), 'utf8'))) {
      const content = document.toJS({ maxAliasCount: 0 }) as {
        readonly apiVersion: string;
        readonly kind: string;
      };
      found.push({ file, apiVersion: content.apiVersion, kind: content.kind, content });
    }
  }
  return found;
}

/** What is wrong with manifests, by the compiler's words; an empty text when nothing is. */
export async function checkManifests(manifests: readonly Manifest[]): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), 'historian-manifests-'));
  try {
    await symlink(join(ROOT, 'node_modules'), join(folder, 'node_modules'));
    await writeFile(join(folder, 'package.json'), '{ "type": "module" }');
    await writeFile(join(folder, 'keda.ts'), KEDA);
    await writeFile(join(folder, 'manifests.ts'), manifests.map(asLiteral).join('\n'));
    const tsc = join(ROOT, 'node_modules', 'typescript', 'bin', 'tsc');
    const options = ['--noEmit', '--strict', '--skipLibCheck', '--module', 'preserve', '--types', ''];
    await promisify(execFile)(process.execPath, [tsc, ...options, 'manifests.ts'], { cwd: folder });
    return '';
  } catch (error) {
    const { stdout, stderr } = error as { readonly stdout?: string; readonly stderr?: string };
    return `${stdout ?? ''}${stderr ?? ''}` || String(error);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

function asLiteral({ file, apiVersion, kind, content }: Manifest, index: number): string {
  const definition = DEFINED_IN[`${apiVersion} ${kind}`];
  if (definition === undefined) throw new Error(`${file}: ${apiVersion} ${kind} is not known to this check`);
  return (
    `import type { ${kind} as Kind${index} } from '${definition}';\n` +
    `// ${file}\nexport const manifest${index}: Kind${index} = ${JSON.stringify(content)};`
  );
}
