/** The life of one sector, once: sealed, proven, judged, unsealed with its key and without, and the memory all of it took. */
import { join } from 'node:path'
import { digestFile } from '@granary/proofs/internal'
import { provePoRep } from '@granary/proofs/porep'
import { provePost } from '@granary/proofs/post'
import {
  finalizeSector,
  parentsTable,
  type SealInput,
  type SealProgress,
  sealSector,
  unsealPiece,
} from '@granary/proofs/seal'
import { type Verdict, verifyPoRep, verifyPost } from '@granary/proofs/verify'
import type { BenchInput, BenchOptions } from './bench-input.ts'
import { BenchRefusedError } from './bench-refused-error.ts'
import { sectorInputs, writePayload } from './bench-sectors.ts'
import { BenchUnsealedError } from './bench-unsealed-error.ts'
import type { Figure } from './figure.ts'
import { elapsedMs, measure } from './measure.ts'
import { withWorkshop } from './workshop.ts'

const SAMPLES = 80
const KIB = 2 ** 10
const STEPS = [
  'table of parents checked, CommD',
  'labels, synced',
  'columns and treeC, synced',
  'replica, treeD, treeR, synced',
  'PoRep proven, and verified within',
  'PoRep verified',
  `PoSt of ${SAMPLES} samples proven`,
  'PoSt verified',
  'unsealed, key kept',
  'unsealed after it was finalized',
] as const

/** @throws BenchRefusedError, BenchUnsealedError */
export function benchSector(input: BenchInput, options: BenchOptions = {}): Promise<Figure[]> {
  const { profile, parentsDir } = input
  return withWorkshop(async (folder) => {
    const pieces = await writePayload(folder, profile.sectorBytes)
    options.onProgress?.('parents table')
    await parentsTable({ porepId: profile.porepId, nodes: profile.nodes, dir: parentsDir }, { signal: options.signal })
    const [sector] = sectorInputs({ ...input, sectors: 1 }, pieces, folder)
    const steps = STEPS.map((step) => ({ name: `a sector of ${profile.name}: ${step}`, unit: 's' as const }))
    const memory = { name: `a sector of ${profile.name}: most memory, mapped files included`, unit: 'MiB' as const }
    return await measure([...steps, memory], () => liveOnce(sector!, options), options, 1)
  })
}

async function liveOnce(sector: SealInput, options: BenchOptions): Promise<number[]> {
  const { profile, provider, sectorNumber, dir, parentsDir } = sector
  const { signal, onProgress } = options
  const seed = new Uint8Array(32).fill(1)
  const { sealed, seconds } = await sealInSteps(sector, options)
  onProgress?.('proofs')
  const proved = await elapsedMs(() => provePoRep({ dir, seed, parentsDir }, { signal }))
  const judged = await elapsedMs(() => verifyPoRep({ ...sector, ...sealed, seed, bundle: proved.result }))
  requireOk(judged.result)
  const sectors = [{ dir, number: sectorNumber, commR: sealed.commR }]
  const challenge = { profile, provider, partition: 0, randomness: seed, count: SAMPLES, sectors }
  const shown = await elapsedMs(() => provePost(challenge))
  const seen = await elapsedMs(() => verifyPost({ ...challenge, bundle: shown.result }))
  requireOk(seen.result)
  onProgress?.('unsealing')
  const kept = await elapsedMs(() => unseal(sector, signal))
  await requirePayload(sector)
  await finalizeSector(dir)
  const anew = await elapsedMs(() => unseal(sector, signal))
  await requirePayload(sector)
  const ms = [proved, judged, shown, seen, kept, anew].map((step) => step.ms / 1_000)
  return [...seconds, ...ms, process.resourceUsage().maxRSS / KIB]
}

async function sealInSteps(sector: SealInput, { signal, onProgress }: BenchOptions) {
  const beginsMs = [performance.now()]
  const begins: readonly SealProgress['type'][] = ['seal:labels', 'seal:trees', 'seal:encode']
  const tell = (progress: SealProgress) => {
    if (progress.type === begins[beginsMs.length - 1]) beginsMs.push(performance.now())
    if (progress.type === 'seal:layer') onProgress?.(`layer ${progress.layer} of ${progress.layers}`)
  }
  const sealed = await sealSector(sector, { signal, onProgress: tell })
  beginsMs.push(performance.now())
  return { sealed, seconds: beginsMs.slice(1).map((ms, i) => (ms - beginsMs[i]!) / 1_000) }
}

const unsealedPath = ({ dir }: SealInput): string => join(dir, 'unsealed')

async function unseal(sector: SealInput, signal: AbortSignal | undefined): Promise<void> {
  const { payloadSize } = sector.pieces[0]!
  await unsealPiece({ ...sector, offset: 0, payloadSize, out: unsealedPath(sector) }, { signal })
}

async function requirePayload(sector: SealInput): Promise<void> {
  const [found, expected] = [await digestFile(unsealedPath(sector)), await digestFile(sector.pieces[0]!.path)]
  if (found !== expected) throw new BenchUnsealedError()
}

function requireOk(verdict: Verdict): void {
  if (!verdict.ok) throw new BenchRefusedError(verdict.reason)
}
