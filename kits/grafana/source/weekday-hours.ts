/** One column for each hour of the day, named 00 to 23: `figure` of that hour. */
export function hourColumns(figure: (only: string) => string): string {
  return Array.from({ length: 24 }, (_, hour) => {
    const name = String(hour).padStart(2, '0');
    return `${figure(`filter (where hour_of_day = ${hour})`)} as "${name}"`;
  }).join(',\n');
}

/** The name of the day of the week. */
export const WEEKDAY = `(array['Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat', 'Sun'])[iso_weekday]`;
