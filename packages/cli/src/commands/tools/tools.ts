/** granary tools: pieces, CARs, sealing, proofs and markets by hand, without a chain: for people who check what Granary says. */
import type { Command } from 'commander'
import type { CommandContext } from '../../program-context.ts'
import { addAggregate } from './aggregate.ts'
import { addBench } from './bench.ts'
import { addCar } from './car.ts'
import { addCommp } from './commp.ts'
import { addGateway } from './gateway.ts'
import { addParents } from './parents.ts'
import { addPorep } from './porep.ts'
import { addPost } from './post.ts'
import { addSeal } from './seal.ts'
import { addSim } from './sim.ts'
import { addUnseal } from './unseal.ts'

export function addTools(program: Command, context: CommandContext): void {
  const tools = program.command('tools').description('Pieces, sealing and proofs by hand, without a chain.')
  const pieces = [addCommp, addCar, addAggregate, addGateway]
  const proofs = [addParents, addSeal, addUnseal, addPorep, addPost]
  for (const add of [...pieces, ...proofs, addBench, addSim]) add(tools, context)
}
