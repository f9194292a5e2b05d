/** What has to be known to read any of the views; the chapters after it come from the database alone. */
export const INTRODUCTION = `# The views

Written by \`npm run docs:update\` from the comments in the database; do not edit it. The same as JSON, for programs: [contract.json](contract.json). What lies behind the views: [schema.txt](schema.txt).

## How to read them

- **Where.** Schema \`meraki\`, for the role \`meraki_reader\` and for roles that may see single organizations.
- **Ids** are \`text\`, also where they look like numbers. Most are Meraki's own; those of receivers, alert types and quarantined rows are hashes of their text.
- **Keys.** Ids of networks, receivers and alert types belong to an organization. For tools that join on one column, \`network_key\`, \`endpoint_key\` and \`alert_type_key\` hold \`organization_id || '/' || id\`.
- **Times** are \`timestamptz\`; \`meraki_reader\` sees them in UTC. A bucket is named by its start; ends are not included. The \`bucket_start\` of hourly views is \`hour_start\` of \`hours\`. \`date\` is a day in the organization's report time zone.
- **Numbers.** Counts are \`bigint\`, ratios and shares \`double precision\` from 0 to 1 (a share of a limit can exceed 1), and a unit stands in the name: \`duration_ms_sum\`, \`lag_seconds\`. There is no \`numeric\`.
- **Zero, unknown, provisional.** In a time series with \`coverage_ratio\`: where it is above 0, a 0 means that nothing happened in the time that was read; where it is 0, nothing was read and the figures are null. Between 0 and 1 the figures count a part of the bucket only. \`is_final\` false means that the figures may still change.
- **Dense series** have a row for every bucket, also for idle ones and those that were not read, so a line in a chart breaks where something is missing. The view's first line says whether it is dense. Where a series is not, a bucket without a row is idle or was not read; \`coverage\` and \`gaps\` tell which.
- **Diagrams.** Views have no foreign keys; lines follow from the names of the columns. Views of a chapter that point to the same dimensions share a box. A line ends in a bar where each value has its row there, in a circle where it can be null or unknown there.

## What stays

Views are not dropped or renamed. Their columns keep name, type, place and meaning; new ones come last, so name the columns you need, and expect more from \`select *\`. Comments may be put better. What has to break comes as a new view in a schema \`meraki_v2\`, beside the old one. A test compares every view with [contract.json](contract.json), and the schema after each migration with the one before.`;
