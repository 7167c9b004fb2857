/** granary tools aggregate FILE…: pieces as one, with an index and a proof for each that it is in there (FRC-0058). */

import type { MerklePath } from '@granary/proofs/piece'
import { bytesToHex } from '@noble/hashes/utils.js'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'

export function addAggregate(tools: Command, context: CommandContext): void {
  const command = tools
    .command('aggregate')
    .description('Commitment of files as one piece with an index, and a proof of inclusion for each (FRC-0058).')
    .argument('<file...>', 'the files, in the order in which they lie')
  withJson(command)
    .addHelpText('after', exitCodesHelp)
    .action((files: readonly string[], options: JsonOptions) => aggregate(files, options, context))
}

async function aggregate(files: readonly string[], options: JsonOptions, context: CommandContext): Promise<void> {
  const [
    { aggregatePieces, verifyInclusion },
    { pieceCidV1, pieceCidV2 },
    { commitBytes },
    { interruptible },
    { printResult },
  ] = await Promise.all([
    import('@granary/proofs/piece'),
    import('@granary/proofs/verify'),
    import('./commit-bytes.ts'),
    import('../../interruptible.ts'),
    import('../../print/result.ts'),
  ])
  const pieces = await interruptible(async (signal) => {
    const found = []
    for (const file of files) found.push(await commitBytes(file, context.stdin, signal))
    return found
  })
  const { commitment, segments, index } = aggregatePieces({ pieces })
  const data = {
    pieceCid: pieceCidV2(commitment),
    pieceCidV1: pieceCidV1(commitment.root),
    pieceSize: commitment.paddedSize,
    index: { pieceCidV1: pieceCidV1(index.commitment.root), offset: index.offset, entriesMax: index.entriesMax },
    segments: segments.map(({ offset, size, checksum, proof }, i) => ({
      file: files[i]!,
      pieceCid: pieceCidV2(pieces[i]!),
      pieceCidV1: pieceCidV1(pieces[i]!.root),
      payloadSize: pieces[i]!.payloadSize,
      offset,
      size,
      checksum: bytesToHex(checksum),
      verified: verifyInclusion({ piece: pieces[i]!, aggregate: commitment, proof }).ok,
      proof: { segment: pathInHex(proof.segment), entry: pathInHex(proof.entry) },
    })),
  }
  printResult(context, data, { json: options.json ?? false, text: inWords })
}

function pathInHex({ index, siblings }: MerklePath): { index: number; siblings: string[] } {
  return { index, siblings: siblings.map(bytesToHex) }
}

function inWords(data: {
  readonly pieceCid: string
  readonly pieceSize: number
  readonly segments: readonly { readonly file: string; readonly pieceCid: string; readonly offset: number }[]
}): string {
  const lines = data.segments.map(({ file, pieceCid, offset }) => `  ${offset}  ${pieceCid}  ${file}`)
  return [`${data.pieceCid}  (${data.pieceSize} bytes)`, ...lines].join('\n')
}
