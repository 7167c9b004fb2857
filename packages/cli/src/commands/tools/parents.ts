/** granary tools parents: the table of parents of a graph, built once and kept for all sectors. */
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type HomeOptions, type JsonOptions, withHome, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { hex32, nodeCount } from './arguments.ts'
import { parentsFolder } from './parents-folder.ts'

interface ParentsOptions extends HomeOptions, JsonOptions {
  readonly porepId: Uint8Array
  readonly nodes: number
}

export function addParents(tools: Command, context: CommandContext): void {
  const command = tools
    .command('parents')
    .description('Build the table of parents of a graph (n × 14 × u32LE) in the cache, and give its SHA-256.')
    .requiredOption('--porep-id <hex>', '32 bytes that fix the graph', hex32)
    .requiredOption('--nodes <n>', 'nodes of a sector: its size in bytes / 32', nodeCount)
  withJson(withHome(command))
    .addHelpText('after', exitCodesHelp)
    .action((options: ParentsOptions) => parents(options, context))
}

async function parents(options: ParentsOptions, context: CommandContext): Promise<void> {
  const [{ parentsTable }, { interruptible }, { printResult }, { formatFacts }, { createSealTeller }] =
    await Promise.all([
      import('@granary/proofs/seal'),
      import('../../interruptible.ts'),
      import('../../print/result.ts'),
      import('../../print/facts.ts'),
      import('./seal-teller.ts'),
    ])
  const { porepId, nodes, json = false } = options
  const tell = createSealTeller(context.stderr)
  const table = await interruptible((signal) =>
    parentsTable(
      { porepId, nodes, dir: parentsFolder(options, context) },
      { signal, onProgress: (done, total) => tell({ type: 'seal:parents', done, total }) },
    ),
  )
  printResult(context, { sha256: table.sha256 }, { json, text: (data) => formatFacts({ ...data, path: table.path }) })
}
