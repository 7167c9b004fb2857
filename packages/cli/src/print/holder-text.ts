/** Who gave a part of what was fetched. */
import type { HolderReport } from '@granary/client'

export function holderText({ provider, endpoint }: Pick<HolderReport, 'provider' | 'endpoint'>): string {
  return provider === undefined ? `gateway ${endpoint}` : `provider ${provider} at ${endpoint}`
}

/** Those who gave something. */
export function givenBy(report: readonly HolderReport[]): string {
  const givers = report.filter(({ bytes }) => bytes > 0)
  return `from ${givers.map(({ provider, endpoint }) => (provider === undefined ? endpoint : `provider ${provider}`)).join(', ')}`
}
