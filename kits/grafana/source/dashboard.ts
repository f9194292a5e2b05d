import type { Dashboard } from '@grafana/schema';
import { annotations, type Stream } from './annotations.ts';
import { layOut, type Shelf } from './layout.ts';
import type { Plain } from './plain.ts';
import { SERIES_VARIABLE } from './variables.ts';

const TAG = 'meraki-historian';

export interface DashboardText {
  /** Also the name of its file, and the end of its uid. */
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly from: string;
  readonly streams: readonly Stream[];
  readonly variables: NonNullable<NonNullable<Plain<Dashboard>['templating']>['list']>;
  readonly shelves: readonly Shelf[];
}

/** A dashboard as Grafana imports and provisions it. */
export function dashboard(text: DashboardText): Plain<Dashboard> {
  const panels = layOut(text.shelves);
  return {
    id: null,
    uid: uidOf(text.name),
    title: text.title,
    description: text.description,
    tags: [TAG],
    schemaVersion: 41,
    version: 1,
    editable: true,
    graphTooltip: 1,
    fiscalYearStartMonth: 0,
    weekStart: '',
    timezone: 'browser',
    time: { from: text.from, to: 'now' },
    timepicker: {},
    refresh: '5m',
    preload: false,
    links: [
      {
        type: 'dashboards',
        title: 'Meraki archive',
        tooltip: 'The other dashboards, with the same time and organizations.',
        tags: [TAG],
        asDropdown: false,
        icon: 'external link',
        includeVars: true,
        keepTime: true,
        targetBlank: false,
        url: '',
      },
    ],
    annotations: { list: annotations(text.streams, panels, text.variables.includes(SERIES_VARIABLE)) },
    templating: { list: text.variables },
    panels,
  };
}

/** The uid by which dashboards link to one another. */
export function uidOf(name: string): string {
  return `${TAG}-${name}`;
}

/** A link to another dashboard for the organization whose id is in the row. */
export function linkTo(name: string, title: string): { readonly title: string; readonly url: string } {
  return { title, url: `/d/${uidOf(name)}?\${__url_time_range}&var-organization=\${__data.fields.Id}` };
}
