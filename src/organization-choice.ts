/** Which of the organizations that a key sees are archived. */
export interface OrganizationChoice {
  /** `undefined`: all. */
  readonly only: readonly string[] | undefined;
  readonly except: readonly string[];
}

export const ALL_ORGANIZATIONS: OrganizationChoice = { only: undefined, except: [] };

export function isChosen({ only, except }: OrganizationChoice, organizationId: string): boolean {
  return (only?.includes(organizationId) ?? true) && !except.includes(organizationId);
}
