/**
 * Feeds the verifiers random and mutated bundles and statements: whatever comes, the answer is a verdict with a known
 * reason, never an exception, and never yes to what was changed. All from one seed, so that a failure is found again.
 */
import { aggregatePieces, verifyInclusion } from '../src/piece/index.ts'
import { customProfile } from '../src/spec/profile.ts'
import { type RefusalReason, verifyPoRep, verifyPost } from '../src/verify/index.ts'
import { mutateBytes } from './mutate-bytes.ts'
import { forgedPoRep } from './porep-parts.ts'
import { forgedPost } from './post-parts.ts'
import { createRandom, type Random } from './random.ts'
import { nodeNoise, noise } from './support.ts'

export interface Fuzzed {
  readonly inputs: number
  /** How often each verdict was given. */
  readonly verdicts: Readonly<Record<string, number>>
  readonly slowestMs: number
}

interface Target {
  readonly name: string
  readonly good: readonly object[]
  verify(input: never): { ok: boolean; reason?: string }
  /** What cannot be changed without refusal. Another seed may draw the same challenge of so few nodes, and so on. */
  binds(input: Record<string, unknown>): unknown
}

const REASONS: Readonly<Record<RefusalReason, true>> = {
  INPUT_INVALID: true,
  SKIPS_INVALID: true,
  BUNDLE_LENGTH_WRONG: true,
  BUNDLE_MAGIC_WRONG: true,
  COMMITMENT_ZERO: true,
  COMM_R_MISMATCH: true,
  COLUMN_NOT_IN_COMM_C: true,
  LABEL_MISMATCH: true,
  DATA_NOT_IN_FIELD: true,
  DATA_NOT_IN_COMM_D: true,
  REPLICA_NOT_IN_COMM_R: true,
}
const INCLUSION_REASONS: readonly string[] = [
  'INPUT_INVALID',
  'PATH_LENGTH_WRONG',
  'ENTRY_OUTSIDE_INDEX',
  'SEGMENT_WITHIN_INDEX',
  'SEGMENT_NOT_IN_AGGREGATE',
  'ENTRY_NOT_IN_AGGREGATE',
]
const KNOWN = new Set([...Object.keys(REASONS), ...INCLUSION_REASONS])

/** Values that are nothing, or the wrong thing, or just past the edge of the right one. */
const ODD: readonly unknown[] = [
  undefined,
  null,
  Number.NaN,
  -1,
  -0,
  0.5,
  2 ** 32,
  2 ** 53,
  Number.POSITIVE_INFINITY,
  1n,
  '',
  'GPR1',
  true,
  {},
  [],
  [null],
  new Uint8Array(),
  new Uint8Array(31),
  new Uint8Array(33),
  new Uint8Array(32),
  new Uint16Array(32),
  new DataView(new ArrayBuffer(32)),
]

/** @param more whether to go on after so many inputs */
export function fuzzVerifiers(seed: number, more: (inputs: number) => boolean): Fuzzed {
  const random = createRandom(seed)
  const targets = createTargets()
  const verdicts: Record<string, number> = {}
  let inputs = 0
  let slowestMs = 0
  for (; more(inputs); inputs += 1) {
    const { name, good, verify, binds } = random.pick(targets)
    const bound = (of: object) => asText(binds(of as Record<string, unknown>))
    const original = random.pick(good)
    const input = changeAnything(original, random)
    const startedMs = performance.now()
    const verdict = judge(verify, input, `${name}, seed ${seed}, input ${inputs}`)
    slowestMs = Math.max(slowestMs, performance.now() - startedMs)
    if (verdict === 'ok' && bound(input) !== bound(original))
      throw new Error(`accepted what was changed: ${name}, seed ${seed}, input ${inputs}`)
    verdicts[verdict] = (verdicts[verdict] ?? 0) + 1
  }
  return { inputs, verdicts, slowestMs }
}

function judge(verify: Target['verify'], input: unknown, where: string): string {
  let verdict: { ok: boolean; reason?: string }
  try {
    verdict = verify(input as never)
  } catch (cause) {
    throw new Error(`threw: ${where}`, { cause })
  }
  if (verdict.ok) return 'ok'
  if (!KNOWN.has(String(verdict.reason))) throw new Error(`refused for "${verdict.reason}": ${where}`)
  return String(verdict.reason)
}

/** Small ones, of some shapes, so that thousands are judged in a second. */
function createTargets(): Target[] {
  const porepId = noise('graph', 32)
  const shapes = [
    { sectorBytes: 512, layers: 1, challenges: 1 },
    { sectorBytes: 2048, layers: 2, challenges: 2 },
    { sectorBytes: 4096, layers: 3, challenges: 1 },
  ].map((shape) => customProfile({ ...shape, porepId }))
  const who = { provider: 1000, sectorNumber: 7, ticket: noise('ticket', 32), seed: noise('seed', 32) }
  const when = { provider: 1000, partition: 3, randomness: noise('randomness', 32) }
  const pieces = [10, 9, 7].map((exponent, i) => ({ root: nodeNoise(`root ${i}`, 1), paddedSize: 2 ** exponent }))
  const { commitment, segments } = aggregatePieces({ pieces })
  const aggregate = { root: commitment.root, paddedSize: commitment.paddedSize }
  return [
    {
      name: 'PoRep',
      verify: verifyPoRep,
      binds: ({ profile, seed, ...rest }) => rest,
      good: shapes.map((profile) => forgedPoRep({ ...who, profile })),
    },
    {
      name: 'PoSt',
      verify: verifyPost,
      binds: ({ bundle }) => bundle,
      good: [
        ...shapes.map((profile, i) => forgedPost({ ...when, profile, count: 4 ** i }, 1 + 2 * i)),
        forgedPost({ ...when, profile: shapes[1]!, count: 16 }, 5, {}, [1, 3]),
      ],
    },
    {
      name: 'inclusion',
      verify: verifyInclusion,
      binds: (input) => input,
      good: segments.map(({ proof }, i) => ({ piece: pieces[i]!, aggregate, proof })),
    },
  ]
}

/** Most often the bundle, since it is what an adversary sends; else any field at any depth, or several. */
function changeAnything(original: object, random: Random): object {
  const changed = structuredClone(original) as Record<string, unknown>
  const { bundle } = changed
  if (bundle instanceof Uint8Array && random.integer(4) > 0) return { ...changed, bundle: mutateBytes(bundle, random) }
  for (let changes = 1 + random.integer(2); changes > 0; changes -= 1) changeField(changed, random)
  return changed
}

function changeField(holder: Record<string, unknown>, random: Random): void {
  const key = random.pick(Object.keys(holder))
  const value = holder[key]
  const isHolder = typeof value === 'object' && value !== null && !ArrayBuffer.isView(value)
  if (isHolder && Object.keys(value).length > 0 && random.integer(4) > 0) {
    changeField(value as Record<string, unknown>, random)
    return
  }
  // What the verifier works for follows from these two, and from no bundle: a chain fixes them.
  const isWork = key === 'challenges' || key === 'count' || key === 'nodes'
  holder[key] = random.integer(2) === 0 && !isWork ? changedValue(value, random) : random.pick(ODD)
}

function changedValue(value: unknown, random: Random): unknown {
  if (value instanceof Uint8Array) return mutateBytes(value, random)
  if (typeof value === 'number') return value + random.pick([-1, 1, 2 ** 20, 2 ** 31, 0.5])
  if (Array.isArray(value)) return random.integer(2) === 0 ? value.slice(1) : [...value, value[0]]
  return random.pick(ODD)
}

function asText(value: unknown): string {
  return JSON.stringify(value, (_, part) =>
    ArrayBuffer.isView(part) ? `${part.constructor.name} ${hexOf(part)}` : part,
  )
}

function hexOf({ buffer, byteOffset, byteLength }: ArrayBufferView): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('hex')
}
