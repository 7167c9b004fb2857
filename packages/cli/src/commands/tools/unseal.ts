/** granary tools unseal: the payload of a whole sector out of its replica. */
import { stat } from 'node:fs/promises'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { parentsFolder } from './parents-folder.ts'

interface UnsealOptions extends HomeOptions, JsonOptions {
  readonly in: string
  readonly out: string
}

export function addUnseal(tools: Command, context: CommandContext): void {
  const command = tools
    .command('unseal')
    .description('The unpadded payload of a sealed sector: size of the sector × 127 / 128 bytes.')
    .requiredOption('--in <folder>', 'folder of the sector')
    .requiredOption('--out <file>', 'where to write it; replaced as a whole, or not at all')
  withJson(withHome(command))
    .addHelpText('after', exitCodesHelp)
    .action((options: UnsealOptions) => unseal(options, context))
}

async function unseal(options: UnsealOptions, context: CommandContext): Promise<void> {
  const [{ unsealSector }, { interruptible }, { printResult }, { formatFacts }] = await Promise.all([
    import('@granary/proofs/seal'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
  ])
  const { in: dir, out, json = false } = options
  const startMs = performance.now()
  await interruptible((signal) => unsealSector({ dir, out, parentsDir: parentsFolder(options, context) }, { signal }))
  const seconds = Math.round(performance.now() - startMs) / 1_000
  printResult(
    context,
    { out, bytes: (await stat(out)).size, seconds },
    { json, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}
