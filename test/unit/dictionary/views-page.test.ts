import { expect, test } from 'vitest';
import { contractText } from '../../dictionary/contract-text.ts';
import { viewOf } from '../../dictionary/view-of.ts';
import { viewsPage } from '../../dictionary/views-page.ts';

const organizations = viewOf('organizations', 'id text, name text');
const codes = viewOf('response_codes', 'id text, name text, response_code integer');
const hourly = viewOf('api_hourly', 'organization_id text, requests bigint');
const daily = viewOf('api_daily', 'requests bigint, organization_id text');
const answers = viewOf('api_answers', 'organization_id text, response_code integer');

function diagrams(page: string): string[] {
  return [...page.matchAll(/```mermaid\n([\s\S]*?)\n```/g)].map(([, diagram = '']) => diagram);
}

test('a diagram shows keys alone, and views of the same keys in one box', () => {
  const drawn = diagrams(viewsPage([answers, daily, hourly, organizations, codes]));
  expect(drawn.filter((diagram) => diagram.includes('api_'))).toEqual([
    `erDiagram
  api_answers {
    text organization_id FK
    integer response_code FK
  }
  api_answers }o--|| organizations : organization_id
  api_answers }o--o| response_codes : response_code
  views_2["2 views"] {
    view api_daily
    view api_hourly
    text organization_id FK
  }
  views_2 }o--|| organizations : organization_id
  organizations {
    text id PK
  }
  response_codes {
    integer response_code PK
  }`,
  ]);
});

test('a view of meraki_v2 points to dimensions of meraki_v2 only', () => {
  const later = viewOf('meraki_v2.api_daily', 'organization_id text');
  const own = viewOf('meraki_v2.organizations', 'id text, name text');
  expect(viewsPage([later, organizations])).not.toContain('}o--');
  expect(viewsPage([later, organizations, own])).toContain(
    'meraki_v2_api_daily }o--|| meraki_v2_organizations : organization_id',
  );
});

test('every view is a section with a row for each column, linked to where it points', () => {
  const page = viewsPage([daily, organizations]);
  expect(page).toContain('### api_daily\n\nAbout api_daily.');
  expect(page).toContain('| `requests` | bigint | About requests. |\n');
  expect(page).toContain(
    '| `organization_id` | text → [organizations.id](#organizations) | About organization_id. |',
  );
  expect(page).toContain('[API requests](#api-requests): [`api_daily`](#api_daily)');
});

test('a comment stays the text it is', () => {
  const comment = 'a | b <c> * d [e](f) `g` \\ \n h';
  const page = viewsPage([{ ...daily, columns: daily.columns.map((column) => ({ ...column, comment })) }]);
  expect(page).toContain('| a \\| b &lt;c&gt; \\* d \\[e\\](f) \\`g\\` \\\\ h |');
});

test('the contract file says of the views what is known of them', () => {
  const views = [answers, daily, { ...organizations, comment: 'With "quotes"\nand lines.' }];
  expect(JSON.parse(contractText(views))).toEqual(views);
});
