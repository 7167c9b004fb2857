import { expect, test } from '@jest/globals'
import { genesisHash, providerView, serveChain } from '../../../client/test/chain-answers.ts'
import { type Served, serve } from '../../../client/test/serve.ts'
import { granary, type Ran } from '../../test/granary.ts'
import { widthOf } from '../print/columns.ts'

function serveInfo(id: number, freeBytes: number): Promise<Served> {
  const profile = { name: '8MiB-dev', sectorBytes: 8 << 20 }
  const about = { id, address: `0x${'11'.repeat(20)}`, name: '', region: '', freeBytes, version: '0', ask: null }
  const places = { peerId: '', multiaddrs: [], endpoints: [], profile, profiles: [profile.name] }
  const info = { ...about, ...places, chain: { genesisHash, height: 100, url: '' } }
  return serve((_, response) =>
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(info)),
  )
}

async function listed(args: readonly string[], env: Readonly<Record<string, string>> = {}): Promise<Ran> {
  await using one = await serveInfo(1000, 20 << 20)
  await using two = await serveInfo(1001, 5)
  const region = 'eu-west'
  const ask = { ...providerView(1000, one.url).ask!, pricePerGiBEpoch: '20000000000' }
  const providers = [
    providerView(1000, one.url, { name: 'devnet-1', region, ask }),
    providerView(1001, two.url, { name: 'devnet-2', region, ask }),
    providerView(1002, 'tcp://somewhere:1', { name: 'devnet-3', ask: null }),
  ]
  await using chain = await serveChain(() => ({ providers }))
  return await granary(['providers', '--chain', chain.url, ...args], { NO_COLOR: '1', ...env })
}

test('providers are a table of 60 columns: price, region, free space, sizes and who answers', async () => {
  const { code, stdout, stderr } = await listed([], { COLUMNS: '60' })
  expect([code, stderr]).toEqual([0, ''])
  const lines = stdout.trimEnd().split('\n')
  expect(lines[0]).toMatch(/^id +name +region +GiB-month +free +takes +ms$/)
  expect(lines[1]).toMatch(/^1000 +devnet-1 +eu-west +0\.10368 +20 MiB +128B-8MiB +\d+$/)
  expect(lines[3]).toMatch(/^1002 +devnet-3 +no ask +away$/)
  expect(lines.filter((line) => widthOf(line) > 60)).toEqual([])
})

test('--why says who would be chosen with its points, and why not the others', async () => {
  const { stdout } = await listed(['--why', '--duration', '2h'])
  expect(stdout).toContain('For a piece of 128 bytes for 2 h')
  expect(stdout).toMatch(/1000 +100 points: no other is cheaper/)
  expect(stdout).toMatch(/1001 +not chosen: it has 5 bytes free/)
  expect(stdout).toMatch(/1002 +not chosen: it has not set a price\n +and it does not answer: it has no HTTP address/)
})

test('--json has the exact price and each standing; a chain without providers says what starts one', async () => {
  const { data } = JSON.parse((await listed(['--json'])).stdout)
  expect(data.providers).toMatchObject([
    { id: 1000, pricePerGiBMonth: '103680000000000000', standing: { state: 'fits', score: 100 } },
    { id: 1001, standing: { state: 'refused', reason: 'NO_SPACE' }, answer: { state: 'answers', freeBytes: 5 } },
    { id: 1002, standing: { state: 'refused', reason: 'NO_ASK' }, answer: { state: 'silent' } },
  ])
  await using chain = await serveChain(() => ({}))
  const { code, stdout } = await granary(['providers', '--chain', chain.url])
  expect([code, stdout]).toEqual([0, expect.stringMatching(/`\S*granary provider run` starts one/)])
})
