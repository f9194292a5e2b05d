import type { StoredBucket, StoredDeliveries } from '../db/stored-moment.ts';
import { formatInstant, type Instant, instantOfSeconds, MICROSECONDS_PER_SECOND } from '../instant.ts';
import type { MomentFacts, MomentVerdict, Verdict } from '../sync/moment-verdict.ts';
import { formatNumber, formatSpan } from './output.ts';

export interface ToldMoment extends MomentFacts, MomentVerdict {
  readonly settleSeconds: number;
  readonly deliveries: StoredDeliveries | null;
  readonly bucket: StoredBucket | null;
}

/** What a verdict means, in one sentence. */
export function sentenceOn(told: ToldMoment): string {
  return sentences[told.verdict](told);
}

const sentences: Readonly<Record<Verdict, (told: ToldMoment) => string>> = {
  in_future: ({ now }) => `That is in the future: it is ${time(now)} now.`,
  final_with_rows: (told) => `It was read after it had settled, and holds ${contentOf(told)}.`,
  final_empty: (told) => `It was read after it had settled, and is empty: ${contentOf(told)}.`,
  provisional: (told) =>
    `It was read and holds ${contentOf(told)}; that may still change until it is read again after ${time(settledAt(told))}.`,
  quarantined: ({ quarantined }) =>
    `It was read, but what it holds could not be understood: ${rows(quarantined.near)} of that time in quarantine.`,
  dropped: ({ ledger }) =>
    `It is not kept any more: RETENTION has dropped all before ${time(ledger.droppedBefore ?? 0)}.`,
  before_archive: ({ ledger }) =>
    `It lies before the archive began: the stream was first read on ${time(ledger.createdAt)}, and what Meraki kept then began about ${time(ledger.wantedFrom)}.`,
  not_wanted: () =>
    'It was not wanted: the series was not configured then, or MERAKI_ORGANIZATION_IDS left the organization out.',
  lost: ({ ledger }) =>
    ledger.lost === null
      ? 'It was never read, and Meraki no longer has it; why is recorded once a worker runs.'
      : `It was never read and is lost (${ledger.lost.reason}), gone from Meraki by ${time(ledger.lost.lostAt)}. ${ledger.lost.detail}`,
  not_settled: () => 'It is so new that it was not read yet.',
  organization_disabled: ({ organization, deadline }) =>
    `It was never read: the organization cannot be read since ${time(organization?.since ?? 0)} (${organization?.state}). Meraki keeps it until ${time(deadline ?? 0)}.`,
  never_read: (told) =>
    `It was never read (${causeOf(told)}). It can be had until ${time(told.deadline ?? 0)}, for ${left(told)} more.`,
};

/** What can be done; `null` where nothing needs to be. */
export function remedyOf({ verdict, cause, organization, quarantined, ledger }: ToldMoment): string | null {
  switch (verdict) {
    case 'quarantined':
      return 'The raw rows and the reasons are in quarantine: see "meraki-historian quarantine list --raw".';
    case 'final_with_rows':
    case 'final_empty':
    case 'provisional':
      return besides(quarantined);
    case 'not_settled':
      return 'Wait for the next read, or run "meraki-historian sync".';
    case 'organization_disabled':
      return organization?.state === 'api_disabled'
        ? 'Enable API access in the dashboard under Organization, Settings; the rest follows by itself.'
        : "Give the key's administrator access to the organization; the rest follows by itself.";
    case 'never_read':
      if (cause === 'skipped') return 'It is asked again by itself within a day.';
      if (cause === 'error')
        return `Mend what the error says (${ledger.error?.code}); "meraki-historian doctor" helps.`;
      return 'Keep "meraki-historian start" running, or run "meraki-historian sync".';
    case 'lost':
      return 'Nothing brings it back, unless Meraki turns out to have kept it longer.';
    default:
      return null;
  }
}

function contentOf({ deliveries, bucket, verdict }: ToldMoment): string {
  if (deliveries !== null) {
    const { second, minute, hour } = deliveries;
    const far = `${formatNumber(minute)} in its minute, ${formatNumber(hour)} in its hour`;
    if (verdict === 'final_empty') return `no delivery in its minute, ${formatNumber(hour)} in its hour`;
    return `${formatNumber(second)} ${second === 1 ? 'delivery' : 'deliveries'} in its second, ${far}`;
  }
  if (bucket === null) return 'no bucket that is whole yet';
  const requests = bucket.counts.reduce((sum, { requests }) => sum + requests, 0);
  const codes = bucket.counts.map(
    ({ responseCode, requests }) => `${responseCode}: ${formatNumber(requests)}`,
  );
  const detail =
    codes.length === 0 ? 'no request' : `${formatNumber(requests)} requests (${codes.join(', ')})`;
  return `${detail} in its bucket of ${formatSpan(bucket.intervalSeconds)}, ${time(bucket.from)} to ${time(bucket.to)}`;
}

function causeOf({ cause, ledger }: ToldMoment): string {
  if (cause === 'skipped') return 'Meraki did not answer for that stretch';
  if (cause === 'error' && ledger.error !== null) {
    return `the last sync, on ${time(ledger.error.at)}, failed with ${ledger.error.code}`;
  }
  return 'the backfill has not come to it';
}

function settledAt({ moment, bucket, settleSeconds }: ToldMoment): Instant {
  return (bucket?.to ?? moment) + instantOfSeconds(settleSeconds);
}

function left({ deadline, now }: ToldMoment): string {
  return formatSpan(((deadline ?? now) - now) / MICROSECONDS_PER_SECOND);
}

function rows(amount: number): string {
  return `${formatNumber(amount)} ${amount === 1 ? 'row' : 'rows'}`;
}

function time(instant: Instant): string {
  return `${formatInstant(instant).slice(0, 19).replace('T', ' ')} UTC`;
}

/** Rows in quarantine that may belong to a moment that was read all the same. */
function besides({ near, timeUnknown }: ToldMoment['quarantined']): string | null {
  const kinds = [
    ...(near > 0 ? [`${rows(near)} near it`] : []),
    ...(timeUnknown > 0 ? [`${rows(timeUnknown)} of unknown time, read along with it`] : []),
  ];
  if (kinds.length === 0) return null;
  return `In quarantine: ${kinds.join(', and ')}; see "meraki-historian quarantine list".`;
}
