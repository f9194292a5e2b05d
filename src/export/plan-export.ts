import type { ReportColumn, ReportView } from '../db/report-views.ts';
import type { TimeRange, ViewSelection } from '../db/view-rows.ts';
import { UsageError } from '../errors.ts';
import { timeColumnOf } from './time-column.ts';

/** What somebody asks to have exported. */
export interface ExportRequest {
  /** A view of schema `meraki`. */
  readonly view: string;
  /** `undefined`: all, in the view's order. */
  readonly columns: readonly string[] | undefined;
  readonly range: TimeRange;
  /** Ids or names; none: all that the role may see. */
  readonly organizations: readonly string[];
}

/**
 * What has to be read for it, with organizations as they were asked for: ids or names.
 *
 * @throws {UsageError} for a view or column that is not there, and for a range or organization that a view knows nothing of
 */
export function planExport(views: readonly ReportView[], request: ExportRequest): ViewSelection {
  const view = views.find(({ name }) => name === request.view);
  if (view === undefined) throw new UsageError(unknownView(views, request.view));
  return {
    view: view.name,
    columns: chosenColumns(view, request.columns),
    timeColumn: chosenTimeColumn(view, request.range),
    organizations: chosenOrganizations(view, request.organizations),
  };
}

function chosenColumns(view: ReportView, names: readonly string[] | undefined): readonly ReportColumn[] {
  if (names === undefined) return view.columns;
  const unknown = names.filter((name) => !view.columns.some((column) => column.name === name));
  if (unknown.length > 0 || names.length === 0 || new Set(names).size < names.length) {
    const all = view.columns.map(({ name }) => name).join(', ');
    const fault = unknown.length > 0 ? `has no column ${unknown.join(', ')}` : 'needs each column once';
    throw new UsageError(`View ${view.name} ${fault}. Its columns are: ${all}.`);
  }
  return names.flatMap((name) => view.columns.filter((column) => column.name === name));
}

function chosenTimeColumn(view: ReportView, { from, to }: TimeRange): ReportColumn | undefined {
  const column = timeColumnOf(view);
  if (column === undefined && (from !== undefined || to !== undefined)) {
    throw new UsageError(`Rows of view ${view.name} have no time of their own: leave out --from and --to.`);
  }
  if (from !== undefined && to !== undefined && from >= to) {
    throw new UsageError('--from must lie before --to, which is not included.');
  }
  return column;
}

function chosenOrganizations(view: ReportView, wanted: readonly string[]): ViewSelection['organizations'] {
  if (wanted.length === 0) return undefined;
  const column = view.name === 'organizations' ? 'id' : 'organization_id';
  if (!view.columns.some(({ name }) => name === column)) {
    throw new UsageError(
      `Rows of view ${view.name} do not belong to an organization: leave out --organization.`,
    );
  }
  return { column, ids: wanted };
}

function unknownView(views: readonly ReportView[], wanted: string): string {
  const told = views.map((view) => {
    const column = timeColumnOf(view);
    return `  ${view.name}${column === undefined ? '' : `  (by ${column.name})`}`;
  });
  return `There is no view "${wanted}". These can be exported, by --from and --to where a time is named:\n${told.join('\n')}`;
}
