/** Seeds of the process rounds that failed while the suite was built, and what was wrong. Always run first. */
export const processSeeds: readonly number[] = [
  // Connections that broke at `begin` never came back to the pool; a worker ended when Postgres died at its start.
  39,
  // With the queue in Postgres, a worker ended with exit code 1 when the queue failed at its start, or while it closed.
  101,
  102,
  // Answers in widths that contradicted one another made the archive ask for the same window without end.
  6020,
];

/** The same of the model's plans. */
export const modelSeeds: readonly number[] = [
  // Windows that refused page tokens had made as short as a second never became longer again.
  2,
  // A log that begins with its newest rows: time between two pages counted as covered when a clock was fast.
  5,
  // A page token that led back made a sorted log count as unsorted for a week.
  20145,
  // A window planned once more after one of a fast clock claimed up to the answer, and had asked for less.
  123,
  // A window that was given up a week after it had claimed took that back, since its order was forgotten by then.
  871824,
  // A window planned by a slow clock was refused, and with no shorter lookback left to try every window counted as refused.
  940134,
  // Final counts were replaced by those of a fast clock, which had been answered before they had settled.
  218,
  // Killed between a commit and its note of how far back it came, and then a shorter lookback: covered time was unwanted.
  298,
];
