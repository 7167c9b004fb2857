import { describe, expect, test } from '@jest/globals'
import { sha256 } from '@noble/hashes/sha2.js'
import {
  columnAt,
  consistent,
  forgedPoRep,
  honestRules,
  labelAt,
  parentLabels,
  partsOf,
  type Rules,
  withParts,
} from '../../test/porep-parts.ts'
import { flip, fromHex, hex, noise } from '../../test/support.ts'
import { BASE_PARENTS } from '../spec/base-parents.ts'
import { concatBytes, tag, u32LE } from '../spec/bytes.ts'
import { createLabel } from '../spec/create-label.ts'
import { subtractNodes } from '../spec/field.ts'
import { hashPairs, hashPairs254 } from '../spec/hash-pairs.ts'
import { porepLayout } from '../spec/porep-layout.ts'
import { type Profile, profiles } from '../spec/profile.ts'
import { proverIdOf, replicaIdOf } from '../spec/replica-id.ts'
import { type PoRepInput, porepBundleBytes, verifyPoRep } from './index.ts'

const about = { provider: 1000, sectorNumber: 7, ticket: noise('ticket', 32), seed: noise('seed', 32) }
const small = { ...about, profile: profiles['2KiB-test'] }
const layered = { ...about, profile: { ...profiles['2KiB-test'], layers: 3, challenges: 4 } }
const refusal = (reason: string) => ({ ok: false, reason })
const R = fromHex('01000000fffffffffe5bfeff02a4bd5305d8a10908d83933487d9d2953a7ed73')

describe.each(Object.values(profiles))('at the shape of $name', (profile) => {
  const good = forgedPoRep({ ...about, profile })

  test('a proof by all rules is accepted, and has the implied length', () => {
    expect(verifyPoRep(good)).toEqual({ ok: true })
    expect(good.bundle).toHaveLength(porepBundleBytes(good))
  })

  test('a single wrong label, committed to, is refused', () => {
    const { parts, layout } = partsOf(good)
    const place = layout.opened.indexOf(layout.challenges.at(-1)!)
    labelAt(parts, place, profile.layers, profile.layers)[0]! ^= 1
    expect(verifyPoRep(consistent(good, parts, layout))).toEqual(refusal('LABEL_MISMATCH'))
  })
})

const other = (change: Partial<Parameters<typeof replicaIdOf>[0]>): Rules['label'] => {
  const { commD } = forgedPoRep(layered)
  const identity = {
    proverId: proverIdOf(about.provider),
    sectorNumber: about.sectorNumber,
    ticket: about.ticket,
    commD,
    porepId: layered.profile.porepId,
  }
  const replicaId = replicaIdOf({ ...identity, ...change })
  return (_, layer, node, labelsOf) => createLabel(replicaId, layer, node, parentLabels(layer, labelsOf))
}
const labelOf =
  (choose: (layer: number, labelsOf: (layer: number) => Uint8Array[]) => Uint8Array[]): Rules['label'] =>
  (replicaId, layer, node, labelsOf) =>
    createLabel(replicaId, layer, node, choose(layer, labelsOf))
const base = (labels: Uint8Array[]) => labels.slice(0, BASE_PARENTS)
const expander = (labels: Uint8Array[]) => labels.slice(BASE_PARENTS)

/** Everything else is by the rules, and the commitments are made for it. */
test.each<[string, Partial<Rules>, string]>([
  ['labels of another provider', { label: other({ proverId: proverIdOf(1001) }) }, 'LABEL_MISMATCH'],
  ['labels of another sector', { label: other({ sectorNumber: 8 }) }, 'LABEL_MISMATCH'],
  ['labels of another ticket', { label: other({ ticket: noise('other', 32) }) }, 'LABEL_MISMATCH'],
  ['labels for other data', { label: other({ commD: noise('other', 32) }) }, 'LABEL_MISMATCH'],
  ['labels of another porep id', { label: other({ porepId: profiles['8MiB-dev'].porepId }) }, 'LABEL_MISMATCH'],
  ['labels of the next node', { label: (id, l, v, of) => honestRules.label(id, l, v + 1, of) }, 'LABEL_MISMATCH'],
  [
    'labels of the next layer',
    { label: (id, l, v, of) => createLabel(id, l + 1, v, parentLabels(l, of)) },
    'LABEL_MISMATCH',
  ],
  ['labels without expander parents', { label: labelOf((l, of) => base(of(l))) }, 'LABEL_MISMATCH'],
  ['labels without base parents', { label: labelOf((l, of) => expander(of(Math.max(1, l - 1)))) }, 'LABEL_MISMATCH'],
  [
    'expander parents of the same layer',
    { label: labelOf((l, of) => (l === 1 ? base(of(l)) : of(l))) },
    'LABEL_MISMATCH',
  ],
  [
    'base parents of the layer before',
    { label: labelOf((l, of) => (l === 1 ? base(of(l)) : of(l - 1))) },
    'LABEL_MISMATCH',
  ],
  ['parents in another order', { label: labelOf((l, of) => parentLabels(l, of).reverse()) }, 'LABEL_MISMATCH'],
  [
    'expander parents in the first layer too',
    { label: labelOf((l, of) => [...base(of(l)), ...expander(of(Math.max(1, l - 1)))]) },
    'LABEL_MISMATCH',
  ],
  [
    'labels with their top bits',
    {
      label: (id, l, v, of) => {
        const label = honestRules.label(id, l, v, of)
        label[31]! |= 0x80
        return label
      },
    },
    'LABEL_MISMATCH',
  ],
  ['labels that are noise', { label: (_, l, v) => noise(`label ${l} ${v}`, 32) }, 'LABEL_MISMATCH'],
  ['no labels at all', { label: () => new Uint8Array(32) }, 'LABEL_MISMATCH'],
  ['columns without their tag', { column: sha256 }, 'COLUMN_NOT_IN_COMM_C'],
  [
    'columns under another tag',
    { column: (labels) => sha256(concatBytes([tag('granary/post/1'), labels])) },
    'COLUMN_NOT_IN_COMM_C',
  ],
  [
    'columns with the last layer first',
    { column: (labels) => honestRules.column(concatBytes([labels.subarray(-32), labels.subarray(0, -32)])) },
    'COLUMN_NOT_IN_COMM_C',
  ],
  [
    'columns that leave a layer out',
    { column: (labels) => honestRules.column(labels.subarray(32)) },
    'COLUMN_NOT_IN_COMM_C',
  ],
  ['columns under the hash of the data', { columnPairs: hashPairs254 }, 'COLUMN_NOT_IN_COMM_C'],
  ['plain data for a replica', { encode: (_, data) => data }, 'REPLICA_NOT_IN_COMM_R'],
  ['the key for a replica', { encode: (column) => column.slice(-32) }, 'REPLICA_NOT_IN_COMM_R'],
  [
    'data plus the key of another layer',
    { encode: (column, data) => honestRules.encode(column.subarray(0, -32), data) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'data less key',
    {
      encode(column, data) {
        const node = new Uint8Array(32)
        subtractNodes(data, column.slice(-32), node)
        return node
      },
    },
    'REPLICA_NOT_IN_COMM_R',
  ],
  [
    'data xor key',
    { encode: (column, data) => column.slice(-32).map((byte, i) => byte ^ data[i]!) },
    'REPLICA_NOT_IN_COMM_R',
  ],
  ['the replica under the hash of the data', { replicaPairs: hashPairs254 }, 'REPLICA_NOT_IN_COMM_R'],
  ['the data under the hash of the replica', { dataPairs: hashPairs }, 'DATA_NOT_IN_COMM_D'],
  ['data that are r', { dataNode: R }, 'DATA_NOT_IN_FIELD'],
  ['data above r', { dataNode: new Uint8Array(32).fill(0xff) }, 'DATA_NOT_IN_FIELD'],
  ['CommR without its tag', { commR: (c, r) => sha256(concatBytes([c, r])) }, 'COMM_R_MISMATCH'],
  [
    'CommR under another tag',
    { commR: (c, r) => sha256(concatBytes([tag('granary/col/1'), c, r])) },
    'COMM_R_MISMATCH',
  ],
  ['CommR of the roots swapped', { commR: (c, r) => honestRules.commR(r, c) }, 'COMM_R_MISMATCH'],
  ['CommR that is a root', { commR: (_, r) => r }, 'COMM_R_MISMATCH'],
])('%s: one rule broken, all else made to fit', (_, changed, reason) => {
  expect(verifyPoRep(forgedPoRep(layered))).toEqual({ ok: true })
  expect(verifyPoRep(forgedPoRep(layered, changed))).toEqual(refusal(reason))
})

test('one data node of all that is r is refused as such', () => {
  const good = forgedPoRep(layered)
  for (let at = 0; at < porepLayout(good).challenges.length; at += 1) {
    const { parts, layout } = partsOf(good)
    parts.data.set(R, 32 * at)
    expect(verifyPoRep(consistent(good, parts, layout))).toEqual(refusal('DATA_NOT_IN_FIELD'))
  }
})

// docs/spec/proofs.md section 8, word for word, with BigInt in place of arithmetic on numbers.
test('challenges are drawn as specified', () => {
  const good = forgedPoRep({ ...about, profile: profiles['64GiB'] })
  const { challenges, replicaId, opened, parents } = porepLayout(good)
  const expected = Array.from({ length: good.profile.challenges }, (_, j) => {
    const h = sha256(concatBytes([replicaId, good.seed, u32LE(j)])).toReversed()
    return Number(BigInt(`0x${hex(h)}`) % BigInt(good.profile.nodes - 1)) + 1
  })
  expect(challenges).toEqual([...new Set(expected)].sort((a, b) => a - b))
  expect(opened).toEqual([...new Set([...challenges, ...parents.flatMap((of) => [...of])])].sort((a, b) => a - b))
})

test('r − 1 is data, and a sum past r is reduced', () => {
  const dataNode = R.slice()
  dataNode[0] = 0
  expect(verifyPoRep(forgedPoRep(layered, { dataNode }))).toEqual({ ok: true })
  const unreduced: Rules['encode'] = (column, data) => {
    const sum = new Uint8Array(32)
    for (let i = 0, carry = 0; i < 32; i += 1) {
      carry += column.at(i - 32)! + data[i]!
      sum[i] = carry & 0xff
      carry >>= 8
    }
    return sum
  }
  expect(verifyPoRep(forgedPoRep(layered, { dataNode, encode: unreduced }))).toEqual(refusal('REPLICA_NOT_IN_COMM_R'))
})

describe('columns at the wrong place', () => {
  const good = forgedPoRep(small)
  const layers = small.profile.layers

  test('two columns swapped under the same roots', () => {
    const { parts } = partsOf(good)
    const [a, b] = [columnAt(parts, 0, layers).slice(), columnAt(parts, 1, layers).slice()]
    columnAt(parts, 0, layers).set(b)
    columnAt(parts, 1, layers).set(a)
    expect(verifyPoRep(withParts(good, parts))).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
  })

  test('any two different columns swapped, and committed to so, of which a label reads one', () => {
    const { layout } = partsOf(good)
    const challenge = layout.opened.indexOf(layout.challenges[0]!)
    for (const place of layout.opened.keys()) {
      if (place === challenge) continue
      const { parts } = partsOf(good)
      const [a, b] = [columnAt(parts, challenge, layers).slice(), columnAt(parts, place, layers).slice()]
      columnAt(parts, challenge, layers).set(b)
      columnAt(parts, place, layers).set(a)
      expect([place, verifyPoRep(consistent(good, parts, layout))]).toEqual([place, refusal('LABEL_MISMATCH')])
    }
  })

  test('all columns shifted by one place', () => {
    const { parts } = partsOf(good)
    const width = layers * 32
    const columns = concatBytes([parts.columns.subarray(width), parts.columns.subarray(0, width)])
    expect(verifyPoRep(withParts(good, { ...parts, columns }))).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
    expect(verifyPoRep(consistent(good, { ...parts, columns }))).toEqual(refusal('LABEL_MISMATCH'))
  })

  test('two layers of one column swapped', () => {
    const { parts, layout } = partsOf(good)
    const column = columnAt(parts, layout.opened.indexOf(layout.challenges[0]!), layers)
    column.set(concatBytes([column.slice(32), column.slice(0, 32)]))
    expect(verifyPoRep(withParts(good, parts))).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
    expect(verifyPoRep(consistent(good, parts))).toEqual(refusal('LABEL_MISMATCH'))
  })

  test.each([
    ['columnSiblings', 'COLUMN_NOT_IN_COMM_C'],
    ['dataSiblings', 'DATA_NOT_IN_COMM_D'],
    ['replicaSiblings', 'REPLICA_NOT_IN_COMM_R'],
  ] as const)('two of the %s swapped', (name, reason) => {
    const { parts } = partsOf(good)
    // The data is one node again and again, so a swap within one height would change nothing.
    const [first, last] = [parts[name].slice(0, 32), parts[name].slice(-32)]
    parts[name].set(last)
    parts[name].set(first, parts[name].length - 32)
    expect(verifyPoRep(withParts(good, parts))).toEqual(refusal(reason))
  })
})

describe('a proof for another statement of the same length', () => {
  const { commR, bundle, ...statement } = forgedPoRep(small)
  /** Others that imply the same length, so that nothing but the links is left to tell them apart. */
  const replay = (changes: readonly Partial<PoRepInput>[]) =>
    changes
      .map((change) => ({ ...statement, ...change }))
      .filter((changed) => porepBundleBytes(changed) === bundle.length)
      .map((changed) => verifyPoRep({ ...changed, commR, bundle }))
  const many = Array.from({ length: 150 }, (_, i) => i + 1)

  test.each<[string, Partial<PoRepInput>[]]>([
    ['provider', many.map((i) => ({ provider: 1000 + i }))],
    ['sector', many.map((i) => ({ sectorNumber: 7 + i }))],
    ['ticket', many.map((i) => ({ ticket: noise(`ticket ${i}`, 32) }))],
    ['seed', many.map((i) => ({ seed: noise(`seed ${i}`, 32) }))],
    ['CommD', many.map((i) => ({ commD: noise(`commD ${i}`, 32) }))],
    ['prover id', many.map((i) => ({ proverId: noise(`prover ${i}`, 32) }))],
    ['graph', many.map((i) => ({ profile: { ...small.profile, porepId: noise(`graph ${i}`, 32) } as Profile }))],
  ])('another %s', (_, changes) => {
    const verdicts = replay(changes)
    expect(verdicts.length).toBeGreaterThan(0)
    for (const verdict of verdicts) expect(verdict).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
  })
})

describe('challenges drawn twice', () => {
  /** More challenges than a graph of 64 nodes has nodes. */
  const repeated = { ...about, profile: { ...small.profile, challenges: 200 } }
  const good = forgedPoRep(repeated)

  test('are opened once', () => {
    const { challenges } = porepLayout(good)
    expect(new Set(challenges).size).toBe(challenges.length)
    expect(challenges.length).toBeLessThan(64)
    expect(challenges).not.toContain(0)
    expect(verifyPoRep(good)).toEqual({ ok: true })
  })

  test('a bundle that opens one of them twice is refused', () => {
    const { parts } = partsOf(good)
    const twice = { ...parts, data: concatBytes([parts.data.subarray(0, 32), parts.data]) }
    expect(verifyPoRep(withParts(good, twice))).toEqual(refusal('BUNDLE_LENGTH_WRONG'))
  })

  test('a bundle that opens one of them twice in place of another is refused', () => {
    const { parts, layout } = partsOf(good)
    const [first, second] = layout.challenges.map((node) => columnAt(parts, layout.opened.indexOf(node), 2))
    second!.set(first!)
    expect(verifyPoRep(withParts(good, parts))).toEqual(refusal('COLUMN_NOT_IN_COMM_C'))
    expect(verifyPoRep(consistent(good, parts, layout))).toEqual(refusal('LABEL_MISMATCH'))
  })
})

describe('zero commitments', () => {
  const good = forgedPoRep(small)

  test.each(['commC', 'commRLast'] as const)('%s, under a CommR made for it', (name) => {
    const { parts } = partsOf(good)
    expect(verifyPoRep(withParts(good, { ...parts, [name]: new Uint8Array(32) }))).toEqual(refusal('COMMITMENT_ZERO'))
  })

  test('CommR', () => {
    expect(verifyPoRep({ ...good, commR: new Uint8Array(32) })).toEqual(refusal('COMMITMENT_ZERO'))
  })

  test('CommD, in a statement that implies the same length', () => {
    const zero = { ...good, commD: new Uint8Array(32) }
    const tickets = Array.from({ length: 150 }, (_, i) => ({ ...zero, ticket: noise(`ticket ${i}`, 32) }))
    const fitting = tickets.filter((input) => porepBundleBytes(input) === good.bundle.length)
    expect(fitting.length).toBeGreaterThan(0)
    for (const input of fitting) expect(verifyPoRep(input)).toEqual(refusal('COMMITMENT_ZERO'))
  })
})

test('a bundle cut or extended by one byte, one node, or a part is refused by its length', () => {
  const good = forgedPoRep({ ...about, profile: profiles['512MiB'] })
  const { bundle } = good
  for (const cut of [1, 32, 352, bundle.length])
    expect(verifyPoRep({ ...good, bundle: bundle.subarray(0, -cut) })).toEqual(refusal('BUNDLE_LENGTH_WRONG'))
  for (const spare of [1, 32, 352])
    expect(verifyPoRep({ ...good, bundle: concatBytes([bundle, new Uint8Array(spare)]) })).toEqual(
      refusal('BUNDLE_LENGTH_WRONG'),
    )
})

test('another magic is refused as such', () => {
  const good = forgedPoRep(small)
  for (const at of [0, 1, 2, 3])
    expect(verifyPoRep({ ...good, bundle: flip(good.bundle, at) })).toEqual(refusal('BUNDLE_MAGIC_WRONG'))
})

test.each<[string, object]>([
  ['a prover id of 31 bytes', { proverId: new Uint8Array(31) }],
  ['a provider that is no integer', { provider: 0.5 }],
  ['a sector number past the safe integers', { sectorNumber: 2 ** 53 }],
  ['a ticket of 33 bytes', { ticket: new Uint8Array(33) }],
  ['a seed that is hex', { seed: '00'.repeat(32) }],
  ['a CommD of nothing', { commD: new Uint8Array() }],
  ['a CommR that is missing', { commR: undefined }],
  ['no profile', { profile: null }],
  ['a profile of no challenges', { profile: { ...small.profile, challenges: 0 } }],
  ['a profile with a short porep id', { profile: { ...small.profile, porepId: new Uint8Array(31) } }],
])('%s is no statement', (_, change) => {
  expect(verifyPoRep({ ...forgedPoRep(small), ...change })).toEqual(refusal('INPUT_INVALID'))
})

// Bundles are what chains hold: not a byte of their format may change unnoticed.
test.each([
  ['2KiB-test', 'fc71feea9dbe6bb1fbff0d39e005abd995f3476f6070b9152db98b6b73811fe8'],
  ['8MiB-dev', '1d218489c5901324af95ec4889196510a6d7e6a4e26287b1de58608aad5ea48d'],
  ['64GiB', 'e1a35548e94c92cf0063a798a6ae27d6b3ea4f0d4c948831afdef76d7f4ad8b2'],
] as const)('the format of a bundle of %s stays as it is', (name, digest) => {
  expect(hex(sha256(forgedPoRep({ ...about, profile: profiles[name] }).bundle))).toBe(digest)
})
