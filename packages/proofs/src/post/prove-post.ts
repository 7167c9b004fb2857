/** The PoSt prover: opens the sampled leaves of the replicas of a frozen list (docs/spec/proofs.md section 9). */
import { equalBytes, GranaryError } from '@granary/base'
import { readExactly } from '../io/read-exactly.ts'
import { readTreeNodes } from '../io/stored-tree.ts'
import type { Kernel } from '../kernel/kernel.ts'
import { openKernel } from '../kernel/open-kernel.ts'
import { SectorNotSealedError } from '../seal/finalize-sector.ts'
import { requireManifest } from '../seal/manifest.ts'
import { openSectorFile, SectorDamagedError } from '../seal/open-sector-file.ts'
import { SectorFolderError, sealedSectorOf } from '../seal/seal-input.ts'
import { sectorFiles } from '../seal/sector-files.ts'
import { concatBytes, log2Floor } from '../spec/bytes.ts'
import { multiproofRoot, siblingPositions } from '../spec/multiproof.ts'
import {
  areSkips,
  openedSamples,
  POST_COUNT_MAX,
  POST_MAGIC,
  type PostChallenge,
  type SampledSector,
  skipsMax,
} from '../spec/post-samples.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import { isCount, isId } from '../spec/valid-input.ts'

export interface ProvePostInput extends PostChallenge {
  /** In the order in which the list was fixed. */
  readonly sectors: readonly { readonly number: number; readonly dir: string }[]
  /**
   * Positions of the list that cannot be proven: ascending, each with a sample on it. Their folders are not read.
   * @default none
   */
  readonly skipped?: readonly number[]
}

export class PostInputError extends GranaryError {
  constructor(message: string) {
    super({
      code: 'POST_INPUT_INVALID',
      message,
      hint: `give at least one sector, 32 bytes of randomness and a count from 1 to ${POST_COUNT_MAX}`,
    })
  }
}

export class SkipsInvalidError extends GranaryError {
  constructor(skipped: readonly number[], count: number) {
    super({
      code: 'POST_SKIPS_INVALID',
      message: `the positions ${skipped.join(', ')} cannot be skipped in an answer of ${count} samples`,
      hint: `skip at most ${skipsMax(count)} positions, in ascending order, each with a sample on it, and prove at least one`,
    })
  }
}

/**
 * The bundle; each opening was checked against the sector's commitment.
 * @throws PostInputError, SkipsInvalidError, SectorNotSealedError, SectorFolderError, SectorDamagedError, ManifestError
 */
export async function provePost(input: ProvePostInput): Promise<Uint8Array> {
  if (input.sectors.length === 0) throw new PostInputError('the list of sectors is empty')
  if (input.randomness.length !== 32) throw new PostInputError(`the randomness has ${input.randomness.length} bytes`)
  if (!isCount(input.count, POST_COUNT_MAX)) throw new PostInputError(`the count is ${input.count}`)
  if (!isId(input.provider) || !isId(input.partition))
    throw new PostInputError(`provider ${input.provider} and partition ${input.partition} are not whole numbers`)
  const { skipped = [] } = input
  if (!areSkips(input, input.sectors.length, skipped)) throw new SkipsInvalidError(skipped, input.count)
  const { kernel } = openKernel()
  const parts: Uint8Array[] = [POST_MAGIC]
  for (const sample of openedSamples(input, input.sectors.length, skipped)) {
    const { commC, commRLast, opening } = await openSector(kernel, input, input.sectors[sample.position]!, sample)
    parts.push(commC, commRLast, opening)
  }
  return concatBytes(parts)
}

export interface OpenedSector {
  readonly commC: Uint8Array
  readonly commRLast: Uint8Array
  /** The sampled leaves and their siblings. */
  readonly opening: Uint8Array
}

/** One sampled sector, checked against the commitment in its manifest. */
export async function openSector(
  kernel: Kernel,
  { profile }: PostChallenge,
  { number, dir }: { number: number; dir: string },
  sample: SampledSector,
): Promise<OpenedSector> {
  const manifest = await requireManifest(dir)
  if (manifest.sectorNumber !== number) throw new SectorFolderError(dir, 'sector number')
  if (manifest.profile.nodes !== profile.nodes) throw new SectorFolderError(dir, 'profile')
  const sealed = sealedSectorOf(manifest)
  if (sealed === undefined) throw new SectorNotSealedError(dir)
  const { nodes } = profile
  const depth = log2Floor(nodes)
  const { replica: replicaPath, treeR } = sectorFiles(dir)
  await using stack = new AsyncDisposableStack()
  const replica = stack.use(await openSectorFile(dir, replicaPath))
  const tree = stack.use(await openSectorFile(dir, treeR))
  const readLeaves = (first: number, count: number) => readExactly(replica, first * NODE_BYTES, count * NODE_BYTES)
  const leaves = concatBytes(await Promise.all(sample.leaves.map((leaf) => readLeaves(leaf, 1))))
  const positions = siblingPositions(sample.leaves, depth)
  const hash = kernel.hashPairs
  const siblings = await readTreeNodes({ file: tree, leafCount: nodes, positions, readLeaves, hash })
  const root = multiproofRoot({ indices: sample.leaves, leaves, siblings, depth, hash })
  if (!equalBytes(root, sealed.commRLast)) throw new SectorDamagedError(dir, 'its replica does not open its commitment')
  return { commC: sealed.commC, commRLast: sealed.commRLast, opening: concatBytes([leaves, siblings]) }
}
