/** A provider that runs takes what was just written into its config.json; where none runs, its next start does. */
import { join } from 'node:path'
import { GranaryError } from '@granary/base'

/** @returns whether one runs and has applied it @throws why it refuses it */
export async function tellRunning(home: string): Promise<boolean> {
  const { askProvider, reloadConfig } = await import('@granary/provider/operator')
  try {
    await askProvider(join(home, 'provider', 'admin.json'), reloadConfig)
    return true
  } catch (error) {
    if (GranaryError.is(error) && error.code === 'PROVIDER_NOT_RUNNING') return false
    throw error
  }
}
