import { execFileSync } from 'node:child_process'
import {
  createReadStream,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import type { RequestListener } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { packPath } from '@granary/content/node'
import { createChainClient, type DealState, type DealView, type ProviderView } from '@granary/protocol/client'
import { dealTermsToJson } from '@granary/protocol/messages'
import { afterAll, beforeAll, beforeEach, expect, test } from '@jest/globals'
import { someTerms } from '../../test/a-deal.ts'
import { genesisHash, providerView, serveChain } from '../../test/chain-answers.ts'
import { serve } from '../../test/serve.ts'
import type { GetProgress } from '../retrieve/get-progress.ts'
import { type SaveResult, save } from './save.ts'

const folder = mkdtempSync(join(tmpdir(), 'granary-get-'))
const original = join(folder, 'original')
const car = join(folder, 'file.car')
const into = join(folder, 'into')
let rootCid: string

beforeAll(async () => {
  // More than two blocks, so that there is a tree above them.
  writeFileSync(
    original,
    Buffer.from(Uint32Array.from({ length: 700_000 }, (_, index) => index * 2_654_435_761).buffer),
  )
  rootCid = (await packPath(original, car)).rootCid
})
beforeEach(() => {
  rmSync(into, { recursive: true, force: true })
  mkdirSync(into)
})
afterAll(() => rmSync(folder, { recursive: true }))

function dealOf(provider: number, state: DealState): DealView {
  const terms = dealTermsToJson(someTerms({ provider, rootCid }))
  const money = { locked: '0', paid: '0', burnt: '0', refunded: '0', compensated: '0', earned: '0' }
  const epochs = { publishedAt: 1, lapsesAt: 2, provenEpochs: 0, faultedEpochs: 0, settledThrough: 0 }
  const ends = state === 'expired' ? { endsAt: 90 } : {}
  return { id: provider, agreementId: genesisHash, terms, state, ...money, ...epochs, ...ends }
}

const serveCar: RequestListener = (request, response) => {
  expect(request.url).toContain(`/ipfs/${rootCid}?format=car`)
  response.writeHead(200, { 'content-type': 'application/vnd.ipld.car' })
  createReadStream(car).pipe(response)
}

function flipped(at: number): RequestListener {
  const bytes = readFileSync(car)
  bytes[at]! ^= 1
  return (_request, response) => void response.end(bytes)
}

const cutOff: RequestListener = (_request, response) => {
  response.write(readFileSync(car).subarray(0, 1_500_000), () => response.destroy())
}

const missing: RequestListener = (_request, response) => {
  const error = { code: 'CID_NOT_FOUND', message: 'no such block', hint: '', retryable: false }
  response.writeHead(404).end(JSON.stringify({ error }))
}

interface Fetched {
  readonly result: SaveResult
  readonly progress: GetProgress[]
}

async function getFrom(providers: readonly (readonly [RequestListener, DealState])[], out: string): Promise<Fetched> {
  await using stack = new AsyncDisposableStack()
  const views: ProviderView[] = []
  const deals: DealView[] = []
  for (const [index, [listener, state]] of providers.entries()) {
    views.push(providerView(1000 + index, stack.use(await serve(listener)).url))
    deals.push(dealOf(1000 + index, state))
  }
  const served = stack.use(await serveChain(() => ({ providers: views, deals })))
  const progress: GetProgress[] = []
  const chain = createChainClient({ url: served.url })
  const result = await save({ chain, fetch }, rootCid, out, { onProgress: (event) => progress.push(event) })
  return { result, progress }
}

test('the file comes back, with nothing beside it', async () => {
  const out = join(into, 'out')
  const { result } = await getFrom([[serveCar, 'active']], out)
  expect(result).toMatchObject({ cid: rootCid, bytes: 2_800_000, report: [{ provider: 1000 }] })
  expect(readFileSync(out).equals(readFileSync(original))).toBe(true)
  expect(readdirSync(into)).toEqual(['out'])
})

test('a provider that lies, breaks off or has lost it is followed by the next', async () => {
  const out = join(into, 'out')
  const { result, progress } = await getFrom(
    [
      [flipped(2_000_000), 'active'],
      [cutOff, 'active'],
      [missing, 'active'],
      [serveCar, 'published'],
    ],
    out,
  )
  expect(result.report.reduce((sum, { blocks }) => sum + blocks, 0)).toBe(4)
  expect(result.report.find(({ provider }) => provider === 1003)?.bytes).toBeGreaterThan(0)
  const failed = progress.flatMap((event) => (event.type === 'provider:failed' ? [[event.provider, event.code]] : []))
  expect(failed).toContainEqual([1000, 'BLOCK_HASH_MISMATCH'])
  expect(failed).toContainEqual([1001, expect.stringMatching(/^(CAR_TRUNCATED|PROVIDER_UNREACHABLE)$/)])
  expect(failed).toContainEqual([1002, 'CID_NOT_FOUND'])
  expect(readFileSync(out).equals(readFileSync(original))).toBe(true)
  expect(readdirSync(into)).toEqual(['out'])
})

test('an active deal is asked before one that has ended', async () => {
  const { result } = await getFrom(
    [
      [serveCar, 'expired'],
      [serveCar, 'active'],
    ],
    join(into, 'out'),
  )
  expect(result.report.map(({ provider }) => provider)).toEqual([1001])
})

test('when all fail the error names each and why, and an older OUT stays as it was', async () => {
  const out = join(into, 'out')
  writeFileSync(out, 'older')
  const failure = await getFrom(
    [
      [flipped(200), 'active'],
      [missing, 'active'],
    ],
    out,
  ).catch((error) => error)
  expect(failure.code).toBe('RETRIEVAL_FAILED')
  expect(failure.message).toContain(rootCid)
  expect(failure.failures.map(({ provider }: { provider: number }) => provider)).toEqual([1000, 1001])
  expect(failure.message).toContain('no such block')
  expect(readFileSync(out, 'utf8')).toBe('older')
  expect(readdirSync(into)).toEqual(['out'])
})

test('after the end of a deal the error says which one ended when, and what can be done', async () => {
  const failure = await getFrom([[missing, 'expired']], join(into, 'out')).catch((error) => error)
  expect(failure).toMatchObject({
    code: 'RETRIEVAL_FAILED',
    retryable: false,
    hint: expect.stringContaining('granary put'),
  })
  expect(failure.message).toContain(
    'no such block (deal 1000 ended 1969-12-31 23:59 UTC (epoch 90): the provider need not keep it any longer)',
  )
  expect(failure.failures).toMatchObject([{ ended: { deal: 1000, state: 'expired', epoch: 90, epochMs: -5_000 } }])
  const one = await getFrom(
    [
      [missing, 'active'],
      [missing, 'lapsed'],
    ],
    join(into, 'out'),
  ).catch((error) => error)
  expect(one.failures.map(({ ended }: { ended?: object }) => ended)).toEqual([
    undefined,
    { deal: 1001, state: 'lapsed', epoch: 2, epochMs: -49_000 },
  ])
  expect(one.hint).not.toContain('granary put')
})

test('a provider that is unsealing is waited for', async () => {
  let asked = 0
  const unsealing: RequestListener = (request, response) => {
    asked += 1
    if (asked > 1) serveCar(request, response)
    else response.writeHead(202, { 'retry-after': '0.05' }).end()
  }
  const { result } = await getFrom([[unsealing, 'active']], join(into, 'out'))
  expect(result.bytes).toBe(2_800_000)
})

const endless: (status: number) => RequestListener = (status) => (_request, response) => {
  const chunk = Buffer.alloc(1 << 20, 1)
  response.writeHead(status)
  const pour = () => {
    while (!response.destroyed && response.write(chunk));
  }
  response.on('drain', pour)
  pour()
}

test('answers without end, good or bad, are cut off', async () => {
  const failure = await getFrom(
    [
      [endless(200), 'active'],
      [endless(500), 'active'],
    ],
    join(into, 'out'),
  ).catch((error) => error)
  expect(failure.code).toBe('RETRIEVAL_FAILED')
  expect(failure.failures).toHaveLength(2)
  expect(readdirSync(into)).toEqual([])
})

test('a folder is a folder on the disk, and no file that a range could be of', async () => {
  const emptyFolder = new URL('../../../content/fixtures/cases/empty-dir.car', import.meta.url)
  const bytes = readFileSync(emptyFolder)
  const folderCid = 'bafybeiczsscdsbs7ffqz55asqdf3smv6klcw3gofszvwlyarci47bgf354'
  await using provider = await serve((_request, response) => void response.end(bytes))
  const view = providerView(1000, provider.url)
  const terms = { ...dealOf(1000, 'active').terms, rootCid: folderCid }
  await using served = await serveChain(() => ({ providers: [view], deals: [{ ...dealOf(1000, 'active'), terms }] }))
  const input = { chain: createChainClient({ url: served.url }), fetch }
  const out = join(into, 'out')
  const failure = await save(input, folderCid, out, { range: { start: 0 } }).catch((error) => error)
  expect(failure).toMatchObject({ code: 'NOT_A_FILE', retryable: false, details: { kind: 'directory' } })
  expect(readdirSync(into)).toEqual([])
  expect(await save(input, folderCid, out)).toMatchObject({ type: 'directory', files: 0, out })
  expect([readdirSync(into), readdirSync(out)]).toEqual([['out'], []])
  await expect(save(input, folderCid, out)).rejects.toMatchObject({ code: 'OUT_INVALID' })
  await expect(save(input, folderCid, '/dev/null', { overwrite: true })).rejects.toMatchObject({ code: 'OUT_INVALID' })
})

test('refusals that will never be otherwise are not to be tried again', async () => {
  const failure = await getFrom([[missing, 'active']], join(into, 'out')).catch((error) => error)
  expect(failure).toMatchObject({ code: 'RETRIEVAL_FAILED', retryable: false })
  const passing = await getFrom([[cutOff, 'active']], join(into, 'out')).catch((error) => error)
  expect(passing).toMatchObject({ code: 'RETRIEVAL_FAILED', retryable: true })
})

test('OUT that is a link stays one, and what it points to is replaced', async () => {
  const target = join(into, 'target')
  writeFileSync(target, 'older')
  symlinkSync(target, join(into, 'link'))
  await getFrom([[serveCar, 'active']], join(into, 'link'))
  expect(lstatSync(join(into, 'link')).isSymbolicLink()).toBe(true)
  expect(readFileSync(target).equals(readFileSync(original))).toBe(true)
})

test('OUT that is a pipe or a device is left alone', async () => {
  const input = { chain: createChainClient({ url: 'http://127.0.0.1:9' }), fetch }
  const pipe = join(into, 'pipe')
  execFileSync('mkfifo', [pipe])
  for (const out of [pipe, '/dev/null']) {
    await expect(save(input, rootCid, out)).rejects.toMatchObject({ code: 'OUT_INVALID' })
  }
})

test('a CID that no deal names, and one that is none', async () => {
  await using served = await serveChain(() => ({}))
  const input = { chain: createChainClient({ url: served.url }), fetch }
  const out = join(into, 'out')
  await expect(save(input, rootCid, out)).rejects.toMatchObject({ code: 'CID_NOT_STORED', details: { cid: rootCid } })
  await expect(save(input, 'nonsense', out)).rejects.toMatchObject({ code: 'CID_INVALID' })
  expect(readdirSync(into)).toEqual([])
})

test('OUT must be a file in a folder that is there', async () => {
  const input = { chain: createChainClient({ url: 'http://127.0.0.1:9' }), fetch }
  await expect(save(input, rootCid, into)).rejects.toMatchObject({ code: 'OUT_INVALID' })
  await expect(save(input, rootCid, join(into, 'no', 'out'))).rejects.toMatchObject({ code: 'OUT_INVALID' })
})
