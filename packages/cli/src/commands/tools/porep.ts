/** granary tools porep prove | verify: that a sector was sealed, shown and judged by hand. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { hex32, id } from './arguments.ts'
import { parentsFolder } from './parents-folder.ts'
import { proverOf } from './prover.ts'
import { challengesOption, type SectorProfileOptions, sectorProfileOf, withSectorProfile } from './sector-profile.ts'

interface ProveOptions extends HomeOptions, JsonOptions {
  readonly in: string
  readonly seed: Uint8Array
  readonly challenges?: number
  readonly out: string
}

interface VerifyOptions extends SectorProfileOptions, JsonOptions {
  readonly prover: Uint8Array
  readonly sector: number
  readonly ticket: Uint8Array
  readonly seed: Uint8Array
  readonly commD: Uint8Array
  readonly commR: Uint8Array
}

export function addPorep(tools: Command, context: CommandContext): void {
  const porep = tools.command('porep').description('Proof of replication of a sealed sector.')
  const prove = porep
    .command('prove')
    .description('Open the layers, trees and replica of a sector where a seed says.')
    .requiredOption('--in <folder>', 'folder of the sector')
    .requiredOption('--seed <hex>', '32 bytes that draw the challenges', hex32)
    .addOption(challengesOption('how many (default: as the profile of the sector says)'))
    .requiredOption('--out <file>', 'where to write the bundle; replaced as a whole, or not at all')
  withJson(withHome(prove))
    .addHelpText('after', exitCodesHelp)
    .action((options: ProveOptions) => provePorep(options, context))

  const verify = porep
    .command('verify')
    .description('Judge a bundle by public inputs alone: exit code 0 when it is valid, 1 when it is refused.')
    .argument('<file>', 'the bundle')
    .requiredOption('--prover <hex>', '32 bytes: the number of the provider as uvarint, zeros after it', hex32)
    .requiredOption('--sector <number>', 'number of the sector', id)
    .requiredOption('--ticket <hex>', '32 bytes', hex32)
    .requiredOption('--seed <hex>', '32 bytes', hex32)
    .requiredOption('--comm-d <hex>', '32 bytes', hex32)
    .requiredOption('--comm-r <hex>', '32 bytes', hex32)
    .addOption(challengesOption('in place of a profile: how many the bundle answers'))
  withJson(withSectorProfile(verify))
    .addHelpText('after', exitCodesHelp)
    .action((file: string, options: VerifyOptions) => verifyPorep(file, options, context))
}

async function provePorep(options: ProveOptions, context: CommandContext): Promise<void> {
  const [{ provePoRep }, { interruptible }, { printResult }, { formatFacts }, { writeFileDurably }] = await Promise.all(
    [
      import('@granary/proofs/porep'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
      import('@granary/base/node'),
    ],
  )
  const { in: dir, seed, challenges, out, json = false } = options
  const parentsDir = parentsFolder(options, context)
  const startMs = performance.now()
  const bundle = await interruptible((signal) => provePoRep({ dir, seed, parentsDir, challenges }, { signal }))
  const seconds = Math.round(performance.now() - startMs) / 1_000
  await writeFileDurably(out, bundle)
  printResult(
    context,
    { out, bytes: bundle.length, seconds },
    { json, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}

async function verifyPorep(file: string, options: VerifyOptions, context: CommandContext): Promise<void> {
  const profile = sectorProfileOf(options)
  const [{ porepBundleBytes, verifyPoRep }, { readBundle }, { printVerdict }] = await Promise.all([
    import('@granary/proofs/verify'),
    import('./read-bundle.ts'),
    import('./print-verdict.ts'),
  ])
  const { prover, sector: sectorNumber, ticket, seed, commD, commR, json = false } = options
  const statement = { ...proverOf(prover), profile, sectorNumber, ticket, seed, commD }
  const bundle = await readBundle(file, porepBundleBytes(statement))
  printVerdict(verifyPoRep({ ...statement, commR, bundle }), json, context)
}
