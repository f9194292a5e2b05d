import type { DashboardFile, PanelFile } from '../../support/grafana/dashboard-files.ts';
import type { DashboardSession } from '../../support/grafana/dashboard-session.ts';
import { drawPanel } from './panel.ts';
import { type Layer, type Surroundings, surroundingsOf } from './surroundings.ts';
import { type Box, element, text, textWidth } from './svg.ts';
import { colour, THEME } from './theme.ts';

const WIDTH = 1640;
const MARGIN = 16;
const GAP = 8;
const ROW = 30;
const HEAD = 92;
const FOOT = 34;
const COLUMN = (WIDTH - 2 * MARGIN + GAP) / 24;
const SOURCE =
  'Drawn from the SQL of the dashboard by "npm run docs:dashboards", on made-up history. Not a screenshot of Grafana. Times are UTC.';

/** A picture of a dashboard: its panels where Grafana puts them, each drawn from what its query answers. */
export async function drawDashboard(
  dashboard: DashboardFile,
  session: DashboardSession,
  now: Date,
): Promise<string> {
  const layers: Layer[] = [];
  for (const { iconColor, target, filter } of dashboard.annotations.list) {
    layers.push({ iconColor, ids: filter?.ids, frame: await session.answer(target) });
  }
  const surroundings = surroundingsOf(session.range, now, layers);
  const panels: string[] = [];
  for (const panel of dashboard.panels) panels.push(await drawPlaced(panel, session, surroundings));
  const rows = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => y + h));
  const height = HEAD + rows * (ROW + GAP) + FOOT;
  return element(
    'svg',
    {
      xmlns: 'http://www.w3.org/2000/svg',
      width: WIDTH,
      height,
      viewBox: `0 0 ${WIDTH} ${height}`,
      'font-family': THEME.font,
    },
    element('rect', { width: WIDTH, height, fill: THEME.page }),
    drawHead(dashboard, session),
    ...panels,
    text(MARGIN, height - FOOT / 2, SOURCE, { size: 12, colour: THEME.faint }),
  );
}

async function drawPlaced(
  panel: PanelFile,
  session: DashboardSession,
  surroundings: Surroundings,
): Promise<string> {
  const { x, y, w, h } = panel.gridPos;
  const box: Box = {
    x: MARGIN + x * COLUMN,
    y: HEAD + y * (ROW + GAP),
    w: w * COLUMN - GAP,
    h: h * (ROW + GAP) - GAP,
  };
  if (panel.type === 'row')
    return text(box.x + 4, box.y + box.h / 2, `⌄  ${panel.title}`, {
      size: 15,
      colour: THEME.text,
      bold: true,
    });
  const [target] = panel.targets ?? [];
  if (target === undefined) throw new Error(`the panel "${panel.title}" has no query`);
  return drawPanel(panel, await session.answer(target, panel), box, surroundings);
}

function drawHead(dashboard: DashboardFile, session: DashboardSession): string {
  const title = text(MARGIN, 24, dashboard.title, { size: 19, colour: THEME.text, bold: true });
  const range = [session.range.from, session.range.to].map((at) =>
    at.toISOString().slice(0, 16).replace('T', ' '),
  );
  const time = text(WIDTH - MARGIN, 24, range.join('  to  '), {
    size: 13,
    colour: THEME.text,
    anchor: 'end',
  });
  let x = MARGIN;
  const variables = dashboard.templating.list.map(({ name, label, includeAll, current }) => {
    const chosen = session.chosenText(name);
    const words =
      chosen.length > 3 && includeAll
        ? 'All'
        : chosen.length === 0
          ? [current.text].flat().join()
          : chosen.join(' + ');
    const widths = [textWidth(label, 12) + 18, textWidth(words, 12) + 22] as const;
    const drawn =
      element('rect', {
        x,
        y: 48,
        width: widths[0] + widths[1],
        height: 28,
        rx: 3,
        fill: THEME.panel,
        stroke: THEME.border,
      }) +
      text(x + 9, 62, label, { colour: '#6e9fff' }) +
      text(x + widths[0] + 6, 62, words, { colour: THEME.text });
    x += widths[0] + widths[1] + 10;
    return drawn;
  });
  const names = new Map(
    dashboard.annotations.list.map(({ name, iconColor }) => [iconColor, name.replace(/ \(.*/, '')]),
  );
  return title + time + variables.join('') + drawLayers([...names]);
}

function drawLayers(layers: readonly (readonly [iconColor: string, name: string])[]): string {
  let x = WIDTH - MARGIN;
  return [...layers]
    .reverse()
    .map(([iconColor, name]) => {
      x -= textWidth(name, 12) + 6;
      const words = text(x, 62, name, { colour: THEME.text });
      x -= 18;
      const sign = element('rect', { x, y: 56, width: 12, height: 12, rx: 2, fill: colour(iconColor) });
      x -= 16;
      return words + sign;
    })
    .join('');
}
