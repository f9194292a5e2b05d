/** What a baseline says of itself: its process took long to load what it was not measured for. */
export interface Timed {
  readonly rows: number;
  readonly seconds: number;
  readonly cpuMicroseconds: number;
}

/** Runs `work`, which gives the number of its rows, and says on standard output what it took. */
export async function timed(work: () => Promise<number>): Promise<void> {
  const cpu = process.cpuUsage();
  const started = performance.now();
  const rows = await work();
  const seconds = (performance.now() - started) / 1_000;
  const { user, system } = process.cpuUsage(cpu);
  const said: Timed = { rows, seconds, cpuMicroseconds: user + system };
  console.log(JSON.stringify(said));
}
