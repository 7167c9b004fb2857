/** granary tools car PATH -o OUT: the CAR of a file that `put` would store, or of a folder, and its commitment. */
import { basename, resolve } from 'node:path'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { type TreeOptions, withTree } from '../source-options.ts'

interface CarOptions extends JsonOptions, TreeOptions {
  readonly output: string
}

export function addCar(tools: Command, context: CommandContext): void {
  const command = tools
    .command('car')
    .description('Pack a file or folder as put does into a CAR: the same names and bytes give the same CAR everywhere.')
    .argument('<path>', 'the file or folder to pack')
    .requiredOption('-o, --output <file>', 'where to write the CAR; replaced as a whole, or not at all')
  withJson(withTree(command))
    .addHelpText('after', exitCodesHelp)
    .action((path: string, options: CarOptions) => car(path, options, context))
}

async function car(path: string, options: CarOptions, context: CommandContext): Promise<void> {
  const { output, json = false, hidden, links, cidProfile: profile, wrap } = options
  const [{ packPath, pathTree }, { interruptible }, { printResult }, { formatFacts }] = await Promise.all([
    import('@granary/content/node'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
  ])
  const packed = await interruptible(async (signal) => {
    const { kind } = await pathTree(path)
    const name = (wrap ?? kind === 'file') ? basename(resolve(path)) : undefined
    return await packPath(path, output, { signal, hidden, links, profile, wrap: name })
  })
  const { rootCid, payloadSize: carSize, blocks, pieceCid, pieceSize } = packed
  printResult(
    context,
    { rootCid, carSize, blocks, pieceCid, pieceSize },
    { json, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}
