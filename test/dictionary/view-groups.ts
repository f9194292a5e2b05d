/*
 * A view finds its group by what its rows are, seen from its columns and the first word of its name, so that a new
 * view needs no entry here. The first rule that fits decides.
 */
import type { DescribedView } from './described-views.ts';

export interface ViewGroup {
  readonly title: string;
  readonly about: string;
  readonly views: readonly DescribedView[];
}

interface GroupRule extends Omit<ViewGroup, 'views'> {
  /** @param name without a schema */
  readonly holds: (name: string, columns: ReadonlySet<string>) => boolean;
}

const HAS_NO_GROUP =
  'has no group in the data dictionary; test/dictionary/view-groups.ts needs a rule for it';

const DIMENSIONS: GroupRule = {
  title: 'Dimensions',
  about:
    'What the figures are about: organizations, networks, receivers, alert types, codes and the calendar.',
  holds: (_name, columns) =>
    (columns.has('id') && columns.has('name')) || (columns.has('valid_from') && columns.has('valid_to')),
};

const LEDGER: GroupRule = {
  title: 'Coverage and ledger',
  about: 'What was read, what is missing and why, and how far all of it was checked.',
  holds: (name, columns) => columns.has('stream') || name.startsWith('organization_'),
};

const API_REQUESTS: GroupRule = {
  title: 'API requests',
  about:
    "Requests to the Dashboard API, counted by Meraki per bucket and response code, by the clients' filters.",
  holds: (name) => name.startsWith('api_'),
};

const RECEIVERS: GroupRule = {
  title: 'Webhook receivers',
  about: 'How each receiver, a URL that webhooks are sent to, does.',
  holds: (name, columns) =>
    name.startsWith('webhook_') && columns.has('endpoint_id') && !columns.has('alert_type'),
};

const DELIVERIES: GroupRule = {
  title: 'Webhook deliveries',
  about: 'Deliveries one by one, and counted by organization, network and alert type.',
  holds: (name) => name.startsWith('webhook_'),
};

/** In the order in which they are asked. */
const RULES = [DIMENSIONS, LEDGER, API_REQUESTS, RECEIVERS, DELIVERIES];
/** In the order of the page. */
const CHAPTERS = [DELIVERIES, RECEIVERS, API_REQUESTS, LEDGER, DIMENSIONS];

/** @throws {Error} when a view fits no rule, since it would be missing from the page */
export function groupViews(views: readonly DescribedView[]): readonly ViewGroup[] {
  const lost = views.filter((view) => ruleOf(view) === undefined);
  if (lost.length > 0) throw new Error(`${lost.map(({ name }) => name).join(', ')} ${HAS_NO_GROUP}`);
  return CHAPTERS.map((rule) => ({
    title: rule.title,
    about: rule.about,
    views: views.filter((view) => ruleOf(view) === rule),
  }));
}

function ruleOf(view: DescribedView): GroupRule | undefined {
  const columns = new Set(view.columns.map(({ name }) => name));
  const name = view.name.slice(view.name.indexOf('.') + 1);
  return RULES.find(({ holds }) => holds(name, columns));
}
