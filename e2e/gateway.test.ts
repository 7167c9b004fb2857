/** The gateway over CARs by hand: what `granary tools car` packs is fetched by its CID from `granary tools gateway`. */
import { join } from 'node:path'
import { afterEach, expect, test } from '@jest/globals'
import { createWorkbench, envelope, type Workbench } from './harness.ts'
import { fileOf, succeeded } from './story.ts'

let bench: Workbench
afterEach(() => bench.close())

test('a file is packed, served and fetched by its CID; Ctrl-C ends it', async () => {
  bench = createWorkbench()
  const file = fileOf(bench, 'photo.bin', 100_000)
  const car = join(bench.home, 'photo.car')
  const packed = envelope<{ rootCid: string }>(succeeded(await bench.run(['tools', 'car', file, '-o', car, '--json'])))
  const gateway = bench.start(['tools', 'gateway', car, '--port', '0', '--host', '127.0.0.2', '--json'])
  const [ready] = await gateway.line(/^\{"event":"ready".*\}$/)
  const { url } = JSON.parse(ready) as { url: string }
  expect(new URL(url).hostname).toBe('127.0.0.2')
  const response = await fetch(`${url}/ipfs/${packed.data.rootCid}/photo.bin`)
  expect([response.status, (await response.bytes()).length]).toEqual([200, 100_000])
  const { code } = await gateway.stop()
  expect(code).toBe(0)
})

test('a path that is no CAR is refused in words', async () => {
  bench = createWorkbench()
  const missing = await bench.run(['tools', 'gateway', join(bench.home, 'none.car'), '--json'])
  expect([missing.code, envelope(missing).error?.code]).toEqual([1, 'FILE_UNREADABLE'])
  const text = await bench.run(['tools', 'gateway', fileOf(bench, 'noise.bin', 1_000), '--port', '0', '--json'])
  expect([text.code, envelope(text).error?.code]).toEqual([1, 'CAR_INVALID'])
})
