import type { ProgramContext } from '../program-context.ts'

/** A daemon's events on standard error: one JSON object a line, or words. */
export type LogEvent = { readonly [field: string]: unknown }

export function createLog(
  { stderr, env }: ProgramContext,
  { json }: { readonly json: boolean },
): (event: LogEvent) => void {
  return (event) => {
    // Two a second, and nothing in them that `granary status` does not say: only for the curious.
    if (event.type === 'block' && !env.GRANARY_DEBUG) return
    stderr.write(`${json ? JSON.stringify(event) : inWords(event)}\n`)
  }
}

function inWords({ type, event, ...fields }: LogEvent): string {
  const time = new Date().toISOString().slice(11, 23)
  const words = Object.entries(fields).map(
    ([name, value]) => `${name}=${typeof value === 'object' ? JSON.stringify(value) : value}`,
  )
  return [time, type ?? event, ...words].join(' ').replaceAll(/\p{Cc}/gu, ' ')
}
