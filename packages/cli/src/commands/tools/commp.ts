/** granary tools commp FILE|-: the piece commitment of bytes as they are. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

export function addCommp(tools: Command, context: CommandContext): void {
  const command = tools
    .command('commp')
    .description('Commitment (CommP) and piece CIDs of the bytes of a file, as they are.')
    .argument('<file>', 'a file, or - for standard input')
  withJson(command)
    .addHelpText('after', exitCodesHelp)
    .action((file: string, options: JsonOptions) => commp(file, options, context))
}

async function commp(file: string, options: JsonOptions, context: CommandContext): Promise<void> {
  const [{ pieceCidV1, pieceCidV2 }, { commitBytes }, { interruptible }, { printResult }, { formatFacts }] =
    await Promise.all([
      import('@granary/proofs/verify'),
      import('./commit-bytes.ts'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
    ])
  const piece = await interruptible((signal) => commitBytes(file, context.stdin, signal))
  const { root, paddedSize: pieceSize, payloadSize } = piece
  printResult(
    context,
    { pieceCid: pieceCidV2(piece), pieceCidV1: pieceCidV1(root), pieceSize, payloadSize },
    { json: options.json ?? false, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}
