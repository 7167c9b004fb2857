import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, expect, test } from '@jest/globals'
import { runGateway } from './run-gateway.ts'

const fixtures = fileURLToPath(new URL('../../../content/fixtures/ipfs-gateway-fixtures.car', import.meta.url))
/** No root of the CAR leads to it. */
const PLAIN_JSON = 'bagaaierajjsnhsxqlgfrvknlt7z2heoljcgfv37cn45tu7mhmr23x3ekiboq'
let folder: string

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'granary-run-gateway-'))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('all blocks of a CAR are served without a chain, whether a root leads to them or not', async () => {
  const gateway = await runGateway({ cars: [fixtures], port: 0 })
  try {
    const response = await fetch(`${gateway.url}/ipfs/${PLAIN_JSON}`)
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'application/json'])
    const missing = await fetch(`${gateway.url}/v1/info`)
    expect([missing.status, await missing.json()]).toMatchObject([404, { error: { code: 'ROUTE_NOT_FOUND' } }])
  } finally {
    await gateway.stop()
  }
})

test('what is no CAR is refused, and nothing is left listening', async () => {
  const path = join(folder, 'text.car')
  await writeFile(
    path,
    'no CAR at all, but long enough to be the payload of a piece: a hundred and twenty-eight bytes of text in English',
  )
  await expect(runGateway({ cars: [path], port: 0 })).rejects.toMatchObject({ code: 'CAR_INVALID' })
})
