/** What the views call the class of a response code. */
export function statusClass(code: number): string {
  if (code <= 0) return 'no_response';
  return code === 429 ? '429' : `${Math.floor(code / 100)}xx`;
}
