/** granary tools car PATH -o OUT: the CAR that `put` would store, and its commitment. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'

interface CarOptions extends JsonOptions {
  readonly output: string
}

export function addCar(tools: Command): void {
  const command = tools
    .command('car')
    .description('Pack a file into a CAR, as put does: the same file gives the same bytes everywhere.')
    .argument('<path>', 'the file to pack')
    .requiredOption('-o, --output <file>', 'where to write the CAR; replaced as a whole, or not at all')
  withJson(command).addHelpText('after', exitCodesHelp).action(car)
}

async function car(path: string, options: CarOptions): Promise<void> {
  const { output, json = false } = options
  const [{ packFile }, { interruptible }, { printResult }, { formatFacts }] = await Promise.all([
    import('@granary/content/node'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
  ])
  const packed = await interruptible((signal) => packFile(path, output, { signal }))
  const { rootCid, payloadSize: carSize, blocks, pieceCid, pieceSize } = packed
  printResult({ rootCid, carSize, blocks, pieceCid, pieceSize }, { json, text: formatFacts })
}
