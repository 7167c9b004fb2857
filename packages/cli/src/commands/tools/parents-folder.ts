/** Where the tables of parents are: a devnet and a provider of the same home use the very same ones. */
import { join } from 'node:path'
import { cacheOf, type HomeOptions, homeOf } from '../../options.ts'
import type { ProgramContext } from '../../program-context.ts'

export function parentsFolder(options: HomeOptions, context: ProgramContext): string {
  return join(cacheOf(homeOf(options), context), 'parents')
}
