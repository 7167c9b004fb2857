/** granary provider: rents out a disk. */
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addAsk } from './ask.ts'
import { addBackup } from './backup.ts'
import { addCollateral } from './collateral.ts'
import { addConfig } from './config.ts'
import { addDeals } from './deals.ts'
import { addProviderDoctor } from './doctor.ts'
import { addInit } from './init.ts'
import { addKey } from './key.ts'
import { addLeaving } from './leaving.ts'
import { addMoney } from './money.ts'
import { addProving } from './proving.ts'
import { addRebuild } from './rebuild.ts'
import { addRegister } from './register.ts'
import { addRun } from './run.ts'
import { addRunning } from './running.ts'
import { addSectors } from './sectors.ts'
import { addVolumes } from './volumes.ts'
import { addWorker } from './worker.ts'

export function addProvider(program: Command, context: CommandContext): void {
  const provider = program
    .command('provider')
    .description('Set up a provider, run it, see to its money and its sectors.')
  const all = [
    addInit,
    addProviderDoctor,
    addRegister,
    addKey,
    addRun,
    addWorker,
    addRunning,
    addDeals,
    addConfig,
    addAsk,
    addBackup,
    addRebuild,
    addMoney,
    addCollateral,
    addSectors,
    addProving,
    addVolumes,
    addLeaving,
  ]
  for (const add of all) add(provider, context)
}
