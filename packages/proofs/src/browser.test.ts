import { fileURLToPath } from 'node:url'
import { createContext, runInContext } from 'node:vm'
import { beforeAll, describe, expect, test } from '@jest/globals'
import { build } from 'esbuild'
import { forgedPoRep } from '../test/porep-parts.ts'
import { forgedPost } from '../test/post-parts.ts'
import { flip, hex, noise, vectors } from '../test/support.ts'
import { profiles } from './spec/profile.ts'

type Page = typeof import('../test/browser-page.ts')

/** Fails on a node: import, for no browser has one. */
async function bundle(entry: string): Promise<{ code: string; imports: string[] }> {
  const { outputFiles, metafile } = await build({
    entryPoints: [fileURLToPath(new URL(entry, import.meta.url))],
    bundle: true,
    write: false,
    metafile: true,
    platform: 'browser',
    target: 'es2022',
    format: 'iife',
    globalName: 'page',
    conditions: ['@granary/source'],
    logLevel: 'silent',
  })
  const imports = Object.values(metafile.inputs).flatMap((input) => input.imports.map(({ path }) => path))
  return { code: outputFiles[0]!.text, imports }
}

/** Only what a page has besides the language itself. */
function open(code: string, wasm: boolean): Page {
  const { TextEncoder, TextDecoder, AbortController, AbortSignal, crypto } = globalThis
  const globals = { TextEncoder, TextDecoder, AbortController, AbortSignal, crypto }
  const context = createContext(globals, { codeGeneration: { strings: false, wasm } })
  return runInContext(`${code}; page`, context) as Page
}

const profile = profiles['2KiB-test']
const porep = forgedPoRep({
  profile,
  provider: 1000,
  sectorNumber: 7,
  ticket: noise('ticket', 32),
  seed: noise('seed', 32),
})
const post = forgedPost({ profile, provider: 1000, partition: 3, randomness: noise('randomness', 32), count: 10 }, 3)
const asText = (input: object) =>
  JSON.stringify(input, (key, value) =>
    key === 'profile' ? value.name : value instanceof Uint8Array ? hex(value) : value,
  )

test.each(['./piece/index.ts', './verify/index.ts', './soundness/index.ts', './spec/profile.ts'])(
  '%s is bundled for the browser without any module of Node',
  async (entry) => {
    const { imports } = await bundle(entry)
    expect(imports.filter((path) => path.startsWith('node:'))).toEqual([])
  },
)

test('a module of Node would fail the bundle', async () => {
  await expect(bundle('./seal/index.ts')).rejects.toMatchObject({ message: expect.stringContaining('node:') })
})

describe.each([
  ['with WebAssembly', true],
  ['where the policy forbids WebAssembly', false],
])('a page %s', (_, wasm) => {
  let page: Page
  beforeAll(async () => {
    page = open((await bundle('../test/browser-page.ts')).code, wasm)
  })

  test('commits to payloads as published', async () => {
    const { constant } = vectors<{ constant: { payload: string; payload_len: number; piece_cid_v1: string }[] }>(
      'commp',
    )
    for (const item of constant.filter(({ payload_len }) => payload_len < 200_000)) {
      const byte = /0x([0-9a-f]{2})/.exec(item.payload)![1]!
      const answer = JSON.parse(await page.commit(byte.repeat(item.payload_len)))
      expect(answer).toMatchObject({
        v1: item.piece_cid_v1,
        version: 2,
        payloadSize: item.payload_len,
        isPaddingReversible: true,
      })
    }
  })

  test('verifies proofs, and refuses changed ones by name', () => {
    expect(page.judgePoRep(asText(porep))).toBe('{"ok":true}')
    expect(page.judgePoRep(asText({ ...porep, bundle: flip(porep.bundle, 100) }))).toBe(
      '{"ok":false,"reason":"COLUMN_NOT_IN_COMM_C"}',
    )
    expect(page.judgePost(asText(post))).toBe('{"ok":true}')
    expect(page.judgePost(asText({ ...post, bundle: flip(post.bundle, 100) }))).toBe(
      '{"ok":false,"reason":"REPLICA_NOT_IN_COMM_R"}',
    )
  })

  test('computes the chance to be caught', () => {
    expect(page.chance()).toBeCloseTo(0.8, 2)
  })
})
