/** granary provider: rents out a disk. */
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addInit } from './init.ts'
import { addRebuild } from './rebuild.ts'
import { addRun } from './run.ts'

export function addProvider(program: Command, context: CommandContext): void {
  const provider = program.command('provider').description('Set up a provider, run it, make its store anew.')
  for (const add of [addInit, addRun, addRebuild]) add(provider, context)
}
