/*
 * The fence as it has to be (I4): the versions of a checkpoint are a chain. Each was made once; a committed page
 * made one from a version of the same run, and a run that was overtaken made none. The order in which answers
 * come in does not matter, since Postgres lets go of a lock before it answers.
 */
export class FenceModel {
  readonly #lanes = new Map<string, Map<number, string>>();
  readonly #released = new Set<string>();
  readonly failures: string[] = [];
  /** Labels of all statements between the locking of coverage and the end of a page's transaction. */
  readonly pageStatements = new Set<string>();
  takeovers = 0;
  /** How often each lane was taken. */
  readonly takes = new Map<string, number>();
  commits = 0;

  taken(lane: string, runId: string, version: number): void {
    this.takes.set(lane, (this.takes.get(lane) ?? 0) + 1);
    const before = this.#versions(lane).get(version - 1);
    if (before !== undefined && !this.#released.has(before)) this.takeovers += 1;
    this.#make(lane, runId, version);
  }

  released(runId: string): void {
    this.#released.add(runId);
  }

  moved(lane: string, runId: string, from: number): void {
    const maker = this.#versions(lane).get(from);
    // Without a maker: an earlier commit of somebody whose answer was lost.
    if (maker !== undefined && maker !== runId) {
      this.failures.push(`I4: ${lane}: ${runId} committed from version ${from}, which ${maker} holds`);
    }
    this.commits += 1;
    this.#make(lane, runId, from + 1);
  }

  #make(lane: string, runId: string, version: number): void {
    const versions = this.#versions(lane);
    const before = versions.get(version);
    if (before !== undefined) {
      this.failures.push(`I4: ${lane}: version ${version} was made by ${before} and again by ${runId}`);
    }
    versions.set(version, runId);
  }

  #versions(lane: string): Map<number, string> {
    let versions = this.#lanes.get(lane);
    if (versions === undefined) {
      versions = new Map();
      this.#lanes.set(lane, versions);
    }
    return versions;
  }
}
