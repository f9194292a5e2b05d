/** Shares a request budget among everybody who asks Meraki on behalf of the same organization. */
export interface RequestPace {
  /** Resolves when the organization's next request may be sent, with the milliseconds waited. */
  take(organizationId: string, signal?: AbortSignal): Promise<number>;
  /** Meraki asked to slow down: nobody takes from this organization's budget for so many milliseconds. */
  pause(organizationId: string, milliseconds: number): Promise<void>;
}
