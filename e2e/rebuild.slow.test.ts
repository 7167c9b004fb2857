/** provider.sqlite is gone: what its owner meets at the command line, until the files come back as before. */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from '@jest/globals'
import { envelope } from './harness.ts'
import { fileOf, put, sameBytes, startMarket, succeeded } from './story.ts'

interface Report {
  readonly store: string
  readonly deals: { readonly live: number; readonly ended: number }
  readonly sectors: Readonly<Record<string, number>>
  readonly pieces: { readonly found: number; readonly missing: readonly string[] }
}

test('a lost store is refused by name, made anew by the command that is named, and its deals are served and go on', async () => {
  const { bench, chain, provider, client } = await startMarket()
  try {
    const files = ['one.bin', 'two.bin'].map((name) => fileOf(bench, name, 100_000))
    const stored = [await put(bench, files[0]!, chain.url), await put(bench, files[1]!, chain.url)]
    const rebuild = ['provider', 'rebuild', '--home', bench.home, '--chain', chain.url]

    const refused = await bench.run([...rebuild, '--json'])
    expect(envelope(refused)).toMatchObject({ ok: false, code: 'HOME_LOCKED' })
    await provider.stop()
    const store = join(bench.home, 'provider', 'provider.sqlite')
    for (const suffix of ['', '-wal', '-shm']) rmSync(`${store}${suffix}`, { force: true })

    const run = ['provider', 'run', '--home', bench.home, '--chain', chain.url, '--port', '0', '--libp2p-port', '0']
    const lost = envelope(await bench.run([...run, '--json'])).error
    expect(lost).toMatchObject({ code: 'STORE_LOST', hint: expect.stringContaining('granary provider rebuild') })
    expect(existsSync(store)).toBe(false)

    const made = succeeded(await bench.run([...rebuild, '--json']))
    expect(envelope<Report>(made).data).toMatchObject({
      store,
      deals: { live: 2, ended: 0 },
      sectors: { proving: 2 },
      pieces: { found: 2, missing: [] },
    })
    // A second time, as somebody does who is not sure: and in words.
    const told = succeeded(await bench.run(rebuild)).stdout
    expect(told).toContain(`${store} is made anew; the one before is `)
    expect(told).toContain('deals: 2 live, 0 ended')

    await bench.startProvider({ chainUrl: chain.url })
    for (const [index, { data }] of stored.entries()) {
      const out = join(bench.home, `${index}.back`)
      succeeded(await bench.run(['get', data.rootCid, '-o', out, '--chain', chain.url]))
      expect(sameBytes(out, files[index]!)).toBe(true)
    }
    const third = await put(bench, fileOf(bench, 'three.bin', 100_000), chain.url)
    const sectors = await Promise.all(
      [...stored, third].map(async ({ data }) => (await client.deal(data.dealId)).sector?.number),
    )
    expect(sectors).toEqual([1, 2, 3])
  } finally {
    await bench.close()
  }
}, 240_000)
