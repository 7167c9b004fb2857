/** What has to be the same on all machines that seal for a provider, by name. */
import { sealingVersion } from '@granary/proofs/engine'

/** Counted up by who changes the form of a job (jobs.ts): a worker of another release is given none then. */
const FORM_OF_JOBS = 3

export function workVersion(): Readonly<Record<string, string>> {
  return { ...sealingVersion(), 'form of jobs': String(FORM_OF_JOBS) }
}
