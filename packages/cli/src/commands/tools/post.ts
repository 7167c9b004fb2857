/** granary tools post prove | verify: that sealed sectors are still there, shown and judged by hand. */
import { NODE_BYTES } from '@granary/proofs/profile'
import type { Command } from 'commander'
import { exitCodesHelp } from '../../exit-code.ts'
import { type JsonOptions, wholeNumber, withJson } from '../../options.ts'
import type { CommandContext } from '../../program-context.ts'
import { hex32, hex32List, id, nodeCount } from './arguments.ts'

interface ChallengeOptions extends JsonOptions {
  readonly provider: number
  readonly partition: number
  readonly randomness: Uint8Array
  readonly count: number
}

interface ProveOptions extends ChallengeOptions {
  readonly in: readonly string[]
  readonly out: string
}

interface VerifyOptions extends ChallengeOptions {
  readonly commR: readonly Uint8Array[]
  readonly nodes: number
}

const COUNT_MAX = 65_536

export function addPost(tools: Command, context: CommandContext): void {
  const post = tools.command('post').description('Proof of spacetime of a list of sealed sectors.')
  const prove = post
    .command('prove')
    .description('Open the replicas of a list of sectors where the randomness says.')
    .requiredOption('--in <folder...>', 'folders of the sectors, in the order of the list')
    .requiredOption('--out <file>', 'where to write the bundle; replaced as a whole, or not at all')
  withJson(withChallenge(prove))
    .addHelpText('after', exitCodesHelp)
    .action((options: ProveOptions) => provePostOf(options, context))

  const verify = post
    .command('verify')
    .description('Judge a bundle by public inputs alone: exit code 0 when it is valid, 1 when it is refused.')
    .argument('<file>', 'the bundle')
    .requiredOption('--comm-r <hex...>', '32 bytes for each sector, in the order of the list', hex32List)
    .requiredOption('--nodes <n>', 'nodes of a sector: its size in bytes / 32', nodeCount)
  withJson(withChallenge(verify))
    .addHelpText('after', exitCodesHelp)
    .action((file: string, options: VerifyOptions) => verifyPostOf(file, options, context))
}

function withChallenge(command: Command): Command {
  return command
    .requiredOption('--provider <id>', 'number of the provider that answers', id)
    .requiredOption('--partition <n>', 'number of the list', id)
    .requiredOption('--randomness <hex>', '32 bytes that draw the samples', hex32)
    .requiredOption('--count <n>', 'samples over the whole list', wholeNumber(1, COUNT_MAX))
}

async function provePostOf(options: ProveOptions, context: CommandContext): Promise<void> {
  const [{ provePost }, { readSector }, { printResult }, { formatFacts }, { writeFileDurably }] = await Promise.all([
    import('@granary/proofs/post'),
    import('@granary/proofs/seal'),
    import('../../print/result.ts'),
    import('../../print/facts.ts'),
    import('@granary/base/node'),
  ])
  const { in: dirs, provider, partition, randomness, count, out, json = false } = options
  const sectors = await Promise.all(dirs.map(async (dir) => ({ dir, ...(await readSector(dir)) })))
  const startMs = performance.now()
  const { profile } = sectors[0]!
  const list = sectors.map(({ dir, sectorNumber }) => ({ dir, number: sectorNumber }))
  const bundle = await provePost({ profile, provider, partition, randomness, count, sectors: list })
  const seconds = Math.round(performance.now() - startMs) / 1_000
  await writeFileDurably(out, bundle)
  printResult(
    context,
    { out, bytes: bundle.length, sectors: list.length, seconds },
    { json, text: (facts, columns) => formatFacts(facts, { columns }) },
  )
}

async function verifyPostOf(file: string, options: VerifyOptions, context: CommandContext): Promise<void> {
  const [{ postBundleBytes, verifyPost }, { customProfile }, { readBundle }, { printVerdict }] = await Promise.all([
    import('@granary/proofs/verify'),
    import('@granary/proofs/profile'),
    import('./read-bundle.ts'),
    import('./print-verdict.ts'),
  ])
  const { commR, nodes, provider, partition, randomness, count, json = false } = options
  // Of the profile, only the number of nodes enters a PoSt.
  const rest = { layers: 1, challenges: 1, porepId: new Uint8Array(32) }
  const profile = customProfile({ sectorBytes: nodes * NODE_BYTES, ...rest })
  const challenge = { profile, provider, partition, randomness, count }
  const bundle = await readBundle(file, postBundleBytes({ ...challenge, sectors: commR.length }))
  const sectors = commR.map((commitment, number) => ({ number, commR: commitment }))
  printVerdict(verifyPost({ ...challenge, sectors, bundle }), json, context)
}
