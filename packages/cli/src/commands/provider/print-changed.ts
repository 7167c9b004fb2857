/** Changes keys of config.json, lets a running provider take them, and says what they are now and from when on. */
import { join } from 'node:path'
import type { CommandContext } from '../../program-context.ts'
import { type ChangeRunningInput, changeRunning } from './change-running.ts'

export interface PrintChangedInput {
  readonly home: string
  readonly changes: ChangeRunningInput['changes']
  readonly json: boolean
}

/** @throws HOME_MISSING, CONFIG_INVALID, HOME_LOCKED */
export async function printChanged(context: CommandContext, { home, changes, json }: PrintChangedInput): Promise<void> {
  const [{ providerFolder }, { printResult }] = await Promise.all([
    import('../../provider-home.ts'),
    import('../../print/result.ts'),
  ])
  const file = join(providerFolder(home), 'config.json')
  const { keys, applied } = await changeRunning({ home, file, changes })
  printResult(
    context,
    { file, keys, applied },
    {
      json,
      text: () =>
        keys
          .map(({ key, value, takesEffect }) => {
            const when = applied && takesEffect === 'reload' ? 'from now on' : 'with the next start'
            return `${key} = ${describe(value)}, ${when}`
          })
          .join('\n'),
    },
  )
}

function describe(value: unknown): string {
  if (typeof value === 'object') return JSON.stringify(value)
  return value === undefined ? 'by default' : String(value)
}
