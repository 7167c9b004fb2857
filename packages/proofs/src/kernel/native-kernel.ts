/** The kernels of native/, portable C or by the SHA extensions of x86, behind the Kernel interface. */
import { availableParallelism } from 'node:os'
import { bytesToHex, hexToBytes } from '@noble/hashes/utils.js'
import { concatBytes } from '../spec/bytes.ts'
import { COLUMN_TAG } from '../spec/commitments.ts'
import { feistelTable } from '../spec/expander-parents.ts'
import { UNIT_PADDED_BYTES, UNIT_PAYLOAD_BYTES } from '../spec/fr32.ts'
import { createGraph } from '../spec/graph.ts'
import type { PieceCommitment } from '../spec/piece-hasher.ts'
import { NODE_BYTES } from '../spec/profile.ts'
import type { Addon } from './addon.ts'
import { type Kernel, type Labeller, type LayerJob, MemoryError, type PlacedPiece } from './kernel.ts'
import { runNative } from './run-native.ts'

const SHA256_BYTES = 32
/** What a kill costs at most. The sync that is part of it holds up the thread that writes, not the one that labels. */
const CHECKPOINT_MS = 2_000
const THREADS_MAX = 64
/** Each takes about 4 MiB: together they stay below 64. */
const PAYLOAD_THREADS_MAX = 12

export function createNativeKernel(addon: Addon, name: 'c' | 'shani'): Kernel {
  const threads = Math.min(availableParallelism(), THREADS_MAX)
  return {
    name,
    hashPairs: (nodes, out) => addon.hashPairs(name, nodes, out, 0xff),
    hashPairs254: (nodes, out) => addon.hashPairs(name, nodes, out, 0x3f),
    padFr32(payload) {
      const nodes = new Uint8Array((payload.length / UNIT_PAYLOAD_BYTES) * UNIT_PADDED_BYTES)
      addon.padFr32(payload, nodes)
      return nodes
    },
    hashColumns: (layers, out) => addon.hashColumns(name, COLUMN_TAG, layers, out),
    addNodes: (a, b, out) => addon.addNodes(a, b, out),
    subtractNodes: (a, b, out) => addon.subtractNodes(a, b, out),
    parentsWriter(porepId, nodes) {
      const graph = createGraph(porepId, nodes)
      const table = feistelTable(graph.round, graph.halfBits)
      return (first, out) => addon.writeParents(graph.drgSeed, table, graph.halfBits, nodes, first, out)
    },
    async buildParents(job) {
      const { nodes, path, checkpointPath, start } = job
      const { drgSeed, halfBits, round } = createGraph(job.porepId, nodes)
      const table = feistelTable(round, halfBits)
      const first = start?.count ?? 0
      const digest = digestOf(start?.sha256)
      const sha256 = await runNative(addon, job, path, (control) =>
        addon.buildParents(
          control,
          name,
          threads,
          drgSeed,
          table,
          halfBits,
          nodes,
          first,
          digest,
          path,
          checkpointPath,
        ),
      )
      return bytesToHex(sha256)
    },
    openLabeller: (lanes, nodes) => openLabeller(addon, name, lanes, nodes),
    commitColumns: (job) =>
      runNative(addon, job, job.treePath, (control) =>
        addon.commitColumns(control, name, threads, job.nodes, COLUMN_TAG, job.layerPaths, job.treePath),
      ),
    commitData: (job) =>
      runNative(addon, job, pathsOf(job.pieces).join(', '), (control) =>
        addon.commitData(control, name, threads, job.nodes, pathsOf(job.pieces), numbersOf(job.pieces)),
      ),
    async encode(job) {
      const { nodes, pieces, keyPath, replicaPath, treeRPath, treeDPath } = job
      const [paths, numbers] = [pathsOf(pieces), numbersOf(pieces)]
      const roots = await runNative(addon, job, replicaPath, (control) =>
        addon.encode(control, name, threads, nodes, paths, numbers, keyPath, replicaPath, treeRPath, treeDPath),
      )
      return { commD: roots.slice(0, NODE_BYTES), commRLast: roots.slice(NODE_BYTES) }
    },
    async decode(job) {
      const { nodes, offset, payloadSize, replicaPath, keyPath, outPath } = job
      await runNative(addon, job, outPath, (control) =>
        addon.decode(control, name, threads, nodes, offset, payloadSize, replicaPath, keyPath, outPath),
      )
    },
    async commitPayload(job) {
      const wanted = Math.min(job.threads ?? 1, PAYLOAD_THREADS_MAX)
      const bytes = await runNative(addon, job, `file descriptor ${job.fd}`, (control) =>
        addon.commitPayload(control, name, wanted, job.fd),
      )
      return commitmentOf(bytes)
    },
    async commitBytes(memory, length) {
      const bytes = await runNative(addon, {}, `${length} bytes`, (control) =>
        addon.commitBytes(control, name, memory, length),
      )
      return commitmentOf(bytes)
    },
  }
}

function commitmentOf(bytes: Uint8Array): PieceCommitment {
  const sizes = new DataView(bytes.buffer, bytes.byteOffset + NODE_BYTES)
  return {
    root: bytes.slice(0, NODE_BYTES),
    paddedSize: Number(sizes.getBigUint64(0, true)),
    payloadSize: Number(sizes.getBigUint64(8, true)),
  }
}

function openLabeller(addon: Addon, name: string, lanes: number, nodes: number): Labeller {
  const memory = addon.labelMemory(lanes, nodes)
  if (memory === undefined) throw new MemoryError(2 * lanes * nodes * NODE_BYTES, process.availableMemory())
  return {
    async labelLayer(job) {
      const [first] = job.lanes
      const digests = await runNative(addon, job, first!.outPath, (control) =>
        addon.labelLayer(
          control,
          name,
          memory,
          job.layer,
          first!.start?.count ?? 0,
          concatBytes(job.lanes.map((lane) => digestOf(lane.start?.sha256))),
          concatBytes(job.lanes.map((lane) => lane.replicaId)),
          job.parentsPath,
          previousPathsOf(job),
          job.lanes.map((lane) => lane.outPath),
          job.lanes.map((lane) => lane.checkpointPath),
          CHECKPOINT_MS,
        ),
      )
      return job.lanes.map((_, i) => bytesToHex(digests.subarray(SHA256_BYTES * i, SHA256_BYTES * (i + 1))))
    },
    close: () => addon.releaseLabelMemory(memory),
  }
}

function previousPathsOf({ lanes }: LayerJob): string[] {
  return lanes.flatMap((lane) => lane.previousPath ?? [])
}

function pathsOf(pieces: readonly PlacedPiece[]): string[] {
  return pieces.map((piece) => piece.path)
}

function numbersOf(pieces: readonly PlacedPiece[]): Float64Array {
  return Float64Array.from(pieces.flatMap((piece) => [piece.offset, piece.payloadSize]))
}

function digestOf(sha256: string | undefined): Uint8Array {
  return sha256 === undefined ? new Uint8Array(SHA256_BYTES) : hexToBytes(sha256)
}
