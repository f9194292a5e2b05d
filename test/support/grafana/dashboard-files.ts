import { readdirSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';

/** What tests and pictures read of a dashboard's JSON. */
export interface DashboardFile {
  readonly uid: string;
  readonly title: string;
  readonly description: string;
  readonly schemaVersion: number;
  readonly tags: readonly string[];
  readonly time: { readonly from: string; readonly to: string };
  readonly links: readonly {
    readonly type: string;
    readonly tags: readonly string[];
    readonly includeVars: boolean;
  }[];
  readonly annotations: { readonly list: readonly AnnotationFile[] };
  readonly templating: { readonly list: readonly VariableFile[] };
  readonly panels: readonly PanelFile[];
}

export interface DataSourceFile {
  readonly type: string;
  readonly uid: string;
}

export interface TargetFile {
  readonly refId: string;
  readonly rawSql: string;
  readonly format: 'time_series' | 'table';
  readonly datasource: DataSourceFile;
}

export interface AnnotationFile {
  readonly name: string;
  readonly iconColor: string;
  /** Panels it is drawn behind; all, if missing. */
  readonly filter?: { readonly ids: readonly number[] };
  readonly datasource: DataSourceFile;
  readonly target: TargetFile;
}

export interface VariableFile {
  readonly name: string;
  readonly label: string;
  readonly type: 'query' | 'custom' | 'datasource';
  readonly query: string;
  readonly multi: boolean;
  readonly includeAll: boolean;
  readonly allowCustomValue?: boolean;
  readonly current: { readonly text: string | readonly string[]; readonly value: string | readonly string[] };
  readonly options: readonly { readonly value: string }[];
  readonly datasource?: DataSourceFile;
}

export interface PanelFile {
  readonly id: number;
  readonly type: string;
  readonly title: string;
  readonly description?: string;
  readonly interval?: string;
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number };
  readonly datasource?: DataSourceFile;
  readonly targets?: readonly TargetFile[];
  readonly options?: Readonly<Record<string, unknown>>;
  readonly fieldConfig?: {
    readonly defaults: FieldLook;
    readonly overrides: readonly {
      readonly matcher: { readonly id: string; readonly options: string };
      readonly properties: readonly { readonly id: string; readonly value: unknown }[];
    }[];
  };
}

/** How a field is shown: the part of `fieldConfig` that is used here. */
export interface FieldLook {
  readonly unit?: string;
  readonly decimals?: number;
  readonly min?: number;
  readonly max?: number;
  readonly noValue?: string;
  readonly color?: { readonly mode: string; readonly fixedColor?: string };
  readonly thresholds?: {
    readonly steps: readonly { readonly color: string; readonly value: number | null }[];
  };
  readonly mappings?: readonly Readonly<Record<string, unknown>>[];
  readonly links?: readonly { readonly url: string }[];
  readonly custom?: Readonly<Record<string, unknown>>;
}

export const DASHBOARD_FOLDER = join(import.meta.dirname, '..', '..', '..', 'kits', 'grafana', 'dashboards');

/** The committed dashboards by the name of their file. */
export function readDashboards(): ReadonlyMap<string, DashboardFile> {
  const names = readdirSync(DASHBOARD_FOLDER).filter((name) => name.endsWith('.json'));
  return new Map(
    names.map((name) => [
      basename(name, '.json'),
      JSON.parse(readFileSync(join(DASHBOARD_FOLDER, name), 'utf8')) as DashboardFile,
    ]),
  );
}
