/**
 * Whether a spreadsheet could take a text for a formula (OWASP, "CSV Injection"). Names of networks and alert types
 * are anybody's text, and a formula can send the cells around it elsewhere. A number is none, so ids keep their minus.
 */
const FORMULA_BEGINNING = /^[=+\-@\t\r\n\uFF1D\uFF0B\uFF0D\uFF20]/;
const NUMBER = /^[+-]?\d+(?:\.\d+)?$/;

/** Puts an apostrophe before a text that begins like a formula: spreadsheets then show it as it is. */
export function guardFormula(text: string): string {
  return FORMULA_BEGINNING.test(text) && !NUMBER.test(text) ? `'${text}` : text;
}
