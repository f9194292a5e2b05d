/** How often plans came to code that only some of them reach: what is never reached is never tried. */
export class Reach {
  /** Commits of so many deliveries that what is stored of their time was looked at first. */
  digests = 0;
  /** Those that found all of it stored already. */
  known = 0;
  /** Stretches of new time whose deliveries were copied into the table. */
  copies = 0;
  /** Empty answers that were believed because the read before had found the same. */
  idle = 0;
  /** Windows that were given up, and that had claimed time by an order that was disproved since. */
  takenBack = 0;
  /** Deliveries that were compared before they were final, and buckets. */
  unsettledRows = 0;
  unsettledBuckets = 0;
  /** Stretches that were listed as lost. */
  losses = 0;
  /** Runs that lived on and were not told of a commit of pages that came about. */
  untold = 0;
}

/** What each counts, for a person. */
export const REACHED: Readonly<Record<keyof Reach, string>> = {
  digests: 'large commits that looked at what is stored',
  known: 'of those, with nothing to write',
  copies: 'stretches of new time that were copied',
  idle: 'empty answers that confirmed the one before',
  takenBack: 'windows that took back what they claimed',
  unsettledRows: 'deliveries that were compared before they were final',
  unsettledBuckets: 'buckets that were compared before they were final',
  losses: 'stretches that were listed as lost',
  untold: 'runs that did not know of a commit of theirs',
};

export const PLACES = Object.keys(REACHED) as (keyof Reach)[];
