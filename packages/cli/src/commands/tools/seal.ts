/** granary tools seal: one sector by hand, with every digest that another implementation can be compared with. */

import { stat } from 'node:fs/promises'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { hex32, id } from './arguments.ts'
import { parentsFolder } from './parents-folder.ts'
import { proverOf } from './prover.ts'
import { type SectorProfileOptions, sectorProfileOf, withSectorProfile } from './sector-profile.ts'

interface SealCommandOptions extends SectorProfileOptions, HomeOptions, JsonOptions {
  readonly prover: Uint8Array
  readonly sector: number
  readonly ticket: Uint8Array
  readonly data: string
  readonly out: string
}

export function addSeal(tools: Command, context: CommandContext): void {
  const command = tools
    .command('seal')
    .description('Seal a file as a sector of its own; run again after an interruption, it goes on where it was.')
    .requiredOption('--prover <hex>', '32 bytes: the number of the provider as uvarint, zeros after it', hex32)
    .requiredOption('--sector <number>', 'number of the sector', id)
    .requiredOption('--ticket <hex>', '32 bytes', hex32)
    .requiredOption('--data <file>', 'unpadded payload; zeros follow it to the end of the sector')
    .requiredOption('--out <folder>', 'folder of the sector')
  withJson(withHome(withSectorProfile(command)))
    .addHelpText('after', exitCodesHelp)
    .action((options: SealCommandOptions) => seal(options, context))
}

async function seal(options: SealCommandOptions, context: CommandContext): Promise<void> {
  const profile = sectorProfileOf(options)
  const [{ sealSector }, { interruptible }, { printResult }, { formatFacts }, { createSealTeller }] = await Promise.all(
    [
      import('@granary/proofs/seal'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
      import('./seal-teller.ts'),
    ],
  )
  const { prover, sector: sectorNumber, ticket, data: path, out: dir, json = false } = options
  // One piece as large as the sector: what follows the payload is zeros either way.
  const piece = { path, payloadSize: (await stat(path)).size, paddedSize: profile.sectorBytes }
  const input = {
    ...proverOf(prover),
    profile,
    sectorNumber,
    ticket,
    pieces: [piece],
    dir,
    parentsDir: parentsFolder(options, context),
  }
  const startMs = performance.now()
  const sealed = await interruptible((signal) =>
    sealSector(input, { signal, onProgress: createSealTeller(context.stderr) }),
  )
  const seconds = Math.round(performance.now() - startMs) / 1_000
  printResult(
    context,
    {
      replicaId: bytesToHex(sealed.replicaId),
      commD: bytesToHex(sealed.commD),
      layers: sealed.layerSha256,
      replicaSha256: sealed.replicaSha256,
      commC: bytesToHex(sealed.commC),
      commRLast: bytesToHex(sealed.commRLast),
      commR: bytesToHex(sealed.commR),
      seconds,
    },
    { json, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}
