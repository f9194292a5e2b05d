import { MultiBar, type SingleBar } from 'cli-progress';
import { formatNumber, type Output, presentable, say } from './output.ts';

/** Shows how far each of several long tasks is: bars on a terminal, now and then a line elsewhere. */
export interface Progress {
  /** @param done from 0 to 1 */
  update(task: string, done: number, rows: number): void;
  stop(): void;
}

export function showProgress(output: Output): Progress {
  return output.terminal ? bars(output) : lines(output);
}

function bars(output: Output): Progress {
  const multi = new MultiBar({
    stream: output.stream,
    format: '  {task} {bar} {percentage} %  {rows}',
    barCompleteChar: '━',
    barIncompleteChar: '─',
    barsize: 28,
    hideCursor: true,
    clearOnComplete: false,
    autopadding: true,
  });
  const tasks = new Map<string, SingleBar>();
  return {
    update(task, done, rows) {
      const payload = { task: presentable(task).padEnd(44).slice(0, 44), rows: countOf(rows).padStart(14) };
      let bar = tasks.get(task);
      if (bar === undefined) {
        bar = multi.create(1_000, 0, payload);
        tasks.set(task, bar);
      }
      bar.update(Math.round(done * 1_000), payload);
    },
    stop: () => multi.stop(),
  };
}

function lines(output: Output): Progress {
  const said = new Map<string, number>();
  return {
    update(task, done, rows) {
      const quarter = Math.floor(done * 4);
      if (said.get(task) === quarter) return;
      said.set(task, quarter);
      say(output, `${task}: ${Math.floor(done * 100)} %, ${countOf(rows)}`);
    },
    stop: () => undefined,
  };
}

function countOf(rows: number): string {
  return `${formatNumber(rows)} ${rows === 1 ? 'row' : 'rows'}`;
}
